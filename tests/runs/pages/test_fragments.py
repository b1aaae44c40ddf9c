"""What an open page is sent: the page's own partials for structure, small patches for what is hot."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from accounts.models import User
from runs.models import Job
from runs.pages import fragments, sheet
from runs.pages.sheet import LOG_LINES, Sheet
from runs.telemetry import Batch
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]
PARTIAL = re.compile(r'<hx-partial hx-target="([^"]+)" hx-swap="([^"]+)">(.*?)</hx-partial>', re.DOTALL)


@pytest.fixture
def job(ada: User) -> Job:
    return factories.job(factories.workflow(ada))


@pytest.fixture
def running(job: Job) -> Sheet:
    found = sheet.read(job)
    return replace(found, job={**found.job, "state": "running", "started_at": found.job["created_at"]})


def targets(html: str) -> list[str]:
    return [target for target, _, _ in PARTIAL.findall(html)]


def changes(before: Sheet, batch: Batch) -> tuple[list[str], fragments.Message]:
    html, patch = fragments.changes(before.after(batch), batch)
    return targets(html), patch


def test_the_whole_is_everything_that_lives_on_the_page(running: Sheet) -> None:
    html = fragments.whole(running)
    live = ["#head", "#standing", "#results", "#timeline", "#history", "#log"]
    assert targets(html) == [*live, "#node-word", "#node-out"]


def test_each_partial_has_its_target_as_root_and_is_well_formed(running: Sheet) -> None:
    for target, swap, html in PARTIAL.findall(fragments.whole(running)):
        balance = Balance()
        balance.feed(html)
        assert (swap, balance.roots, balance.open) == ("outerMorph", [target.removeprefix("#")], [])


def test_the_header_of_an_ended_job_is_the_whole(running: Sheet) -> None:
    assert targets(fragments.header(running)) == ["#head", "#standing", "#history"]
    ended = replace(running, job={**running.job, "state": "cancelled"})
    assert targets(fragments.header(ended)) == targets(fragments.whole(ended))


def test_progress_alone_is_a_patch(running: Sheet) -> None:
    html, patch = changes(running, {"nodes": {"word": {"progress": [1, 4]}}})
    assert html == []
    assert patch == {"nodes": {"word": {"share": 0.25, "counts": "", "cost": ""}}, "progress": 0.125, "done": 0}


def test_a_status_draws_its_node_and_its_line_in_the_timeline_anew(running: Sheet) -> None:
    html, patch = changes(running, {"nodes": {"word": {"status": "completed", "elapsed_ms": 3}}})
    assert html == ["#node-word", "#bar-word"]
    assert patch == {"progress": 0.5, "done": 1}


def test_what_a_result_got_draws_the_results_anew(running: Sheet) -> None:
    assert changes(running, {"values": {"out": {"value": "hello"}}})[0] == ["#node-out", "#results"]


def test_text_says_where_it_begins_as_the_browser_counts(running: Sheet) -> None:
    first: Batch = {"text": {"word": "a 🦊 "}}
    assert changes(running, first)[1]["text"] == {"word": [0, "a 🦊 "]}
    assert changes(running.after(first), {"text": {"word": "ran"}})[1]["text"] == {"word": [5, "ran"]}


def test_lines_of_the_log_come_alone_until_the_page_is_full(running: Sheet) -> None:
    line = {"at": "2026-11-24T00:00:00Z", "level": "info", "node": "word", "message": "<b>one</b>"}
    html, _ = fragments.changes(running.after({"logs": [line]}), {"logs": [line]})
    assert [(target, swap) for target, swap, _ in PARTIAL.findall(html)] == [("#log-lines", "beforeend")]
    assert "&lt;b&gt;one&lt;/b&gt;" in html
    full = running.after({"logs": [line] * LOG_LINES})
    assert changes(full, {"logs": [line]})[0] == ["#log"]


def test_nothing_that_people_or_files_say_becomes_markup(running: Sheet) -> None:
    evil = '</hx-partial><script>alert("x")</script>'
    batch: Batch = {"nodes": {"word": {"status": "failed", "error": {"code": evil, "message": evil}}}}
    html, _ = fragments.changes(running.after(batch), batch)
    assert "<script" not in html
    assert targets(html) == ["#node-word", "#bar-word"]


class Balance(HTMLParser):
    """Keeps which elements are at the top, by their id, and which are not closed."""

    VOID = frozenset({"img", "input", "br", "path", "circle", "rect", "line", "polyline", "ellipse"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.roots: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self.open:
            self.roots.append(dict(attrs).get("id"))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag
