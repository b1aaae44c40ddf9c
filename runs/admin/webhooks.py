"""Webhooks in the administration: who has which, what each was told and what came of it, and their end."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.long_lists import LongList, OfOwner, Typed
from runs.admin.jobs import OfWorkflow
from runs.admin.readonly import ReadOnly
from runs.models import ASSET_CREATED, BATCH_ENDED, JOB_ENDED, Delivery, Webhook

_SUBJECTS = {
    JOB_ENDED: ("a run", "admin:runs_job_change"),
    BATCH_ENDED: ("a batch", ""),
    ASSET_CREATED: ("a product", "admin:runs_asset_change"),
}


class Standing(admin.SimpleListFilter):
    """Whether they are told anything any more."""

    title, parameter_name = "state", "standing"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        """Both."""
        return [("active", "active"), ("disabled", "disabled")]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those that stand so."""
        return queryset.filter(disabled_at__isnull=self.value() == "active") if self.value() else queryset


class OfWebhook(Typed):
    """By the id of the webhook."""

    title = "webhook"
    parameter_name = "webhook"
    placeholder = "its whole id"

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """What that one was told, by the index of it."""
        try:
            return queryset.filter(webhook=UUID(self.value())) if self.value() else queryset
        except ValueError:
            return queryset.none()


@admin.register(Webhook)
class WebhookAdmin(ReadOnly, LongList):
    """Everyone's webhooks, those of single runs too. Of an address the host is shown: the rest may be a secret."""

    list_display = ("origin", "owner", "told", "about", "created", "standing", "deliveries")
    list_filter = (Standing, OfOwner, OfWorkflow, "created_at")
    list_select_related = ("owner", "workflow")
    search_fields = ("origin", "owner__username", "workflow__name")
    search_help_text = "A host, a person or a workflow; or a webhook's whole id."
    sortable_by = ()
    ordering = ("-created_at", "-id")
    actions = ("disable",)
    fields = ("id", "origin", "owner", "told", "about", "created_at", "standing", "disabled_at", "deliveries")
    readonly_fields = ("told", "about", "standing", "deliveries")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        """Without what nobody but its owner may know, which is not even read."""
        rows: QuerySet[Webhook] = super().get_queryset(request)
        return rows.defer("secret", "url", "workflow__description")

    @admin.display(description="hears")
    def told(self, hook: Webhook) -> str:
        """The events that it is told of."""
        return ", ".join(hook.events)

    @admin.display(description="of")
    def about(self, hook: Webhook) -> SafeString | str:
        """Whose events: all of its owner's, those of a workflow, or a single run's end."""
        if hook.job_id:
            return format_html('<a href="{}">one run</a>', reverse("admin:runs_job_change", args=[hook.job_id]))
        return str(hook.workflow or "all workflows")

    @admin.display(description="created (UTC)")
    def created(self, hook: Webhook) -> str:
        """To the second."""
        return f"{hook.created_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="state")
    def standing(self, hook: Webhook) -> str:
        """Whether it is still told anything, and if not, why."""
        return f"disabled: {hook.disabled_why}" if hook.disabled_at else "active"

    @admin.display(description="deliveries")
    def deliveries(self, hook: Webhook) -> SafeString:
        """Leads to what it was told."""
        address = reverse("admin:runs_delivery_changelist")
        return format_html('<a href="{}?webhook={}">what it was told</a>', address, hook.pk)

    @admin.action(description="Disable the selected webhooks", permissions=["disable"])
    def disable(self, request: HttpRequest, hooks: QuerySet[Webhook]) -> None:
        """For good: its owner sees who did it, and makes a new one."""
        standing = list(hooks.filter(disabled_at=None).select_related(None).order_by())
        why = f"{request.user.get_username()} disabled it in the administration."
        Webhook.objects.filter(pk__in=[hook.pk for hook in standing]).disable(why[:200])
        for hook in standing:
            self.log_change(request, hook, "Disabled.")
        messages.success(request, f"{len(standing)} disabled. They are told nothing more, also not what still waits.")

    def has_disable_permission(self, request: HttpRequest) -> bool:
        """Whoever may change webhooks, as staff may."""
        return request.user.has_perm("runs.change_webhook")

    def has_delete_permission(self, _request: HttpRequest, _obj: Webhook | None = None) -> bool:
        """Their owners delete them; here they are disabled, so that what they were told can still be seen."""
        return False


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, LongList):
    """What webhooks were told, newest first, and what came of it."""

    list_display = ("event", "of_webhook", "of_owner", "tells_of", "state", "status", "attempts", "created", "error")
    list_filter = ("state", "event", OfWebhook, "created_at")
    list_select_related = ("webhook__owner",)
    search_fields = ("webhook__origin", "webhook__owner__username", "error")
    search_help_text = "A host, a person or an error; or a delivery's whole id, which is its webhook-id."
    sortable_by = ()
    ordering = ("-created_at", "-id")
    fields = (
        "id", "event", "of_webhook", "of_owner", "tells_of", "state", "status", "attempts", "error", "created_at",
        "tried_at", "due_at",
    )  # fmt: skip
    readonly_fields = ("of_webhook", "of_owner", "tells_of")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """Without what is sent, and without what signs it."""
        return super().get_queryset(request).defer("body", "webhook__secret", "webhook__url")

    @admin.display(description="webhook")
    def of_webhook(self, delivery: Delivery) -> SafeString:
        """The host that is told; it leads to the webhook."""
        address = reverse("admin:runs_webhook_change", args=[delivery.webhook_id])
        return format_html('<a href="{}">{}</a>', address, delivery.webhook.origin)

    @admin.display(description="owner")
    def of_owner(self, delivery: Delivery) -> str:
        """Whose webhook it is."""
        return str(delivery.webhook.owner)

    @admin.display(description="tells of")
    def tells_of(self, delivery: Delivery) -> SafeString:
        """The run or product, which may be gone by now, or the batch; by its id where one points at it."""
        what, page = _SUBJECTS[delivery.event]
        if not page:
            return format_html('<span title="{}">{}</span>', delivery.subject, what)
        return format_html('<a href="{}">{}</a>', reverse(page, args=[delivery.subject]), what)

    @admin.display(description="created (UTC)")
    def created(self, delivery: Delivery) -> str:
        """To the second."""
        return f"{delivery.created_at:%Y-%m-%d %H:%M:%S}"

    def has_delete_permission(self, _request: HttpRequest, _obj: Delivery | None = None) -> bool:
        """They go by themselves."""
        return False
