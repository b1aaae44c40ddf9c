"""Signing in, by password or by a one-time link, and out."""

from typing import Any

from django.contrib.auth import login, views as auth_views
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import places
from accounts.models import SIGN_IN_LINK_LIFETIME, SignInLink
from accounts.throttle import SignInForm

LINK_BACKEND = "accounts.backends.Backend"
LINK_SECONDS = int(SIGN_IN_LINK_LIFETIME.total_seconds())
GOING = "going"
"""The cookie that keeps where one was going while one gets a link."""


class SignIn(auth_views.LoginView):
    """Name and password, throttled.

    A part of a page that asks for more is sent here as well when its session has ended: it gets 401, and no form.
    """

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        """The form, for who comes to it themselves."""
        if request.headers.get("HX-Request"):
            return HttpResponse("You are signed out. Sign in again.", status=401, content_type="text/plain")
        response = super().dispatch(request, *args, **options)
        if request.method == "GET" and "next" in request.GET:
            path = reverse("sign-in")
            response.set_cookie(
                GOING, request.GET["next"], max_age=LINK_SECONDS, path=path, httponly=True, samesite="Lax"
            )
        return response


class SignOut(auth_views.LogoutView):
    """By POST alone; then back to the sign-in page."""

    next_page = "sign-in"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest, secret: str) -> HttpResponse:
    """The page that a one-time link opens has one button; the POST behind it signs in and uses the link up.

    So nothing that merely looks at links (a mail scanner, a preview) can use one up.
    """
    if request.method != "POST" and SignInLink.objects.good(secret).exists():
        return render(request, "accounts/sign_in_link.html", {"secret": secret})
    user = SignInLink.objects.redeem(secret) if request.method == "POST" else None
    if user is None:
        return render(request, "accounts/sign_in_link.html", {"spent": True}, status=410)
    login(request, user, backend=LINK_BACKEND)
    response = redirect(_going(request))
    response.delete_cookie(GOING, path=reverse("sign-in"))
    return response


def _going(request: HttpRequest) -> str:
    """Where the person was going when they were asked to sign in; never to another site."""
    return places.own(request, request.GET.get("next") or request.COOKIES.get(GOING, ""))
