"""Items that stream: they collect, they meet those they belong to, and no shape of graph stops them."""

import asyncio
from typing import Any

import pytest

from tests.workflows.drawing import Nodes, draw
from tests.workflows.small_nodes import small
from tests.workflows.witness import Witness
from workflows.engine import Outcome, run
from workflows.plan import CAPACITY, plan


async def completed(nodes: Nodes, *edges: str, **fields: dict[str, Any]) -> Witness:
    witness = Witness()
    async with asyncio.timeout(20):
        assert await run(draw(nodes, *edges, **fields), small, witness) == Outcome("completed")
    return witness


@pytest.mark.parametrize("kind", ["stream.count", "stream.quick", "stream.slow"])
async def test_every_kind_of_generator_streams(kind: str) -> None:
    witness = await completed({"n": (kind, {"to": 3}), "s": "each.same"}, "n.item > s.value")
    assert witness.made("n", "item") == witness.made("s") == [0, 1, 2]
    assert witness.edges["e1"] == {"state": "completed", "count": 3}


async def test_a_list_input_collects_by_edge_then_by_item() -> None:
    witness = await completed(
        {
            "late": ("stream.slow", {"to": 3}),
            "word": ("input.text", {"name": "w", "value": "w"}),
            "split": ("stream.split", {"text": "x y"}),
            "said": "each.said",
            "all": "list.texts",
        },
        "late.item > said.text",
        "said.text > all.texts",
        "word.value > all.texts",
        "split.items > all.texts",
        "split.item > all.texts",
    )
    assert witness.made("all", "texts") == [["0", "1", "2", "w", "x", "y", "x", "y"]]


async def test_an_empty_stream_collects_to_an_empty_list_and_skips_what_works_on_items() -> None:
    witness = await completed(
        {"n": ("stream.count", {"to": 0}), "s": "each.same", "c": "list.collect"},
        "n.item > s.value",
        "s.value > c.item",
    )
    assert witness.made("c", "items") == [[]]
    assert witness.final() == {"n": "completed", "s": "skipped", "c": "completed"}


async def test_nothing_connected_collects_to_nothing() -> None:
    assert (await completed({"c": "list.collect"})).made("c", "items") == [[]]


async def test_a_single_value_is_held_for_all_items() -> None:
    witness = await completed(
        {"n": ("stream.count", {"to": 3}), "w": ("input.text", {"name": "w", "value": "w"}), "p": "join.pair"},
        "w.value > p.a",
        "n.item > p.b",
    )
    assert witness.made("p") == [("w", 0), ("w", 1), ("w", 2)]
    assert witness.edges == {"e1": {"state": "completed", "count": 1}, "e2": {"state": "completed", "count": 3}}


async def test_items_of_one_source_meet_again_and_a_dropped_one_never_mixes_its_neighbours() -> None:
    witness = await completed(
        {"n": ("stream.count", {"to": 5}), "e": "each.even", "d": "each.doubled", "p": "join.pair"},
        "n.item > e.value",
        "n.item > d.value",
        "e.odd > p.a",
        "d.value > p.b",
    )
    assert witness.made("p") == [(1, 2), (3, 6)]


async def test_both_ways_of_a_decision_never_meet() -> None:
    witness = await completed(
        {"n": ("stream.count", {"to": 5}), "e": "each.even", "p": "join.pair"},
        "n.item > e.value",
        "e.even > p.a",
        "e.odd > p.b",
    )
    assert witness.final()["p"] == "skipped"


async def test_streams_of_different_origin_go_in_step_until_the_shorter_ends() -> None:
    witness = await completed(
        {"n": ("stream.count", {"to": 3}), "m": ("stream.slow", {"to": 5}), "p": "join.pair"},
        "n.item > p.a",
        "m.item > p.b",
    )
    assert witness.made("p") == [(0, 0), (1, 1), (2, 2)]
    assert witness.edges["e1"]["state"] == "completed"


async def test_what_nobody_takes_any_more_is_drained() -> None:
    witness = await completed(
        {"n": ("stream.count", {"to": 2}), "m": ("stream.quick", {"to": 500}), "p": "join.pair"},
        "n.item > p.a",
        "m.item > p.b",
    )
    assert witness.made("m", "item") == list(range(500))
    assert witness.edges["e2"] == {"state": "drained", "count": 2}


async def test_an_item_belongs_to_all_that_was_made_of_it() -> None:
    witness = await completed(
        {"n": ("stream.count", {"to": 2}), "t": "each.twice", "p": "join.pair"},
        "n.item > t.value",
        "n.item > p.a",
        "t.item > p.b",
    )
    assert witness.made("p") == [(0, (0, 0)), (0, (0, 1)), (1, (1, 0)), (1, (1, 1))]


