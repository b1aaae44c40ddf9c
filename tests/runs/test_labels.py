"""A label is what tells a run from its siblings."""

import pytest

from runs.labels import LONGEST, Params, batch_labels, label, spread

SAVED: dict[str, object] = {"seed": 1, "title": "Drift", "sharp": False, "photo": None}


def labelled(params: Params, before: Params | None = None) -> str:
    return label({**SAVED, **params}, SAVED, lambda: before)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"seed": 42}, "seed 42"),
        ({"seed": 42, "title": "ink"}, "seed 42 · ink"),
        ({"seed": 0.5}, "seed 0.5"),
        ({"seed": 6.0}, "seed 6.0"),
        ({"seed": 6}, "seed 6"),
        ({"seed": 1234567.25}, "seed 1234567.25"),
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


def test_the_runs_of_a_batch_are_told_by_what_differs_among_them_the_axes_first() -> None:
    runs = [{"style": style, "size": 8, "seed": seed} for seed in (3, 4) for style in ("ink", "oil")]

    assert batch_labels(runs, ["seed", "style"], 1) == ["seed 3 · ink", "seed 3 · oil", "seed 4 · ink", "seed 4 · oil"]


def test_repeats_that_differ_by_nothing_are_counted() -> None:
    assert batch_labels([{"seed": 1}] * 3, [], 3) == ["1 of 3", "2 of 3", "3 of 3"]
    runs = [{"style": style} for style in ("ink", "oil") for _ in range(2)]
    assert batch_labels(runs, ["style"], 2) == ["ink · 1 of 2", "ink · 2 of 2", "oil · 1 of 2", "oil · 2 of 2"]


def test_repeats_that_drew_their_seeds_are_told_by_them() -> None:
    assert batch_labels([{"seed": 7}, {"seed": 5}], [], 2) == ["seed 7", "seed 5"]


def test_a_seed_that_is_not_drawn_yet_is_random() -> None:
    assert batch_labels([{"seed": 7}, {"seed": 5}], [], 2, ["seed"]) == ["random seed · 1 of 2", "random seed · 2 of 2"]


def test_values_that_look_alike_are_counted() -> None:
    photos = [{"photo": {"asset": asset}} for asset in "ab"]
    assert batch_labels(photos, ["photo"], 1) == ["photo 1 of 2", "photo 2 of 2"]
    texts = [{"prompt": "the same long beginning of a prompt " * 3 + end} for end in "ab"]
    assert batch_labels(texts, ["prompt"], 1) == ["prompt 1 of 2", "prompt 2 of 2"]
    assert batch_labels([{"rows": [1]}, {"rows": [2]}], ["rows"], 1) == ["rows 1 of 2", "rows 2 of 2"]


def test_what_counts_repeats_is_never_cut_off() -> None:
    runs = [{f"p{number}": f"{letter * 38}{number}" for number in range(10)} for letter in "ab" for _ in range(2)]
    labels = batch_labels(runs, list(runs[0]), 2)

    assert max(map(len, labels)) == LONGEST
    assert [text[-6:] for text in labels] == ["1 of 2", "2 of 2"] * 2


def test_runs_that_do_not_differ_have_no_label_of_their_own() -> None:
    assert batch_labels([{"seed": 1}] * 2, ["seed"], 1) == ["", ""]
    assert batch_labels([{}], [], 1) == [""]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["seed 1", "seed 2", "seed 3"], "seed 1–3"),
        (["seed 3", "seed 1", "seed 2"], "seed 1–3"),
        (["seed 7", "seed 8"], "seed 7, 8"),
        (["seed 1", "seed 3", "seed 4"], "seed 1, 3, 4"),
        (["seed 2706514372", "seed 462657236", "seed 3482038574"], "seed"),
        (["haze 0.5", "haze 24"], "haze 0.5, 24"),
        (["seed 1 · haze 0", "seed 1 · haze 24", "seed 2 · haze 0", "seed 2 · haze 24"], "seed × haze"),
        (["seed 1 · ink", "seed 2 · ink"], "seed 1, 2"),
        (["ink", "moss"], "ink, moss"),
        (["ink · 1 of 2", "ink · 2 of 2", "moss · 1 of 2", "moss · 2 of 2"], "ink, moss"),
        (["a lighthouse", "a fox by the sea", "the last train"], "a lighthouse … 3 kinds"),
        (["1 of 3", "2 of 3", "3 of 3"], ""),
        (["as it was", "as it was"], ""),
        (["seed 1 · a · b", "seed 2"], ""),
        ([], ""),
    ],
)
def test_what_a_batch_varies_in_is_told_in_few_words(labels: list[str], expected: str) -> None:
    assert spread(labels) == expected
