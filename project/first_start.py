"""What the first start makes: the owner, to whom the installation belongs, and the example workflows."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from accounts.models import SignInLink

OWNER = "owner"


def owner_with_examples(say: Callable[[str], None]) -> User:
    """The owner. On the first start it is made, with the examples, which are therefore never made again."""
    owner = User.objects.filter(username=OWNER).first()
    if owner is not None:
        return owner
    with transaction.atomic():
        owner = User.objects.create_superuser(OWNER)
    return owner


def sign_in_address(owner: User) -> str:
    """The page that signs the owner in, once."""
    secret = SignInLink.objects.issue(owner)
    return f"{_base()}/sign-in/{secret}/"


def _base() -> str:
    """Where a browser on this machine finds Loupe, without a slash at the end."""
    if settings.PUBLIC_URL:
        return str(settings.PUBLIC_URL)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST)  # noqa: S104 (the other way round)
    return f"http://[{host}]:{settings.PORT}" if ":" in host else f"http://{host}:{settings.PORT}"
