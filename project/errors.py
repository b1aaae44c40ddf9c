"""What keeps Loupe from starting."""


class CannotStart(Exception):  # noqa: N818 (what happened, not what it is)
    """Loupe cannot start here; the message is one sentence that says what to do."""
