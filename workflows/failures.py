"""Says why a node failed: briefly to people, with the traceback to admins."""

import traceback
from typing import Final

from workflows.errors import MediaError, NodeFailed, TypeMismatch
from workflows.host import NodeError
from workflows.shape import storable

_LONGEST_MESSAGE: Final = 2_000
_LONGEST_TRACEBACK: Final = 20_000
_DEEPEST_TRACEBACK: Final = 100  # frames


def explain(node: str, error: BaseException) -> NodeError:
    """The error as a job keeps it."""
    code, message = _said(error)
    trace = "".join(traceback.format_exception(error, limit=-_DEEPEST_TRACEBACK))
    return NodeError(code, _clipped(message), node, storable(trace[-_LONGEST_TRACEBACK:]))


def _said(error: BaseException) -> tuple[str, str]:
    match error:
        case NodeFailed():
            return error.code, error.message
        case TypeMismatch():
            return "type_mismatch", str(error)
        case MediaError():
            return "bad_media", str(error)
        case _:
            return "error", _with_type(error)


def _with_type(error: BaseException) -> str:
    try:
        said = str(error)
    except Exception:  # noqa: BLE001 (an exception's own text may fail as well)
        said = ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _clipped(message: str) -> str:
    text = storable(message)
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[: _LONGEST_MESSAGE - 1]}…"
