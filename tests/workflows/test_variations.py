"""Runs that differ in their parameters are checked as thoroughly together as each alone."""

from typing import Any

import pytest

from tests.runs.jobs import graph as document
from workflows import graph as graphs, parameters, validation, variations
from workflows.graph import Graph
from workflows.registry import registry
from workflows.variations import Variations

NODES: dict[str, tuple[str, dict[str, Any]]] = {
    "seed": ("input.integer", {"name": "seed", "value": 1, "minimum": 0, "maximum": 9}),
    "word": ("input.text", {"name": "word", "value": "hello"}),
    "noise": ("image.noise", {"width": 32, "height": 32, "seed": None}),
    "blur": ("image.blur", {"radius": 2}),
    "wait": ("control.wait", {}),
    "out": ("output.result", {"name": "picture"}),
}
EDGES = ("seed.value > noise.seed", "noise.image > blur.image", "blur.image > out.value")


def small(*edges: str, **nodes: tuple[str, dict[str, Any]]) -> Graph:
    return graphs.load(document({**NODES, **nodes}, *(edges or EDGES)))


def lowest(low: int, high: int) -> int:
    return low


def resolve(given: list[dict[str, Any]], graph: Graph | None = None) -> Variations:
    return variations.resolve(graph or small(), registry, given, lowest)


def one_by_one(given: list[dict[str, Any]], graph: Graph) -> tuple[list[dict[str, object]], set[Any]]:
    found = [parameters.resolve(graph, registry, each, lowest) for each in given]
    checked = [validation.check(parameters.apply(graph, each.params), registry) for each in found]
    problems = {problem for each in found for problem in each.problems} | {p for each in checked for p in each}
    return [each.params for each in found], problems


@pytest.mark.parametrize(
    "given",
    [
        [{}],
        [{"seed": 1}, {"seed": 2}, {"seed": None}],
        [{"seed": 1, "noise.width": 8}, {"seed": 12, "noise.width": 0}, {"seed": "x", "noise.width": 16}],
        [{"seed": 5, "seed.maximum": 9}, {"seed": 5, "seed.maximum": 3}],
        [{"word": "a", "wrod": 1}, {"word": 2, "wrod": 2}],
        [{"blur.image": 1}, {"blur.image": 2}],
        [{"word": "a"}, {"word": None}],
        [{"word.name": "seed"}, {"word.name": "word"}],
        [{"word.name": "word"}, {"word.name": "seed"}],
        [{"word.name": "word"}, {"word.name": ""}],
        [{"wait.seconds": 1}, {"wait.seconds": -1}],
    ],
)
def test_all_is_found_that_is_found_one_by_one(given: list[dict[str, Any]]) -> None:
    found = resolve(given)
    params, problems = one_by_one(given, small())

    assert found.params == params
    assert set(found.problems) == problems
    assert len(found.problems) == len(problems)


def test_what_is_wrong_with_the_graph_itself_is_told_once() -> None:
    found = resolve([{"word": "a"}, {"word": "b"}], small("seed.value > noise.seed"))

    assert [(problem.code, problem.node) for problem in found.problems] == [("missing_input", "blur")]


def test_an_input_behind_a_bypassed_node_that_passes_nothing_on_is_not_fed() -> None:
    graph = small(
        "word.value > text.text", "text.item > other.value", text=("text.split", {}), other=("control.fail", {})
    )
    graph.document["nodes"][-2]["bypassed"] = True
    graph = graphs.load(graph.document)
    given: list[dict[str, Any]] = [{"other.message": "a"}, {"other.message": 5}]

    assert set(resolve(given, graph).problems) == one_by_one(given, graph)[1]


def test_each_run_draws_its_own_seeds_and_names_them() -> None:
    drawn = iter(range(100))
    graph = small("noise.image > blur.image", "blur.image > out.value")
    found = variations.resolve(graph, registry, [{"word": word} for word in "abc"], lambda *_: next(drawn))

    assert [params["noise.seed"] for params in found.params] == [0, 1, 2]
    assert found.drawn == {"noise.seed"}
    assert resolve([{"seed": 1}, {"seed": None}]).drawn == {"seed"}


def test_the_assets_of_all_runs_are_gathered() -> None:
    one, two = (f"0000000{number}-0000-0000-0000-000000000000" for number in (1, 2))
    graph = small("photo.value > blur.image", photo=("input.image", {"name": "photo", "value": None}))
    found = resolve([{"photo": {"asset": one}}, {"photo": {"asset": two}}], graph)

    assert found.assets == {one: {("photo", "value")}, two: {("photo", "value")}}
