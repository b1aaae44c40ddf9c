"""Guessing passwords is slowed down: for each address, and for each name over all addresses.

Whoever guesses one name from many addresses holds up that name, so its hold is short, and is none for an address from
which that person has signed in before.
"""

from contextlib import suppress
from hashlib import sha256
from typing import Any, Final

from django.contrib.auth.forms import AuthenticationForm
from django.core.cache import cache
from django.core.exceptions import ValidationError

ATTEMPTS: Final = 10
WINDOW: Final = 15 * 60
"""After so many failures an address waits until these seconds, counted from the first of them, are over."""
ATTEMPTS_AT_NAME: Final = 50
WINDOW_OF_NAME: Final = 5 * 60
"""The same for a name, wherever the failures came from."""
KNOWN_FOR: Final = 30 * 24 * 60 * 60


class SignInForm(AuthenticationForm):
    """Django's, that refuses to try when there were too many failures."""

    def clean(self) -> dict[str, Any]:
        """What was given, if it is right. Raises ValidationError."""
        address = str(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""
        name = sha256(str(self.cleaned_data.get("username", "")).lower().encode()).hexdigest()
        of_address, of_name, known = f"sign-in:{address}", f"sign-in:{name}", f"sign-in:{address}:{name}"
        if cache.get(of_address, 0) >= ATTEMPTS:
            raise _too_many("a quarter of an hour")
        if cache.get(of_name, 0) >= ATTEMPTS_AT_NAME and not cache.get(known):
            raise _too_many("five minutes")
        try:
            given = super().clean()
        except ValidationError:
            _count(of_address, WINDOW)
            _count(of_name, WINDOW_OF_NAME)
            raise
        if self.user_cache is not None:
            cache.set(known, True, KNOWN_FOR)
        return given


def _too_many(wait: str) -> ValidationError:
    return ValidationError(f"Too many failures. Wait {wait}, or ask for a sign-in link.", "throttled")


def _count(key: str, window: int) -> None:
    cache.add(key, 0, window)
    with suppress(ValueError):  # it ran out in between
        cache.incr(key)
