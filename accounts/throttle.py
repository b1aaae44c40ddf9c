"""Guessing passwords is slowed down: after ten failures an address waits a quarter of an hour."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.core.cache import cache
from django.core.exceptions import ValidationError

ATTEMPTS = 10
WINDOW = 15 * 60
"""Seconds."""


class SignInForm(AuthenticationForm):
    """Django's, that refuses to try when there were too many failures."""

    def clean(self) -> dict[str, Any]:
        """What was given, if it is right. Raises ValidationError."""
        keys = self._keys()
        if any(cache.get(key, 0) >= ATTEMPTS for key in keys):
            raise ValidationError(
                "Too many failures. Wait a quarter of an hour, or ask for a sign-in link.", "throttled"
            )
        try:
            return super().clean()
        except ValidationError:
            for key in keys:
                cache.add(key, 0, WINDOW)
                cache.incr(key)
            raise

    def _keys(self) -> list[str]:
        address = self.request.META.get("REMOTE_ADDR", "") if self.request else ""
        name = str(self.cleaned_data.get("username", "")).lower()
        return [f"sign-in:{address}", f"sign-in:{address}:{name}"]
