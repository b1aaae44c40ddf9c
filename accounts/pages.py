"""The pages of a person's settings: their tokens, and how Loupe looks to them."""

from typing import cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import tokens
from accounts.credentials import of_request
from accounts.models import ApiToken, ApiTokenQuerySet, User
from accounts.paging import Part, page
from accounts.problems import ProblemError
from accounts.scopes import Scope
from accounts.tokens import TokenBody

TOKENS = 50
ENDED = 10
"""Revoked tokens that are still told of."""
CAN = {
    Scope.READ: "look at everything that is yours, and follow runs",
    Scope.RUN: "also run workflows, stop runs, upload files",
    Scope.WRITE: "also change and delete workflows and what runs made, make tokens",
}
"""The scopes that a session can give away, each with those before it."""
LASTS = {"30": "30 days", "90": "90 days", "365": "a year", "": "until it is revoked"}


class TokenForm(forms.Form):
    """What a new token is for, what it may do, and for how long."""

    name = forms.CharField(max_length=tokens.LONGEST_NAME)
    scope = forms.ChoiceField(choices=[(str(scope), what) for scope, what in CAN.items()], initial=str(Scope.RUN))
    days = forms.ChoiceField(choices=list(LASTS.items()), initial="90", required=False)

    def body(self) -> TokenBody:
        """As REST takes it."""
        given = self.cleaned_data
        days = int(given["days"]) if given["days"] else None
        return TokenBody(name=given["name"], scopes=[given["scope"]], days=days)


@login_required
@require_safe
def settings(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 (Django's signature)
    """Settings open on tokens."""
    return redirect("settings-tokens")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """The person's tokens, and the form that makes one. The answer to POST shows the secret, which nothing keeps."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    secret = ""
    if form.is_valid():
        _, secret = tokens.make(of_request(request, _user(request)), form.body())
    mine = ApiToken.objects.visible_to(request.user)
    context = {
        "form": TokenForm() if secret else form,
        "secret": secret,
        "tokens": _part(request, mine),
        "ended": mine.exclude(revoked_at=None).order_by("-revoked_at")[:ENDED],
        "scopes": [(str(scope), what) for scope, what in CAN.items()],
        "lasts": list(LASTS.items()),
    }
    status = 422 if form.errors else 201 if secret else 200
    return render(request, "accounts/settings/tokens.html", context, status=status)


@login_required
@require_POST
def revocation(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Ends a token at once."""
    token = get_object_or_404(ApiToken.objects.visible_to(request.user), pk=token_id)
    if ApiToken.objects.filter(pk=token.pk).revoke():
        messages.success(request, f"“{token.name or token.prefix}” is revoked. Programs that use it are refused now.")
    return redirect("settings-tokens")


@login_required
@require_safe
def appearance(request: HttpRequest) -> HttpResponse:
    """Dark, light, or as the system has it: the browser keeps which."""
    chosen = request.COOKIES.get("theme")
    context = {"chosen": chosen if chosen in {"dark", "light"} else ""}
    return render(request, "accounts/settings/appearance.html", context)


def _part(request: HttpRequest, mine: ApiTokenQuerySet) -> Part[ApiToken]:
    """The newest tokens, or those behind a cursor of this list."""
    try:
        return page(mine.standing(), order="-created_at", limit=TOKENS, cursor=request.GET.get("cursor"))
    except ProblemError:
        return page(mine.standing(), order="-created_at", limit=TOKENS)


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