async def test_streams_within_items_go_in_step_within_their_item() -> None:
    witness = await completed(
        {"n": ("stream.count", {"to": 2}), "t": "each.twice", "u": "each.twice", "p": "join.pair"},
        "n.item > t.value",
        "n.item > u.value",
        "t.item > p.a",
        "u.item > p.b",
    )
    assert witness.made("p") == [((n, i), (n, i)) for n in range(2) for i in range(2)]


async def test_relatives_meet_before_strangers() -> None:
    witness = await completed(
        {"n": ("stream.count", {"to": 4}), "m": ("stream.count", {"to": 9}), "e": "each.even", "j": "join.named"},
        "n.item > j.a",
        "m.item > j.b",
        "n.item > e.value",
        "e.even > j.c",
        j={"dynamic_inputs": ["a", "b", "c"]},
    )
    assert witness.made("j") == [{"a": 0, "b": 0, "c": 0}, {"a": 2, "b": 1, "c": 2}]


@pytest.mark.parametrize("to", [1, CAPACITY, CAPACITY + 1, 10 * CAPACITY])
async def test_a_source_that_is_collected_and_streamed_into_one_node_does_not_block_it(to: int) -> None:
    witness = await completed(
        {"n": ("stream.quick", {"to": to}), "c": "list.collect", "p": "join.pair"},
        "n.item > c.item",
        "c.items > p.a",
        "n.item > p.b",
    )
    assert witness.made("p") == [(list(range(to)), n) for n in range(to)]


async def test_a_source_may_feed_a_list_and_an_item_input_of_one_node() -> None:
    many = 5 * CAPACITY
    witness = await completed(
        {"n": ("stream.quick", {"to": many}), "w": "join.with_list"}, "n.item > w.value", "n.item > w.items"
    )
    assert witness.made("w") == [(n, tuple(range(many))) for n in range(many)]


async def test_filters_that_starve_each_other_do_not_block() -> None:
    many = 5 * CAPACITY
    witness = await completed(
        {
            "n": ("stream.quick", {"to": many}),
            "m": ("stream.quick", {"to": many}),
            "en": "each.even",
            "em": "each.even",
            "p": "join.pair",
            "q": "join.pair",
            "c": "list.collect",
        },
        "n.item > en.value",
        "m.item > em.value",
        "en.even > p.a",
        "m.item > p.b",
        "n.item > q.a",
        "em.odd > q.b",
        "q.value > c.item",
    )
    assert len(witness.made("p")) == len(witness.made("q")) == many / 2


async def test_a_fast_source_waits_for_a_slow_reader() -> None:
    witness = Witness()
    ahead = 0

    def on_product(node: str, _value: object) -> None:
        nonlocal ahead
        ahead = max(ahead, len(witness.made("n", "item")) - len(witness.made("s")))

    witness.on_product = on_product
    graph = draw({"n": ("stream.quick", {"to": 1000}), "s": "each.threaded"}, "n.item > s.value")
    assert await run(graph, small, witness) == Outcome("completed")
    assert CAPACITY <= ahead <= CAPACITY + 2


def test_only_edges_whose_fullness_could_hold_up_their_own_node_are_unbounded() -> None:
    graph = draw(
        {
            "n": ("stream.quick", {"to": 1}),
            "w": ("input.text", {"name": "w", "value": "w"}),
            "s": "each.same",
            "c": "list.collect",
            "p": "join.pair",
            "q": "join.pair",
        },
        "n.item > s.value",
        "s.value > c.item",
        "w.value > p.a",
        "s.value > p.b",
        "c.items > q.a",
        "s.value > q.b",
    )
    bounded = {channel.edge: channel.bounded for step in plan(graph, small).values() for channel in step.channels}
    assert bounded == {"e1": True, "e2": True, "e3": False, "e4": True, "e5": False, "e6": False}


@pytest.mark.parametrize("many", [480, 1])
async def test_hundreds_of_streams_meet_at_one_node(many: int) -> None:
    names = [f"x{each}" for each in range(480)]
    nodes: Nodes = {f"n{each}": ("stream.quick", {"to": 2}) for each in range(many)}
    edges = [f"n{each % many}.item > j.x{each}" for each in range(480)]
    witness = await completed({**nodes, "j": "join.named"}, *edges, j={"dynamic_inputs": names})
    assert witness.made("j") == [dict.fromkeys(names, each) for each in range(2)]


async def test_hundreds_of_bypassed_nodes_in_a_row_pass_on() -> None:
    nodes: Nodes = {f"n{each}": "each.same" for each in range(500)}
    edges = [f"n{each}.value > n{each + 1}.value" for each in range(499)]
    off = {f"n{each}": {"bypassed": True} for each in range(1, 499)}
    witness = await completed({**nodes, "n0": ("each.same", {"value": 5})}, *edges, **off)
    assert witness.made("n499") == [5]
