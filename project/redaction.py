"""Logs without secrets: who may read them may not sign in as others."""

import logging
import re
from typing import Final

_SECRETS: Final = re.compile(
    r"(?<=/sign-in/)[\w-]+|\bloupe_[\w-]{20,}|\bwhsec_[\w+/=]{20,}|(?<=[?&]ticket=)[\w-]+", re.ASCII
)
"""One-time links, API tokens, secrets of webhooks and tickets, as addresses, headers and tracebacks hold them."""


class Redacted(logging.Formatter):
    """Writes a record, its traceback too, with `…` for each secret in it."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a text."""
        return _SECRETS.sub("…", super().format(record))
