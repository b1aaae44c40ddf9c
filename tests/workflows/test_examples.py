from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest

from workflows import examples, graph, nodes, parameters, validation
from workflows.registry import registry

NODE_WIDTH, COLUMN = 216, 300
DOCUMENTS = {document["name"]: document for document in examples.documents()}


def parsed(document: dict[str, Any]) -> graph.Graph:
    return graph.parse(document["graph"], graph.Limits())


def test_there_are_three_and_they_use_the_library_alone() -> None:
    assert list(DOCUMENTS) == ["Postcard", "Cloud study", "Story line"]
    assert nodes.__all__
    used = {node["type"] for document in DOCUMENTS.values() for node in document["graph"]["nodes"]}
    assert used <= {kind.type for kind in registry.all()}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_example_runs_as_it_is_but_for_the_photograph(name: str) -> None:
    example = parsed(DOCUMENTS[name])
    resolved = parameters.resolve(example, registry, {}, draw_seed=lambda least, _most: least)
    problems = validation.check(parameters.apply(example, resolved.params), registry)
    missing = [("photo", "value")] if name == "Postcard" else []
    assert [(problem.node, problem.property) for problem in problems] == missing


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Postcard", ["photo", "blur", "caption"]),
        ("Cloud study", ["seed", "size", "haze"]),
        ("Story line", ["words", "place", "cover", "seed"]),
    ],
)
def test_an_example_has_parameters_with_telling_names(name: str, expected: list[str]) -> None:
    assert [parameter.name for parameter in parameters.declared(parsed(DOCUMENTS[name]), registry)] == expected


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_example_is_laid_out_in_columns_without_overlaps_and_reads_as_a_page_does(name: str) -> None:
    """From left to right, one that is long in two rows: it goes on at the left of the lower one."""
    document = DOCUMENTS[name]
    places = {node["id"]: node["position"] for node in document["graph"]["nodes"]}
    back = [edge for edge in document["graph"]["edges"] if places[edge["source"]]["x"] >= places[edge["target"]]["x"]]
    begins = min((places[edge["target"]]["y"] for edge in back), default=0)
    for row in ({place["x"] for place in places.values() if (place["y"] < begins) is upper} for upper in (True, False)):
        assert all(right - left >= COLUMN for left, right in pairwise(sorted(row)))
    for first, second in combinations(places.values(), 2):
        assert abs(first["x"] - second["x"]) > NODE_WIDTH or abs(first["y"] - second["y"]) >= 200
    assert len(back) <= 1
    assert all(places[edge["source"]]["y"] < begins <= places[edge["target"]]["y"] for edge in back)


def test_the_picture_that_stands_in_is_worth_a_look_and_always_the_same() -> None:
    picture = examples.stand_in_picture()
    assert picture.size == (1200, 800)
    assert np.asarray(picture, float).std() > 30
    assert picture == examples.stand_in_picture()
