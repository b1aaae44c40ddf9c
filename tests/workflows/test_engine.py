"""Running a graph: values, statuses, edges, products, context, and how many things go on at once."""

import asyncio
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.workflows.drawing import draw
from tests.workflows.small_nodes import small, with_small
from tests.workflows.witness import Witness
from workflows.context import NodeContext
from workflows.engine import Outcome, run
from workflows.graph import Graph
from workflows.registry import Json, Registry

ASSET = "0b2c1f6e-93a4-4f0e-8b57-2f60f1f7a9c1"


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(tmp_path, {ASSET: Image.new("L", (2, 1))})


@pytest.fixture
def registry() -> Registry:
    return with_small()


async def completed(graph: Graph, witness: Witness, registry: Registry = small) -> Witness:
    async with asyncio.timeout(20):
        assert await run(graph, registry, witness) == Outcome("completed")
    return witness


async def test_an_empty_graph_completes(witness: Witness) -> None:
    assert (await completed(draw({}), witness)).heard == []


async def test_a_value_goes_from_the_input_to_the_result(witness: Witness) -> None:
    graph = draw(
        {"a": ("input.text", {"name": "word", "value": "hello"}), "r": ("output.result", {"name": "echo"})},
        "a.value > r.value",
    )
    await completed(graph, witness)
    assert witness.products == {("a", "value"): ["hello"], ("r", "value"): ["hello"]}
    assert witness.port_types == {("a", "value"): "text", ("r", "value"): "any"}
    assert witness.statuses == {each: ["waiting", "running", "completed"] for each in "ar"}
    assert witness.edges == {"e1": {"state": "completed", "count": 1}}


async def test_every_node_waits_before_the_first_runs(witness: Witness) -> None:
    graph = draw(
        {"a": "each.same", "b": "each.same", "c": ("each.same", {})}, "a.value > b.value", c={"bypassed": True}
    )
    await completed(graph, witness)
    assert witness.heard[:3] == [
        (node, {"status": s}) for node, s in (("a", "waiting"), ("b", "waiting"), ("c", "bypassed"))
    ]


async def test_a_node_says_when_it_started_and_how_long_its_own_calls_took(witness: Witness) -> None:
    registry = with_small()

    @registry.node("each.slow", title="", description="", output="value")
    def slow(value: Any = None) -> Any:
        end = time.monotonic() + 0.05
        while time.monotonic() < end:
            pass
        return value

    graph = draw({"n": ("stream.count", {"to": 2}), "s": "each.slow"}, "n.item > s.value")
    await completed(graph, witness, registry)
    assert witness.nodes["s"]["started_at"].endswith("Z")
    assert witness.nodes["s"]["elapsed_ms"] >= 100
    assert witness.nodes["n"]["elapsed_ms"] < 50


async def test_inputs_have_their_property_else_their_default(witness: Witness) -> None:
    registry = with_small()

    @registry.node("show", title="", description="", inline=True)
    def show(a: str, b: int = 2, c: Any = None, d: float = 1.5, e: Json = None, **inputs: Any) -> Any:
        return (a, b, c, d, e, inputs)

    given = {"a": "x", "b": 3.0, "e": {"asset": ASSET}, "f": [1], "d": 2}
    graph = draw({"s": ("show", given)}, s={"dynamic_inputs": ["f", "g"]})
    await completed(graph, witness, registry)
    assert witness.made("s") == [("x", 3, None, 2, {"asset": ASSET}, {"f": [1]})]


async def test_a_property_whose_input_is_connected_is_ignored(witness: Witness) -> None:
    graph = draw(
        {"a": ("input.number", {"name": "n", "value": 4}), "b": ("each.doubled", {"value": "bad"})}, "a.value > b.value"
    )
    assert (await completed(graph, witness)).made("b") == [8]


async def test_values_convert_on_their_way(witness: Witness) -> None:
    graph = draw({"a": ("input.number", {"name": "n", "value": 1.0}), "b": "each.said"}, "a.value > b.text")
    assert (await completed(graph, witness)).made("b", "text") == ["1.0"]


async def test_an_asset_is_opened_for_the_input_that_names_it(witness: Witness) -> None:
    graph = draw(
        {"a": ("input.image", {"name": "p", "value": {"asset": ASSET.upper()}}), "b": "image.flipped"},
        "a.value > b.image",
    )
    [flipped] = (await completed(graph, witness)).made("b", "image")
    assert isinstance(flipped, Image.Image)
    assert flipped.size == (2, 1)


