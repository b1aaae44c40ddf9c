"""A grid makes every combination of its axes once, in one order."""

from typing import Any

import pytest

from runs.grid import Grid


def rows(grid: Grid) -> list[tuple[Any, ...]]:
    return [tuple(each.values()) for each in grid.combinations()]


def test_the_last_axis_is_the_fastest() -> None:
    grid = Grid({"seed": [1, 2], "style": ["a", "b", "c"]})

    assert rows(grid) == [(1, "a"), (1, "b"), (1, "c"), (2, "a"), (2, "b"), (2, "c")]
    assert grid.count == 6


def test_repeats_are_faster_still() -> None:
    assert rows(Grid({"style": ["a", "b"]}, repeat=2)) == [("a",), ("a",), ("b",), ("b",)]


def test_without_axes_there_are_only_repeats() -> None:
    assert list(Grid(repeat=3, params={"seed": None}).combinations()) == [{"seed": None}] * 3
    assert Grid().count == 1


def test_axes_in_one_group_go_in_step_where_the_first_of_them_stands() -> None:
    grid = Grid({"a": [1, 2], "b": ["x", "y"], "c": [10, 20]}, zipped=[["c", "a"]])

    assert [(each["a"], each["b"], each["c"]) for each in grid.combinations()] == [
        (1, "x", 10),
        (1, "y", 10),
        (2, "x", 20),
        (2, "y", 20),
    ]
    assert grid.count == 4


def test_params_are_the_same_for_all() -> None:
    assert list(Grid({"a": [1, 2]}, params={"b": 0}).combinations()) == [{"b": 0, "a": 1}, {"b": 0, "a": 2}]


@pytest.mark.parametrize(
    ("grid", "expected"),
    [
        (Grid({"a": []}), [("bad_value", "axes.a")]),
        (Grid({"a": [1]}, params={"a": 2}), [("duplicate_parameter", "params.a")]),
        (Grid({"a": [1]}, zipped=[["a", "b"]]), [("unknown_parameter", "zip")]),
        (Grid({"a": [1], "b": [2]}, zipped=[["a", "b"], ["b"]]), [("duplicate_parameter", "zip")]),
        (Grid({"a": [1], "b": [2, 3]}, zipped=[["a", "b"]]), [("bad_value", "zip")]),
        (Grid({"a": [1] * 3, "b": [2] * 3}, repeat=2), [("too_large", "axes")]),
        (Grid({"a": [1] * 17}), []),
        (Grid({"a": [], "b": [1]}, zipped=[["c"]]), [("bad_value", "axes.a"), ("unknown_parameter", "zip")]),
    ],
)
def test_what_is_wrong_with_a_grid_is_told_all_at_once(grid: Grid, expected: list[tuple[str, str]]) -> None:
    assert [(problem.code, problem.property) for problem in grid.problems(17)] == expected


def test_a_grid_beyond_all_bounds_is_not_spelled_out() -> None:
    grid = Grid({f"p{number}": list(range(1000)) for number in range(100)})

    assert "1,000,000" in grid.problems(5000)[0].message
    assert grid.first() == dict.fromkeys(grid.axes, 0)
