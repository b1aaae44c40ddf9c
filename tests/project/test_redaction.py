"""What the logs never hold: what lets somebody in as somebody else."""

import logging

import pytest

from project.redaction import Redacted

SECRET = "S8V4VoST2QO9zAgv8fTiRGg1-OEGTOFZbHIs1_4oAys"


def written(message: str, *values: object, error: Exception | None = None) -> str:
    at = (type(error), error, None) if error else None
    return Redacted("%(name)s: %(message)s").format(logging.LogRecord("x", 30, "", 1, message, values, at))


@pytest.mark.parametrize(
    "held", [f"/sign-in/{SECRET}/", f"Bearer loupe_{SECRET}", f"/ws/v1/jobs/1?a=1&ticket={SECRET}", f"whsec_{SECRET}"]
)
def test_a_link_a_token_a_ticket_and_a_webhooks_secret_are_left_out(held: str) -> None:
    assert "…" in written("Gone: %s", held)
    assert SECRET not in written("Gone: %s", held)


def test_so_they_are_of_a_traceback() -> None:
    assert SECRET not in written("It failed", error=ValueError(f"loupe_{SECRET}"))


def test_all_else_stands_as_it_was_written() -> None:
    assert written("Not Found: %s", "/sign-in/") == "x: Not Found: /sign-in/"
    assert written("loupe_session_8000 at /api/v1/tokens") == "x: loupe_session_8000 at /api/v1/tokens"
