"""Parameters as a command line gives them: `NAME=VALUE`, read by what the workflow declares."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.files import File

from accounts import plain_json
from accounts.models import User
from accounts.problems import ProblemError
from runs import uploads
from runs.errors import RunError
from workflows import parameters, ports
from workflows.graph import Graph
from workflows.registry import registry


class BadArgument(RunError):  # noqa: N818 (what it is, as the other names here)
    """A parameter isn't given as `NAME=VALUE`, or its file can't be read."""


def params(given: Iterable[str], graph: Graph, owner: User) -> dict[str, Any]:
    """The parameters as a submit takes them. For a picture or file, VALUE is a path, which is uploaded for the owner.

    A text stands for itself, anything else is JSON. Raises BadArgument, or MediaError for a damaged picture.
    """
    pairs = [each.partition("=") for each in given]
    for name, equals, _ in pairs:
        if not name or not equals:
            message = f"“{name}” is no parameter. Write --param NAME=VALUE."
            raise BadArgument(message)
    types = _types(graph)
    return {name: _value(text, types.get(name), owner) for name, _, text in pairs}


def _types(graph: Graph) -> dict[str, str]:
    """The type of each parameter by its name, and of each property by `<node>.<property>`."""
    named = {parameter.name: parameter.type for parameter in parameters.declared(graph, registry)}
    types = {node.id: registry.get(node.type) for node in graph.nodes}
    inputs = [(node_id, port) for node_id, found in types.items() if found for port in found.inputs]
    return {f"{node_id}.{port.name}": str(port.port) for node_id, port in inputs} | named


def _value(text: str, kind: str | None, owner: User) -> Any:
    if kind == "text":
        return text
    if kind in ports.MEDIA and not text.lstrip().startswith("{"):
        return {"asset": str(_upload(Path(text), owner))}
    try:
        return plain_json.read(text.encode())
    except ProblemError:
        return text


def _upload(path: Path, owner: User) -> Any:
    try:
        with path.open("rb") as opened:
            file: Any = File(opened, name=path.name)
            return uploads.make(owner, file, uploads.stored(file)).pk
    except OSError as error:
        message = f"{path} can't be read: {error.strerror}. Give the path of a file."
        raise BadArgument(message) from error
