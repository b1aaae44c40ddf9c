"""A label is what tells a run from its siblings."""

import pytest

from runs.labels import LONGEST, Params, label

SAVED: dict[str, object] = {"seed": 1, "title": "Drift", "sharp": False, "photo": None}


def labelled(params: Params, before: Params | None = None) -> str:
    return label({**SAVED, **params}, SAVED, lambda: before)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"seed": 42}, "seed 42"),
        ({"seed": 42, "title": "ink"}, "seed 42 · ink"),
        ({"seed": 0.5}, "seed 0.5"),
        ({"sharp": True}, "sharp"),
        ({"photo": {"asset": "a"}}, "own photo"),
        ({"title": "  two\n lines "}, "two lines"),
        ({"title": "x" * 60}, "x" * 39 + "…"),
    ],
)
def test_what_differs_from_the_workflow_is_named(params: Params, expected: str) -> None:
    assert labelled(params) == expected


def test_what_differs_from_the_run_before_is_named_when_nothing_differs_from_the_workflow() -> None:
    assert labelled({}, {**SAVED, "seed": 9}) == "seed 1"


def test_the_first_values_are_named_when_nothing_differs_at_all() -> None:
    assert labelled({}, SAVED) == labelled({}) == "seed 1 · Drift · no sharp"


def test_the_workflow_s_own_picture_is_not_named() -> None:
    own: Params = {"photo": {"asset": "a"}, "blur": 2}
    assert label(own, own, lambda: None) == "blur 2"


def test_a_run_without_parameters_has_no_label() -> None:
    assert label({}, {}, lambda: None) == ""


def test_a_label_is_bounded() -> None:
    assert len(label({f"p{i}": "y" * 39 for i in range(9)}, {}, lambda: None)) <= LONGEST
