"""What can go wrong with workflows. Each error's message says what to do next."""

from collections.abc import Iterable
from dataclasses import dataclass


class WorkflowError(Exception):
    """Base of the errors of this app."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a graph or its parameters, and where."""

    code: str
    message: str
    node: str | None = None
    property: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        """As REST's `errors` list it."""
        return {"node": self.node, "property": self.property, "code": self.code, "message": self.message}


class GraphInvalid(WorkflowError):  # noqa: N818 (what it is, as the other names here)
    """The graph cannot be saved or run as it is; `problems` lists all that is wrong."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(problem.message for problem in self.problems))


class VersionMoved(WorkflowError):  # noqa: N818
    """The workflow has another version than the one that a change was made from."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(f"The workflow is at version {version} now. Read it again, then change that.")


class BadDeclaration(WorkflowError):  # noqa: N818
    """A node type is declared in a way that cannot work; the message names the function and what to change."""


class TypeMismatch(WorkflowError):  # noqa: N818
    """A value does not fit the port it was given to."""


class MediaError(WorkflowError):
    """A picture, sound or file cannot be read or is larger than allowed."""


class NodeFailed(WorkflowError):  # noqa: N818
    """A node gives up, with a `code` of its own choosing and a message for the person who reads it."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


class Cancelled(BaseException):
    """The run was cancelled while a node worked in its thread.

    Like `asyncio.CancelledError` it is no `Exception`, so that a node's broad `except` cannot swallow it.
    """
