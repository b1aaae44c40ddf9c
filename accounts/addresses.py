"""Where a browser finds this installation."""

from django.conf import settings

from accounts.models import SignInLink, User


def sign_in_address(user: User) -> str:
    """The page that signs the user in, once within 15 minutes."""
    return f"{base()}/sign-in/{SignInLink.objects.issue(user)}/"


def base() -> str:
    """Where a browser on this machine finds Loupe, without a slash at the end."""
    if settings.PUBLIC_URL:
        return str(settings.PUBLIC_URL)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST)  # noqa: S104 (the other way round)
    return f"http://[{host}]:{settings.PORT}" if ":" in host else f"http://{host}:{settings.PORT}"
