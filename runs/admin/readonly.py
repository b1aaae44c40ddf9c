"""Rows that only the product itself writes."""

from typing import Any

from django.http import HttpRequest


class ReadOnly:
    """Nobody adds or changes them by hand."""

    def has_add_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """They come from running workflows."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """They are what happened."""
        return False
