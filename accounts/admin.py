"""Tokens in the admin: who has which, when it was used, and their end."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import ApiToken, User

admin.site.register(User, UserAdmin)


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin[ApiToken]):
    """Tokens are made where their secret is shown, by `create_token`; here they are looked at and revoked."""

    list_display = ("prefix", "user", "name", "granted", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("user",)
    search_fields = ("prefix", "name", "user__username")
    date_hierarchy = "created_at"
    actions = ("revoke",)
    readonly_fields = ("user", "prefix", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at")
    fields = ("name", *readonly_fields)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 (Django's signature)
        """Never: the admin has nowhere to show the secret once."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:  # noqa: ARG002
        """The name alone: the token may have been revoked meanwhile."""
        obj.save(update_fields=["name"])

    @admin.display(description="scopes")
    def granted(self, token: ApiToken) -> str:
        """The scopes, in words."""
        return ", ".join(token.scopes)

    @admin.action(description="Revoke the selected tokens", permissions=["change"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        """Ends them at once; sockets that were opened with them close within seconds."""
        revoked = list(tokens.filter(revoked_at=None))
        ApiToken.objects.filter(pk__in=[token.pk for token in revoked]).revoke()
        for token in revoked:
            self.log_change(request, token, "Revoked.")
        self.message_user(request, f"Revoked {len(revoked)} of them; programs that use them are refused now.")
