"""The settings of a person's webhooks: made, deleted, and what each was told."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.paging import Part, page
from accounts.problems import ProblemError
from runs import webhooks
from runs.models import ASSET_CREATED, BATCH_ENDED, JOB_ENDED, Delivery, Webhook
from runs.pages.mine import user_of
from workflows import outgoing

DELIVERIES = 50
HEARS = {
    JOB_ENDED: "a run has completed, failed or been cancelled",
    BATCH_ENDED: "the last run of a batch has ended",
    ASSET_CREATED: "a run made something, or a file was uploaded",
}


class WebhookForm(forms.Form):
    """Where to send what, of all that is the person's."""

    url = forms.CharField(max_length=2000)
    events = forms.MultipleChoiceField(choices=list(HEARS.items()), initial=[JOB_ENDED])

    def clean_url(self) -> str:
        """An address of the web that may be reached."""
        url: str = self.cleaned_data["url"]
        try:
            webhooks.refuse(url)
        except (outgoing.Unreachable, ProblemError) as error:
            raise ValidationError(str(error)) from error
        return url

    def make(self, owner: User) -> str:
        """The secret of the webhook that the form asks for; empty where it makes none, and then says why."""
        if not self.is_valid():
            return ""
        try:
            return webhooks.make(owner, self.cleaned_data["url"], self.cleaned_data["events"], None)[1]
        except ProblemError as error:
            self.add_error("url", error.detail)
            return ""


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def webhook_list(request: HttpRequest) -> HttpResponse:
    """The person's webhooks, and the form that makes one. The answer to POST shows the secret, this once."""
    form = WebhookForm(request.POST if request.method == "POST" else None)
    secret = form.make(user_of(request))
    context = {
        "form": WebhookForm() if secret else form,
        "secret": secret,
        "hooks": Webhook.objects.visible_to(request.user).select_related("workflow").order_by("-created_at", "-pk"),
        "hears": list(HEARS.items()),
    }
    status = 422 if form.errors else 201 if secret else 200
    return render(request, "runs/settings/webhooks.html", context, status=status)


@never_cache
@login_required
@require_safe
def deliveries(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """What one webhook was told, newest first, with what its receiver answered."""
    hook = _hook(request, webhook_id)
    return render(request, "runs/settings/deliveries.html", {"hook": hook, "deliveries": _part(request, hook)})


@login_required
@require_POST
def deletion(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Deletes a webhook with its deliveries."""
    hook = _hook(request, webhook_id)
    hook.delete()
    messages.success(request, f"The webhook of {hook.origin} is deleted. It is told nothing more.")
    return redirect("settings-webhooks")


def _hook(request: HttpRequest, webhook_id: UUID) -> Webhook:
    return get_object_or_404(Webhook.objects.visible_to(request.user).select_related("workflow"), pk=webhook_id)


def _part(request: HttpRequest, hook: Webhook) -> Part[Delivery]:
    """The newest deliveries, or those behind a cursor of this list."""
    rows = hook.deliveries.defer("body")
    try:
        return page(rows, order="-created_at", limit=DELIVERIES, cursor=request.GET.get("cursor"))
    except ProblemError:
        return page(rows, order="-created_at", limit=DELIVERIES)
