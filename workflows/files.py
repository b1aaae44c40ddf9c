"""Workflows in JSON files: a document with `name`, `description` and `graph`, or a bare graph, named by its file."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from workflows import saving
from workflows.errors import GraphInvalid, WorkflowError
from workflows.graph import Graph
from workflows.models import Workflow

ENDING: Final = ".loupe.json"
UNNAMED: Final = "Imported workflow"
_LONGEST_STEM: Final = 100
_NOT_IN_NAMES: Final = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
"""What one system or another allows in no file's name."""


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
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        message = f"{path} can't be read: {error.strerror}. Give the JSON file of a workflow."
        raise FileInvalid(message) from error
    except (ValueError, RecursionError) as error:
        message = f"{path} can't be read as JSON: {error}"
        raise FileInvalid(message) from error
    try:
        return parse(value, stem(path.name))
    except GraphInvalid as error:
        problems = "\n".join(f"  {problem.code}: {problem.message}" for problem in error.problems)
        message = f"{path} holds no workflow:\n{problems}"
        raise FileInvalid(message) from error


def load(data: bytes, name: str) -> Document:
    """The workflow in the bytes of a file that a person gives, with this name. Raises FileInvalid, in sentences."""
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        message = f"“{name}” is no JSON file. Choose a workflow that Loupe exported."
        raise FileInvalid(message) from error
    try:
        return parse(value, stem(name))
    except GraphInvalid as error:
        first, *rest = error.problems
        more = f" And {len(rest)} more like this." if rest else ""
        message = f"“{name}” holds no workflow that Loupe can read: {first.message}{more}"
        raise FileInvalid(message) from error


def parse(value: Any, name: str = UNNAMED) -> Document:
    """The workflow that JSON is; `name` is for one that has none. Keys that it does not need are left out.

    Raises GraphInvalid.
    """
    given = value if isinstance(value, dict) and "graph" in value else {"graph": value}
    name, description = given.get("name") or name, given.get("description") or ""
    saving.check(name, description)
    return Document(name, description, saving.parsed(given["graph"]))


def document(workflow: Workflow) -> dict[str, Any]:
    """The workflow as a file has it, for `parse` to read. Reads `workflow.graph`: select it beforehand."""
    return {"name": workflow.name, "description": workflow.description, "graph": workflow.graph.document}


def file_name(workflow: Workflow) -> str:
    """What the workflow's file is called, on any system."""
    plain = _NOT_IN_NAMES.sub("-", workflow.name)[:_LONGEST_STEM].strip(" .-")
    return f"{plain or 'workflow'}{ENDING}"


def stem(name: str) -> str:
    """A file's name without its ending."""
    return name.removesuffix(ENDING).removesuffix(".json")
