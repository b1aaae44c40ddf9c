"""`run_workflow`: a workflow from the command line, to its end."""

import io
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from runs import following, gate
from runs.models import Asset, Job
from runs.states import State
from runs.submit import Order, submit
from runs.worker.executor import Executor
from tests import factories
from tests.photographs import photograph
from tests.runs.jobs import graph
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

PHOTO = {
    "version": 1,
    "nodes": [
        {"id": "photo", "type": "input.image", "properties": {"name": "photo"}},
        {"id": "small", "type": "image.resize", "properties": {"width": 30, "height": 20}},
        {"id": "out", "type": "output.result", "properties": {"name": "small one"}},
    ],
    "edges": [
        {"id": "e1", "source": "photo", "output": "value", "target": "small", "input": "image"},
        {"id": "e2", "source": "small", "output": "image", "target": "out", "input": "value"},
    ],
}
"""A photograph made small."""


@pytest.fixture
def worker() -> Iterator[None]:
    """One that runs whatever waits, in a thread of its own."""
    done = threading.Event()
    thread = threading.Thread(target=_work, args=(done,))
    thread.start()
    yield
    done.set()
    thread.join()


def _work(done: threading.Event) -> None:
    executor = Executor()
    while not done.wait(0.02):
        if claim := gate.claim("a worker"):
            executor.execute(claim)
    executor.close()
    connection.close()


def run(*words: object) -> tuple[int, list[str]]:
    """The exit code, and the lines that were printed."""
    printed = io.StringIO()
    try:
        call_command("run_workflow", *map(str, words), stdout=printed, stderr=io.StringIO())
    except SystemExit as exit_:
        return int(str(exit_.code)), printed.getvalue().splitlines()
    except CommandError as error:
        return error.returncode, str(error).splitlines()
    return 0, printed.getvalue().splitlines()


def test_a_workflow_runs_to_its_end_and_the_job_is_printed(ada: User, worker: None) -> None:
    workflow = factories.workflow(ada)

    code, lines = run(workflow.pk, "--param", "word=3", "--owner", "ada")

    job = json.loads(lines[-1])
    assert (code, len(lines)) == (0, 1)
    assert (job["state"], job["params"], job["outputs"]) == ("completed", {"word": "3"}, {"echo": "3"})


def test_who_follows_sees_nodes_and_streamed_text(ada: User, worker: None) -> None:
    document = graph({"say": ("text.stream", {"text": "one two", "delay_ms": 0})})

    code, lines = run(factories.workflow(ada, document).pk, "--follow", "--owner", "ada")

    assert code == 0
    assert {"one two", "say: completed"} <= set(lines)


def test_who_follows_reads_titles_and_whole_texts_without_gaps(ada: User, worker: None) -> None:
    document = graph({name: ("text.stream", {"text": f"{name} " * 20, "delay_ms": 5}) for name in ("one", "two")})
    for node in document["nodes"]:
        node["title"] = f"Say {node['id']}"

    _, lines = run(factories.workflow(ada, document).pk, "--follow", "--owner", "ada")

    assert {("one " * 20).strip(), ("two " * 20).strip()} <= {line.strip() for line in lines}
    for name in ("one", "two"):
        assert [line for line in lines if line.startswith(f"Say {name}: ")][-1] == f"Say {name}: completed"
    assert "" not in lines
    assert lines[-2] == "run #1: completed"


def test_on_a_terminal_the_last_line_tells_what_runs_and_is_written_over(ada: User, worker: None) -> None:
    job = submit(ada, factories.workflow(ada, graph({"nap": ("control.wait", {"seconds": 3})})), Order())
    said: list[str] = []

    following.until_end(job, following.Follower(job, said.append, live=True))

    assert any(re.search(r"0 of 1 · nap \d+ %$", each) for each in said)
    assert "nap: running" not in "".join(said)
    assert said[-1].startswith(following.ERASE)
    lines = "".join(said).replace(following.ERASE, "\n").splitlines()
    assert lines[-1] == "run #1: completed"
    assert lines.count("nap: completed") == 1


def test_files_that_are_there_stay(ada: User, worker: None, tmp_path: Path) -> None:
    (tmp_path / "echo.txt").write_text("mine")

    run(factories.workflow(ada).pk, "--out", tmp_path, "--owner", "ada")

    assert (tmp_path / "echo.txt").read_text() == "mine"
    assert (tmp_path / "echo-2.txt").read_text() == "hello"


def test_a_job_that_fails_exits_with_1_and_says_where(ada: User, worker: None) -> None:
    document = graph({"trip": ("control.fail", {"message": "on purpose"})})

    code, lines = run(factories.workflow(ada, document).pk, "--follow", "--owner", "ada")

    assert code == 1
    assert json.loads(lines[-1])["error"]["node"] == "trip"
    assert any(line.startswith("trip: failed") and "on purpose" in line for line in lines)


