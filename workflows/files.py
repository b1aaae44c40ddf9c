"""Workflows in JSON files: a document with `name`, `description` and `graph`, or a bare graph, named by its file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflows import saving
from workflows.errors import GraphInvalid, WorkflowError
from workflows.graph import Graph


class FileInvalid(WorkflowError):  # noqa: N818 (what it is, as the other names here)
    """The file holds no workflow; the message says which file and why."""


@dataclass(frozen=True, slots=True)
class Document:
    """A workflow as a file has it."""

    name: str
    description: str
    graph: Graph


def read(path: Path) -> Document:
    """The workflow in a file. Raises FileInvalid."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        message = f"{path} can't be read as JSON: {error}"
        raise FileInvalid(message) from error
    return _document(path, value)


def _document(path: Path, value: Any) -> Document:
    given = value if isinstance(value, dict) and "graph" in value else {"graph": value}
    name, description = given.get("name") or path.stem, given.get("description") or ""
    try:
        saving.check(name, description)
        return Document(name, description, saving.parsed(given["graph"]))
    except GraphInvalid as error:
        problems = "\n".join(f"  {problem.code}: {problem.message}" for problem in error.problems)
        message = f"{path} holds no workflow:\n{problems}"
        raise FileInvalid(message) from error
