"""Signing in, by password or by a one-time link, and out."""

from django.contrib.auth import login, views as auth_views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import SignInLink
from accounts.throttle import SignInForm

LINK_BACKEND = "django.contrib.auth.backends.ModelBackend"


class SignIn(auth_views.LoginView):
    """Name and password, throttled."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


class SignOut(auth_views.LogoutView):
    """By POST alone; then back to the sign-in page."""

    next_page = "sign-in"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest, secret: str) -> HttpResponse:
    """The page that a one-time link opens has one button; the POST behind it signs in and uses the link up.

    So nothing that merely looks at links (a mail scanner, a preview) can use one up.
    """
    if request.method != "POST":
        return render(request, "accounts/sign_in_link.html", {"secret": secret})
    user = SignInLink.objects.redeem(secret)
    if user is None:
        return render(request, "accounts/sign_in_link.html", {"spent": True}, status=410)
    login(request, user, backend=LINK_BACKEND)
    return redirect("/")
