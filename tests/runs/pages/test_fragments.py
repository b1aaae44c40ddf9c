"""What an open page is sent: the page's own partials for structure, small patches for what is hot."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from accounts.models import User
from runs.models import Job, JobTransition
from runs.pages import fragments, sheet
from runs.pages.sheet import LOG_LINES, Sheet
from runs.representation import asset_document
from runs.telemetry import Batch
from tests import factories
from tests.runs.jobs import graph

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
    html, patch = fragments.changes(before.after(batch), batch, before)
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


def test_the_row_draws_what_it_says_and_the_history_where_the_job_moved(running: Sheet) -> None:
    assert targets(fragments.header(running, running)) == ["#head", "#standing"]
    moved = replace(running, history=[JobTransition(to_state="running")])
    assert targets(fragments.header(moved, running)) == ["#head", "#standing", "#history"]


def test_the_end_draws_all_that_waits_for_nothing_any_more(running: Sheet) -> None:
    before = running.after({"nodes": {"word": {"status": "completed", "elapsed_ms": 3}}})
    ended = replace(before, job={**running.job, "state": "cancelled", "ended_at": running.job["created_at"]})
    assert targets(fragments.header(ended, before)) == ["#head", "#standing", "#timeline", "#results", "#node-out"]


def test_progress_alone_is_a_patch(running: Sheet) -> None:
    html, patch = changes(running, {"nodes": {"word": {"progress": [1, 4]}}})
    assert html == []
    assert patch == {"nodes": {"word": {"share": 0.25, "counts": "", "cost": ""}}, "progress": 0.125, "done": 0}


def test_a_status_draws_its_node_and_its_line_in_the_timeline_anew(running: Sheet) -> None:
    html, patch = changes(running, {"nodes": {"word": {"status": "completed", "elapsed_ms": 3}}})
    assert html == ["#node-word", "#bar-word"]
    assert patch == {"progress": 0.5, "done": 1}


def test_a_node_that_fails_while_others_go_on_is_told_above_all_at_once(running: Sheet) -> None:
    failed: Batch = {"nodes": {"word": {"status": "failed", "error": {"code": "failed", "message": "no"}}}}
    before = running.after({"nodes": {"word": {"status": "running"}}})
    html, _ = fragments.changes(before.after(failed), failed, before)
    assert targets(html) == ["#node-word", "#bar-word", "#standing"]
    assert "has failed" in html
    later: Batch = {"nodes": {"out": {"status": "failed"}}}
    assert "#standing" not in changes(before.after(failed), later)[0]  # it names the first


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("lane", "In the background"),
        ("paused", "is paused"),
        ("user", "of your runs"),
        ("workflow", "of this workflow"),
    ],
)
def test_a_waiting_run_says_what_it_waits_for(running: Sheet, why: str, words: str) -> None:
    waiting = replace(running, job={**running.job, "state": "queued", "waiting_for": why})
    assert words in fragments.header(waiting, running)


def test_results_are_drawn_anew_where_something_landed_and_only_there(running: Sheet, job: Job) -> None:
    landed: Batch = {"products": [asset_document(factories.product(job, value="a word"))]}
    html, patch = changes(running, landed)
    assert (html, patch["text"]) == (["#results"], {"out": [0, "a word"]})
    after = running.after(landed)
    assert changes(after, {"nodes": {"out": {"status": "completed"}}})[0] == ["#node-out", "#bar-out"]


def test_what_lands_behind_others_comes_by_itself(running: Sheet, job: Job) -> None:
    made = [asset_document(factories.product(job, index=index)) for index in range(4)]
    shown = running.after({"products": made[:2]})
    html, _ = fragments.changes(shown.after({"products": made[2:]}), {"products": made[2:]}, shown)
    [(target, swap, figures)] = PARTIAL.findall(html)
    assert (target, swap) == (f"#result-{made[1]['id']}", "afterend")
    assert re.findall(r'<figure id="([^"]+)"', figures) == [f"result-{each['id']}" for each in made[2:]]
    assert changes(running.after({"products": made[:1]}), {"products": [made[1]]})[0] == ["#results"]
    assert changes(running.after({"products": made[1:]}), {"products": [made[0]]})[0] == ["#results"]


def test_a_value_that_is_but_another_text_is_a_patch(running: Sheet) -> None:
    html, patch = changes(running, {"values": {"out": {"value": "<once>"}}})
    assert (html, patch["text"]) == ([], {"out": [0, "<once>"]})


def test_words_have_a_place_made_for_them_where_a_node_shows_none(ada: User) -> None:
    given = graph(
        {"wait": ("control.wait", {}), "number": ("input.integer", {"name": "n", "value": 1})},
        "number.value > wait.value",
    )
    silent = sheet.read(factories.job(factories.workflow(ada, given)))
    begun = silent.after({"text": {"wait": "Once"}})
    assert changes(silent, {"text": {"wait": "Once"}})[0] == ["#node-wait"]
    html, patch = changes(begun, {"text": {"wait": " more"}})
    assert (html, patch["text"]) == ([], {"wait": [4, " more"]})


def test_text_says_where_it_begins_as_the_browser_counts(running: Sheet) -> None:
    first: Batch = {"text": {"word": "a 🦊 "}}
    assert changes(running, first)[1]["text"] == {"word": [0, "a 🦊 "]}
    assert changes(running.after(first), {"text": {"word": "ran"}})[1]["text"] == {"word": [5, "ran"]}


def test_lines_of_the_log_come_alone_until_the_page_is_full(running: Sheet) -> None:
    line = {"at": "2026-11-24T00:00:00Z", "level": "info", "node": "word", "message": "<b>one</b>"}
    html, _ = fragments.changes(running.after({"logs": [line]}), {"logs": [line]}, running)
    assert [(target, swap) for target, swap, _ in PARTIAL.findall(html)] == [("#log-lines", "beforeend")]
    assert "&lt;b&gt;one&lt;/b&gt;" in html
    full = running.after({"logs": [line] * LOG_LINES})
    assert changes(full, {"logs": [line]})[0] == ["#log"]


def test_nothing_that_people_or_files_say_becomes_markup(running: Sheet) -> None:
    evil = '</hx-partial><script>alert("x")</script>'
    batch: Batch = {"nodes": {"word": {"status": "failed", "error": {"code": evil, "message": evil}}}}
    html, _ = fragments.changes(running.after(batch), batch, running)
    assert "<script" not in html
    assert targets(html) == ["#node-word", "#bar-word", "#standing"]


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
