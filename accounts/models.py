"""Who may act for whom: API tokens and one-time sign-in links. Secrets are stored as SHA-256 alone."""

import hashlib
import secrets
import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.scopes import Scope

SIGN_IN_LINK_LIFETIME = timedelta(minutes=15)
LAST_USED_GRAIN = timedelta(minutes=1)


class User(AbstractUser):
    """A person, or a program that is one. Its id is a UUID as every other."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    seen_hints = models.JSONField(
        default=list, editable=False, help_text="Names of the hints that need no more telling."
    )


def digest(secret: str) -> str:
    """The stored form of a random secret. It has 256 bits of its own, so it needs no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Tokens by what they are good for."""

    def usable(self, now: Any = None) -> "ApiTokenQuerySet":
        """Neither revoked nor expired, and its user active."""
        in_time = Q(expires_at=None) | Q(expires_at__gt=now or timezone.now())
        return self.filter(in_time, revoked_at=None, user__is_active=True)

    def visible_to(self, user: "User | AnonymousUser") -> "ApiTokenQuerySet":
        """A person's own."""
        return self.filter(user_id=user.pk) if user.is_authenticated else self.none()

    def standing(self) -> "ApiTokenQuerySet":
        """Those that nobody has revoked."""
        return self.filter(revoked_at=None)

    def revoke(self) -> int:
        """Ends them at once; sockets that were opened with them close within seconds. Answers how many it ended."""
        return self.standing().update(revoked_at=timezone.now())

    def issue(
        self, user: User, scopes: Iterable[Scope], *, name: str = "", days: int | None = None
    ) -> tuple["ApiToken", str]:
        """A new token and its secret, which is shown this once."""
        secret = f"loupe_{secrets.token_urlsafe(32)}"
        expires_at = timezone.now() + timedelta(days=days) if days else None
        token = self.create(
            user=user, name=name, prefix=secret[:12], digest=digest(secret), scopes=list(scopes), expires_at=expires_at
        )
        return token, secret


class ApiToken(models.Model):
    """A program's right to act for a user, within scopes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, blank=True)
    prefix = models.CharField(max_length=12, editable=False, help_text="The secret's first letters, to know it by.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.user.get_username()}"

    @property
    def expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def touch(self) -> None:
        """Keeps when the token was last used, to the minute, so that most requests write nothing."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at > LAST_USED_GRAIN:
            ApiToken.objects.filter(pk=self.pk).update(last_used_at=now)


class IdempotencyKey(models.Model):
    """What a POST with this key has made, kept for a day: a repeat is answered with it instead of making another."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    path = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    body = models.CharField(max_length=64, help_text="SHA-256 of what was asked.")
    made = models.CharField(max_length=200, blank=True, help_text="What names the thing that was made.")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "path", "key"), name="one_use_a_key"),)

    def __str__(self) -> str:
        return f"{self.key} on {self.path}"


class SignInLinkQuerySet(models.QuerySet["SignInLink"]):
    """Links, made and used up."""

    def issue(self, user: User) -> str:
        """The secret of a new link for `user`, good once within 15 minutes."""
        secret = secrets.token_urlsafe(32)
        self.create(user=user, digest=digest(secret), expires_at=timezone.now() + SIGN_IN_LINK_LIFETIME)
        return secret

    def redeem(self, secret: str) -> User | None:
        """Uses the link up. None when it is unknown, used or too old, or its user may not sign in."""
        link = self.good(secret).select_related("user").first()
        if link is None:
            return None
        used = self.filter(pk=link.pk, used_at=None).update(used_at=timezone.now())
        return link.user if used else None

    def good(self, secret: str) -> "SignInLinkQuerySet":
        """The link of this secret, if it could be used now."""
        known = self.filter(digest=digest(secret), user__is_active=True)
        return known.filter(used_at=None, expires_at__gt=timezone.now())


class SignInLink(models.Model):
    """Signs a person in once, without a password."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sign_in_links")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects = SignInLinkQuerySet.as_manager()

    def __str__(self) -> str:
        return f"link of {self.user.get_username()}"