def test_a_file_is_run_and_made_a_workflow_once(ada: User, worker: None, tmp_path: Path) -> None:
    path = tmp_path / "echo.json"
    path.write_text(json.dumps(factories.TEXT))

    codes = [run(path, "--owner", "ada")[0] for _ in range(2)]

    assert codes == [0, 0]
    assert [workflow.name for workflow in Workflow.objects.all()] == ["echo"]


def test_a_photograph_is_given_by_its_path_and_the_result_is_written(ada: User, worker: None, tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(photograph())
    workflow = factories.workflow(ada, PHOTO)

    code, _ = run(workflow.pk, "--param", f"photo={tmp_path / 'in.png'}", "--out", tmp_path / "out", "--owner", "ada")

    assert code == 0
    (written,) = (tmp_path / "out").iterdir()
    assert written.name == "small one.png"
    assert written.read_bytes().startswith(b"\x89PNG")
    assert Asset.objects.filter(job=None).get().name == "in.png"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--param", "nothing"], "--param NAME=VALUE"),
        (["--param", "wrod=x"], "unknown_parameter"),
        (["--owner", "nobody"], "no user “nobody”"),
        (["--out", "/proc/nowhere"], "another folder"),
    ],
)
def test_bad_input_exits_with_2_and_makes_no_job(ada: User, words: list[str], said: str) -> None:
    code, lines = run(factories.workflow(ada).pk, "--owner", "ada", *words)

    assert code == 2
    assert said in "\n".join(lines)
    assert not Job.objects.exists()


@pytest.mark.parametrize("value", ["/nowhere/photo.jpg", "{broken"])
def test_a_picture_that_is_not_there_is_bad_input(ada: User, value: str) -> None:
    code, _ = run(factories.workflow(ada, PHOTO).pk, "--param", f"photo={value}", "--owner", "ada")

    assert code == 2


def test_a_damaged_picture_is_bad_input(ada: User, tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(photograph()[:100])

    code, _ = run(factories.workflow(ada, PHOTO).pk, "--param", f"photo={tmp_path / 'in.png'}", "--owner", "ada")

    assert code == 2


def test_what_keeps_it_from_running_is_said_with_its_node(ada: User) -> None:
    code, lines = run(factories.workflow(ada, PHOTO).pk, "--owner", "ada")

    assert code == 2
    assert "missing_input at node photo:" in "\n".join(lines)


@pytest.mark.parametrize("name", ["nothing.json", "3f6b7f3e-0000-4000-8000-000000000000"])
def test_a_workflow_that_is_not_there_is_bad_input(ada: User, name: str) -> None:
    code, lines = run(name, "--owner", "ada")

    assert code == 2
    assert name in lines[0]


def test_somebody_elses_workflow_is_not_there(ada: User, bob: User) -> None:
    assert run(factories.workflow(ada).pk, "--owner", "bob")[0] == 2


def test_a_file_that_holds_no_graph_is_bad_input(ada: User, tmp_path: Path) -> None:
    path = tmp_path / "no.json"
    path.write_text('{"graph": 3}')

    code, lines = run(path, "--owner", "ada")

    assert code == 2
    assert "bad_value" in "\n".join(lines)


def test_ctrl_c_cancels_and_the_end_is_waited_for(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    until_end = following.until_end

    def interrupted(*given: Any) -> Job:
        asked.append(given)
        if len(asked) == 1:
            raise KeyboardInterrupt
        return until_end(*given)

    monkeypatch.setattr(following, "until_end", interrupted)

    code, lines = run(factories.workflow(ada).pk, "--owner", "ada")

    assert code == 130
    assert json.loads(lines[-1])["state"] == "cancelled"


def test_ctrl_c_twice_leaves_at_once_and_the_job_is_cancelled_all_the_same(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> Job:
        raise KeyboardInterrupt

    monkeypatch.setattr(following, "until_end", interrupted)

    assert run(factories.workflow(ada).pk, "--owner", "ada") == (130, [])
    assert Job.objects.get().state == State.CANCELLED


def test_a_job_that_ended_before_ctrl_c_keeps_its_end(ada: User, worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    until_end = following.until_end

    def interrupted_late(*given: Any) -> Job:
        asked.append(given)
        job = until_end(*given)
        if len(asked) == 1:
            raise KeyboardInterrupt
        return job

    monkeypatch.setattr(following, "until_end", interrupted_late)

    assert run(factories.workflow(ada).pk, "--owner", "ada")[0] == 0
    assert Job.objects.get().state == State.COMPLETED