async def test_assets_in_a_list_and_in_anything_are_opened(witness: Witness) -> None:
    registry = with_small()

    @registry.node("show", title="", description="", inline=True)
    def show(pictures: list[Image.Image], thing: Any = None) -> Any:
        return (*pictures, thing)

    graph = draw({"s": ("show", {"pictures": [{"asset": ASSET}], "thing": {"asset": ASSET}})})
    [(one, other)] = (await completed(graph, witness, registry)).made("s")
    assert one is other


async def test_an_output_that_is_not_sent_skips_what_hangs_on_it(witness: Witness) -> None:
    graph = draw(
        {
            "n": ("input.integer", {"name": "n", "value": 3}),
            "i": "each.even",
            "e": "each.same",
            "o": "each.same",
            "c": "list.collect",
        },
        "n.value > i.value",
        "i.even > e.value",
        "i.odd > o.value",
        "e.value > c.item",
    )
    await completed(graph, witness)
    assert witness.final() == {"n": "completed", "i": "completed", "e": "skipped", "o": "completed", "c": "skipped"}
    assert witness.edges["e2"] == {"state": "completed", "count": 0}
    assert witness.edges["e3"] == {"state": "completed", "count": 1}
    assert "e4" not in witness.edges


async def test_what_a_node_does_besides_its_work_reaches_the_host(witness: Witness, registry: Registry) -> None:
    @registry.node("agent", title="", description="", output="value")
    def agent(context: NodeContext) -> str:
        context.plan([("look", "running"), ("write", "waiting")])
        call = context.call("search", {"q": "sea"})
        context.call("search", {"q": "sea"}, ["found"], call=call)
        context.provider("house", "tide-1", tokens=12, cost=0.5)
        context.provider("house", "tide-1", status="failed")
        return call

    await completed(draw({"a": "agent"}), witness, registry)
    (call,) = witness.made("a")
    assert witness.calls == [("a", call, "search", {"q": "sea"}, result) for result in (None, ["found"])]
    assert witness.plans == {"a": [("look", "running"), ("write", "waiting")]}
    asked = {"provider": "house", "model": "tide-1"}
    assert witness.providers == [
        ("a", {**asked, "status": "completed", "tokens": 12, "cost": 0.5}),
        ("a", {**asked, "status": "failed", "tokens": None, "cost": None}),
    ]
    assert witness.costs == {"a": 0.5}


async def test_the_context_reaches_the_host(witness: Witness, registry: Registry, tmp_path: Path) -> None:
    @registry.node("busy", title="", description="", output="value")
    def busy(context: NodeContext) -> Json:
        context.progress(1, 4)
        context.progress(float("nan"), 4)
        context.log("Halfway.")
        context.log("Look out.", "warning")
        context.text("one ")
        context.text("two")
        context.cost(0.25)
        context.cost(float(Decimal("0.5")))
        paths = [context.temporary_file(".txt") for _ in range(2)]
        assert not context.cancelled
        return [context.secret("KEY"), context.secret("OTHER"), *(str(path) for path in paths)]

    await completed(draw({"b": "busy"}), witness, registry)
    assert witness.nodes["b"]["progress"] == (1, 4)
    assert witness.logs == [("b", "info", "Halfway."), ("b", "warning", "Look out.")]
    assert (witness.texts, witness.costs) == ({"b": "one two"}, {"b": 0.75})
    [[key, other, *paths]] = witness.made("b")
    assert (key, other) == ("hush", None)
    assert len({*paths}) == 2
    assert all(Path(path).parent == tmp_path and path.endswith(".txt") for path in paths)


async def test_the_host_is_asked_before_a_node_begins_that_is_unsafe_to_repeat(
    witness: Witness, registry: Registry
) -> None:
    @registry.node("unsafe", title="", description="", output="value", safe=False, inline=True)
    def unsafe(value: Any = None) -> Any:
        return value

    await completed(draw({"n": ("stream.quick", {"to": 3}), "u": "unsafe"}, "n.item > u.value"), witness, registry)
    about = [what if isinstance(what, str) else what.get("status") for node, what in witness.heard if node == "u"]
    assert about == ["waiting", "unsafe", "running", "completed"]


