"""`import_workflow`: workflows from files, all of them or none."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from tests import factories
from workflows.models import Workflow

pytestmark = pytest.mark.django_db


def file(folder: Path, name: str, value: object) -> Path:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def run(*paths: Path, owner: str = "ada") -> list[str]:
    printed = io.StringIO()
    call_command("import_workflow", *map(str, paths), "--owner", owner, stdout=printed)
    return printed.getvalue().split()


def test_documents_and_bare_graphs_become_workflows_whose_ids_are_printed(ada: User, tmp_path: Path) -> None:
    document = file(tmp_path, "a.json", {"name": "Echo", "description": "Again.", "graph": factories.TEXT})
    bare = file(tmp_path, "noise.json", factories.NOISE)

    ids = run(document, bare)

    first, second = (Workflow.objects.get(pk=each) for each in ids)
    assert (first.name, first.description, first.owner) == ("Echo", "Again.", ada)
    assert (second.name, second.description, second.graph.document) == ("noise", "", factories.NOISE)


@pytest.mark.parametrize(
    "value",
    [
        "{",
        "3",
        {"name": 3, "graph": factories.TEXT},
        {"name": "x" * 201, "graph": factories.TEXT},
        {"name": "  ", "graph": factories.TEXT},
        {"name": "a\0b", "graph": factories.TEXT},
        {"name": "half \ud800", "graph": factories.TEXT},
        {"name": "x", "description": "a\0b", "graph": factories.TEXT},
        {"name": "x", "description": "y" * 10_001, "graph": factories.TEXT},
        {"nodes": 3},
        "[" * 9999,
    ],
)
def test_a_file_that_holds_no_workflow_spoils_all(ada: User, tmp_path: Path, value: object) -> None:
    good, bad = file(tmp_path, "good.json", factories.TEXT), file(tmp_path, "bad.json", value)

    with pytest.raises(CommandError, match=r"bad\.json") as raised:
        run(good, bad)

    assert raised.value.returncode == 2
    assert not Workflow.objects.exists()


def test_a_file_that_is_not_there_is_named(ada: User, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"missing\.json"):
        run(tmp_path / "missing.json")


def test_the_owner_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nobody"):
        run(file(tmp_path, "a.json", factories.TEXT), owner="nobody")
