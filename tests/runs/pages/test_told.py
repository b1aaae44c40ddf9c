"""What runs made at nodes that keep no products: counted, and listed run by run."""

import pytest
from django.test import Client

from accounts.models import User
from runs.pages import seen, told
from tests.runs.jobs import graph, ran
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

GRAPH = graph(
    {
        "word": ("input.text", {"name": "word", "value": "hello"}),
        "line": ("text.template", {"template": "<b> {{ word }}"}),
        "out": ("output.result", {"name": "line"}),
    },
    "word.value > line.word",
    "line.text > out.value",
)
GRAPH["nodes"][1]["dynamic_inputs"] = ["word"]


@pytest.fixture
def workflow(ada: User) -> Workflow:
    """With two runs that have made a line each, which the node itself does not keep."""
    first = ran(ada, GRAPH)
    second = ran(ada, GRAPH)
    second.workflow, second.number = first.workflow, first.number + 1
    second.save()
    return first.workflow


def test_a_node_counts_the_runs_that_came_to_a_good_end_there(workflow: Workflow) -> None:
    assert told.jobs(workflow.pk) == {"line": 2}
    nodes = seen.read(workflow.pk).nodes
    assert (nodes["line"].jobs, nodes["word"].jobs, nodes["out"].jobs) == (2, 0, 2)


def test_the_list_has_the_values_run_by_run(workflow: Workflow, client: Client, ada: User) -> None:
    client.force_login(ada)
    shown = client.get(f"/workflows/{workflow.pk}/nodes/line/").content.decode()
    assert shown.count("&lt;b&gt;") == 4  # on the tile, and for who can't see it
    assert 'class="tile of-text' in shown
    assert "data-asset" not in shown
    assert "data-light" not in shown


def test_the_list_pages_on(workflow: Workflow, client: Client, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "RUNS_A_PAGE", 1)
    first = told.read(workflow.pk, "line")
    assert first.before == first.runs[0].number
    second = told.read(workflow.pk, "line", before=first.before)
    assert (len(second.runs), second.before) == (1, None)
    assert second.runs[0].number < first.runs[0].number
