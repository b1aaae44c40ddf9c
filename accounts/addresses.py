"""Where a browser finds this installation."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from accounts.models import SignInLink, User

PUBLISHED = "address"
"""The file in DATA_DIR that a running Loupe keeps locked; the settings of who asks may be others than its own."""


def sign_in_address(user: User, at: str | None = None) -> str:
    """The page that signs the user in, once within 15 minutes."""
    return f"{at or base()}/sign-in/{SignInLink.objects.issue(user)}/"


def base() -> str:
    """Where a browser on this machine finds Loupe by these settings, without a slash at the end."""
    if settings.PUBLIC_URL:
        return str(settings.PUBLIC_URL)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST)  # noqa: S104 (the other way round)
    return f"http://[{host}]:{settings.PORT}" if ":" in host else f"http://{host}:{settings.PORT}"


@contextmanager
def published(data_dir: Path) -> Iterator[None]:
    """Leaves the address for commands to find, for as long as Loupe is there."""
    with (data_dir / PUBLISHED).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(base())
        file.flush()
        yield


def running(data_dir: Path) -> str | None:
    """The address of the Loupe that runs on `data_dir`; None when none does."""
    with suppress(OSError), (data_dir / PUBLISHED).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return file.read() or None
    return None