async def test_independent_nodes_run_at_the_same_time(witness: Witness, registry: Registry) -> None:
    meeting = threading.Barrier(2)

    @registry.node("meet", title="", description="", output="value")
    def meet() -> int:
        return meeting.wait(timeout=10)

    await completed(draw({"a": "meet", "b": "meet"}), witness, registry)
    assert {*witness.made("a"), *witness.made("b")} == {0, 1}


async def test_no_more_threads_work_than_allowed_and_none_stays(witness: Witness, registry: Registry) -> None:
    lock, busy, most = threading.Lock(), 0, 0

    @registry.node("count", title="", description="", output="value")
    def count() -> int:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.01)
        with lock:
            busy -= 1
        return most

    before = threading.active_count()
    outcome = await run(draw({f"n{each}": "count" for each in range(8)}), registry, witness, threads=2)
    assert outcome == Outcome("completed")
    assert most == 2
    assert threading.active_count() == before


async def test_a_node_waits_in_line_for_a_thread_and_is_running_only_then(witness: Witness, registry: Registry) -> None:
    running: list[set[str]] = []

    @registry.node("look", title="", description="", output="value")
    def look() -> int:
        running.append({node for node, statuses in witness.statuses.items() if statuses[-1] == "running"})
        return 1

    assert await run(draw({"a": "look", "b": "look"}), registry, witness, threads=1) == Outcome("completed")
    assert [len(each) for each in running] == [1, 1]


async def test_a_node_in_a_thread_does_not_hold_up_the_loop(witness: Witness, registry: Registry) -> None:
    release = threading.Event()

    @registry.node("stuck", title="", description="", output="value")
    def stuck() -> bool:
        return release.wait(10)

    @registry.node("freeing", title="", description="", output="value")
    async def freeing() -> bool:
        release.set()
        return True

    await completed(draw({"a": "stuck", "b": "freeing"}), witness, registry)
    assert witness.made("a") == [True]


async def test_an_item_is_worked_on_while_the_next_is_made(witness: Witness, registry: Registry) -> None:
    taken = threading.Event()

    @registry.node("source", title="", description="", output="item")
    def source() -> Iterator[int]:
        yield 1
        assert taken.wait(10)
        yield 2

    @registry.node("take", title="", description="", output="value", inline=True)
    def take(value: Any = None) -> Any:
        taken.set()
        return value

    await completed(draw({"s": "source", "t": "take"}, "s.item > t.value"), witness, registry)
    assert witness.made("t") == [1, 2]


async def test_quick_nodes_let_others_have_the_loop(witness: Witness) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticking = asyncio.create_task(tick())
    graph = draw(
        {"n": ("stream.quick", {"to": 20_000}), "s": "each.same", "c": "list.collect"},
        "n.item > s.value",
        "s.value > c.item",
    )
    await completed(graph, witness)
    ticking.cancel()
    assert witness.made("c", "items") == [list(range(20_000))]
    assert ticks > 5


async def test_two_runs_at_once_do_not_touch_each_other(tmp_path: Path) -> None:
    graphs = [
        draw(
            {"a": ("input.integer", {"name": "n", "value": n}), "s": "stream.slow", "c": "list.collect"},
            "a.value > s.to",
            "s.item > c.item",
        )
        for n in range(10)
    ]
    witnesses = [Witness(tmp_path) for _ in graphs]
    await asyncio.gather(*(completed(graph, witness) for graph, witness in zip(graphs, witnesses, strict=True)))
    assert [witness.made("c", "items") for witness in witnesses] == [[list(range(n))] for n in range(10)]


async def test_a_graph_that_no_longer_fits_its_node_types_fails_at_once(witness: Witness) -> None:
    graph = draw({"a": "no.such", "b": "each.same", "c": "each.same"}, "a.value > b.value", c={"bypassed": True})
    outcome = await run(graph, small, witness)
    assert (outcome.state, outcome.error and (outcome.error.code, outcome.error.node)) == (
        "failed",
        ("unknown_type", "a"),
    )
    assert witness.final() == {"a": "failed", "b": "skipped", "c": "bypassed"}
    assert witness.nodes["a"]["error"][0] == "unknown_type"
