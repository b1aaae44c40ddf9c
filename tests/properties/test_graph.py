"""Graphs of any kind, drawn by Hypothesis: nothing is lost on a round trip, and nothing crashes the parser."""

import json
import string
from typing import Any

import pytest
from hypothesis import given, strategies as st

from workflows import graph as graphs
from workflows.shape import DEFAULTS, problems

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
NUMBERS = st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
ANYTHING = JSON | st.floats() | st.text(max_size=5) | st.dictionaries(st.integers(), st.none(), max_size=2)
IDS = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=64)
NAMES = TEXTS.filter(bool)
CACHES = st.none() | st.sampled_from(["forever", "never"]) | st.integers(0, 10**6)
NODES = st.fixed_dictionaries(
    {"id": IDS, "type": NAMES},
    optional={
        "title": TEXTS,
        "properties": st.dictionaries(TEXTS, JSON, max_size=3),
        "position": st.fixed_dictionaries({"x": NUMBERS, "y": NUMBERS}),
        "bypassed": st.booleans(),
        "gallery": st.booleans(),
        "cache": CACHES,
        "dynamic_inputs": st.lists(NAMES, unique=True, max_size=3),
        "mood": JSON,
    },
)
EDGES = st.fixed_dictionaries({"id": IDS, "source": IDS, "output": NAMES, "target": IDS, "input": NAMES})


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    nodes = draw(st.lists(NODES, max_size=5, unique_by=lambda node: node["id"]))
    edges = draw(st.lists(EDGES, max_size=5, unique_by=lambda edge: edge["id"]))
    extra = draw(st.dictionaries(TEXTS.filter(lambda key: key not in {"version", "notes", "groups"}), JSON, max_size=2))
    return {**extra, "version": 1, "nodes": nodes, "edges": edges, "notes": draw(st.lists(JSON, max_size=2))}


@given(documents())
def test_a_document_comes_back_as_it_was_given(document: dict[str, Any]) -> None:
    graph = graphs.parse(document)
    again = graphs.parse(json.loads(graphs.canonical(graph.document)))
    assert again.document == graph.document == document
    assert (again.digest, again.nodes, again.edges) == (graph.digest, graph.nodes, graph.edges)


@given(documents(), st.randoms(use_true_random=False))
def test_the_canonical_form_forgets_the_order_of_keys_alone(document: dict[str, Any], random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            entries = [(key, shuffled(item)) for key, item in value.items()]
            random.shuffle(entries)
            return dict(entries)
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    assert graphs.canonical(shuffled(document)) == graphs.canonical(document)
    assert graphs.parse(shuffled(document)).digest == graphs.parse(document).digest


@given(documents(), st.data())
def test_another_value_anywhere_gives_another_digest(document: dict[str, Any], data: st.DataObject) -> None:
    changed = {**document, "notes": [*document["notes"], data.draw(JSON)]}
    assert graphs.parse(changed).digest != graphs.parse(document).digest


@given(
    st.fixed_dictionaries(
        {
            "nodes": st.lists(
                st.dictionaries(st.sampled_from(["id", "type", "cache", "properties"]), ANYTHING) | ANYTHING
            )
        },
        optional={"edges": st.lists(ANYTHING) | ANYTHING, "version": ANYTHING, "notes": ANYTHING},
    )
    | ANYTHING
)
def test_whatever_is_given_is_a_graph_or_refused_with_reasons(document: object) -> None:
    found = problems(document, DEFAULTS)
    assert all(problem.code and problem.message for problem in found)
    json.dumps([problem.as_dict() for problem in found], allow_nan=False).encode()
    if not found:
        assert graphs.parse(document).document == document


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12))
def test_an_order_exists_unless_there_is_a_cycle(pairs: list[tuple[int, int]]) -> None:
    nodes = [{"id": str(each), "type": "x.y"} for each in range(6)]
    edges = [
        {"id": f"e{place}", "source": str(a), "output": "o", "target": str(b), "input": "i"}
        for place, (a, b) in enumerate(pairs)
    ]
    graph = graphs.parse({"nodes": nodes, "edges": edges})
    if graph.cycles():
        with pytest.raises(ValueError, match="cycle"):
            graph.order()
        return
    place = {node: position for position, node in enumerate(graph.order())}
    assert len(place) == 6
    assert all(place[edge.source] < place[edge.target] for edge in graph.edges)
