"""The table of deaths in `docs/job_lifecycle.md`, row by row: a process is killed there; what it says comes true."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings

from accounts.models import User
from runs import tail
from runs.models import Job
from runs.sockets.hints import Hints
from runs.states import TERMINAL
from tests.loopback import Server
from tests.receiving import receiving
from tests.runs.dying import Doing, Plan
from tests.runs.followers import CrowdReader, act, crowd_following
from tests.runs.scenes import MENDERS, SCENES, Stage, described

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "job_lifecycle.md"
ROW: Final = re.compile(r"^\| (.+?) \| (before|after) `?(.+?)`? \| (.+?) \| (.+?) \| (.+?) \|")


@dataclass(frozen=True)
class Row:
    """One death: in what, at which step and before or after it, what it leaves, who goes on, and what comes of it."""

    scene: str
    when: str
    step: str
    left: str
    then: str
    comes_to: str

    def __str__(self) -> str:
        return f"{self.scene}-{self.when} {self.step}"


def rows() -> list[Row]:
    table = DOCUMENT.read_text().partition("<!-- deaths -->")[2].strip().splitlines()[2:]
    found = [ROW.fullmatch(line) for line in table]
    assert all(found), "a line of the table is no row"
    return [Row(*each.groups()) for each in found if each]


ROWS: Final = rows()
STEPS: Final[defaultdict[str, list[str]]] = defaultdict(list)
PLACES: Final[dict[int, int]] = {}
for number, each in enumerate(ROWS):
    PLACES[number] = len(STEPS[each.scene])
    if each.when == "before":
        STEPS[each.scene].append(each.step)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with receiving() as found:
        yield found


@pytest.fixture
def stage(ada: User, server: Server, tmp_path: Path) -> Iterator[Stage]:
    server.heard.clear()
    stage = Stage(ada, server, tmp_path)
    yield stage
    stage.end()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers look by themselves ten times as often, and leases are short."""
    monkeypatch.setattr(Hints, "seconds", 0.1)
    monkeypatch.setattr(settings, "LEASE_SECONDS", 3.0)  # and back again: each scene has its own


def play(stage: Stage, name: str, dies_at: int | None) -> Doing:
    """The scene, which has been prepared for, to its end or to a death."""
    scene = SCENES[name]
    doing = stage.doing(*stage.prepared, plan=Plan(STEPS[name], dies_at, scene.since, scene.prompt))
    scene.meanwhile(stage, doing)
    assert doing.died() == (dies_at is not None)
    return doing


def prepare(stage: Stage, name: str) -> None:
    settings.LEASE_SECONDS, stage.gather = SCENES[name].lease, SCENES[name].gather
    stage.prepared = SCENES[name].prepare(stage)


def mend(stage: Stage, then: str) -> str:
    for each in then.split(", ") if then != "–" else ():
        MENDERS[each](stage)
    return described(stage)


def test_every_scene_has_its_rows() -> None:
    assert list(dict.fromkeys(row.scene for row in ROWS)) == list(SCENES)
    for scene, steps in STEPS.items():
        mine = [(row.when, row.step) for row in ROWS if row.scene == scene]
        assert mine == [*(("before", step) for step in steps), ("after", steps[-1])]


@pytest.mark.parametrize("name", SCENES)
def test_it_takes_the_steps_that_the_table_names(stage: Stage, name: str) -> None:
    prepare(stage, name)
    assert play(stage, name, None).took() == STEPS[name]


@pytest.mark.parametrize("number", range(len(ROWS)), ids=[str(row) for row in ROWS])
async def test_what_the_table_says_comes_true(stage: Stage, number: int) -> None:
    row = ROWS[number]
    await act(prepare, stage, row.scene)
    async with crowd_following(stage.workflow, stage.ada) as (reader, _):
        await reader.until(lambda r: r.focus is not None)
        await act(play, stage, row.scene, PLACES[number])
        assert await act(described, stage) == row.left
        await reader_knows(stage, reader)
        assert await act(mend, stage, row.then) == (row.left if row.comes_to == "the same" else row.comes_to)
        await reader_knows(stage, reader)
    for job in await act(lambda: list(Job.objects.filter(workflow=stage.workflow))):
        await act(as_it_is, reader, job)


async def reader_knows(stage: Stage, reader: CrowdReader) -> None:
    """Until the reader has been told of all that was active, as it is now."""
    for job in await act(lambda: list(stage.workflow.jobs.all())):
        if job.state not in TERMINAL or str(job.pk) in reader.jobs:
            await reader.until(partial(knows, job))


def knows(job: Job, reader: CrowdReader) -> bool:
    mine = reader.of(job)
    return (mine.state, mine.version) == (job.state, job.version)


def as_it_is(reader: CrowdReader, job: Job) -> None:
    """The reader was told what the history says, in its order, and ends with the telemetry that is kept."""
    mine = reader.jobs.get(str(job.pk))
    states = [state for state, _ in groupby(mine.states())] if mine else []
    history = list(job.transitions.values_list("to_state", flat=True))
    assert not states or history[-len(states) :] == states
    kept = tail.stored(job.pk)
    if mine and kept:
        assert (mine.last, mine.snapshot) == (str(kept.id), kept.snapshot)
