"""Secrets that have to be read again, such as those that sign webhooks: sealed in the database by the SECRET_KEY."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from django.utils.crypto import salted_hmac


class Broken(Exception):  # noqa: N818 (what has happened to it)
    """What was sealed can't be read: the SECRET_KEY is another one now, or it was tampered with."""


def seal(secret: str) -> str:
    """The secret as it is kept."""
    return _box().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """The secret that was sealed. Raises Broken."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Broken(Broken.__doc__) from error


def _box() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(salted_hmac("accounts.sealing", "", algorithm="sha256").digest()))
