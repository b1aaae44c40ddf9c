"""What a person tells one run from its siblings by: the parameters that differ, as "seed 42 · ink"."""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeAlias

Params: TypeAlias = Mapping[str, object]

LONGEST = 200
_LONGEST_VALUE = 40
_MOST = 4
_FEW = 4
_SHORT = 16
_NAMED = re.compile(r"(.+) (-?[\d.]+(?:e[+-]?\d+)?)")
"""A parameter's name, then its number."""
_END = re.compile(r"\d+ of \d+")


def label(params: Params, saved: Params, before: Callable[[], Params | None]) -> str:
    """The label of a run with `params`.

    It names what differs from the workflow as it is saved, else from the run `before`, else the run's own first values.
    """
    differing = _differing(params, saved) or _differing(params, (before() if params else None) or params)
    named = differing or {name: value for name, value in params.items() if not isinstance(value, dict)}
    words = [_words(name, value) for name, value in named.items()]
    return " · ".join([word for word in words if word][:_MOST])[:LONGEST]


def batch_labels(
    runs: Sequence[Params], axes: Collection[str], repeat: int, to_draw: Collection[str] = ()
) -> list[str]:
    """What tells the runs of a batch from each other, the axes first, as "seed 3 · ink"; "" where nothing does.

    Each `repeat` of them are the same but for what was drawn. What is still `to_draw` is called random.
    """
    names = [*(name for name in axes if name in runs[0]), *(name for name in runs[0] if name not in axes)]
    columns = [column for name in names if (column := _column(name, runs, random=name in to_draw))]
    labels = [" · ".join(filter(None, words)) for words in zip(*columns, strict=True)] or [""] * len(runs)
    if len(set(labels)) == len(runs):
        return [text[:LONGEST] for text in labels]
    ends = [f"{index % repeat + 1} of {repeat}" if repeat > 1 else "" for index in range(len(runs))]
    return [_ended(text, end) for text, end in zip(labels, ends, strict=True)]


def spread(labels: Sequence[str]) -> str:
    """What such labels of one batch vary in, and over what where that is one thing: "seed 1–6", "seed × haze"."""
    rows = [text.split(" · ") for text in labels]
    if len({len(row) for row in rows}) > 1:
        return ""
    columns = [list(dict.fromkeys(words)) for words in zip(*rows, strict=True)]
    varied = [words for words in columns if len(words) > 1 and not all(map(_END.fullmatch, words))]
    named = [_NAMED.fullmatch(words[0]) for words in varied]
    names = [found[1] if found and _all_of(found[1], words) else "" for found, words in zip(named, varied, strict=True)]
    if len(varied) == 1:
        return _over(names[0], [words.removeprefix(names[0]).strip() for words in varied[0]])
    return " × ".join(name or _over("", words) for name, words in zip(names, varied, strict=True))


def _all_of(name: str, words: Sequence[str]) -> bool:
    return all((found := _NAMED.fullmatch(each)) and found[1] == name for each in words)


def _over(name: str, values: Sequence[str]) -> str:
    """The values themselves where they are few, or from the first to the last where none is missing between."""
    if name and all(map(str.isdecimal, values)):
        numbers = sorted(map(int, values))
        if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
            return f"{name} {numbers[0]}–{numbers[-1]}"
        values = [str(number) for number in numbers]
    few = len(values) <= _FEW and sum(map(len, values)) <= _SHORT
    if name:
        return f"{name} {', '.join(values)}" if few else name
    return ", ".join(values) if few else f"{values[0]} … {len(values)} kinds"


def _column(name: str, runs: Sequence[Params], *, random: bool) -> list[str] | None:
    """How this parameter is told in each run; None when it is the same in all."""
    if random:
        return [f"random {name}"] * len(runs)
    keys = [json.dumps(run.get(name), sort_keys=True) for run in runs]
    values = {key: run.get(name) for key, run in zip(keys, runs, strict=True)}
    if len(values) < 2:
        return None
    words = {key: _words(name, value) for key, value in values.items()}
    if "" in words.values() or len(set(words.values())) < len(values):  # so long, or so rich, that they look alike
        words = {key: f"{name} {number} of {len(values)}" for number, key in enumerate(values, start=1)}
    return [words[key] for key in keys]


def _ended(text: str, end: str) -> str:
    """Both, where the end is never cut."""
    return f"{text[: LONGEST - len(end) - 3]} · {end}" if text and end else text[:LONGEST] or end


def _differing(params: Params, others: Params) -> Params:
    return {name: value for name, value in params.items() if others.get(name) != value}


def _words(name: str, value: object) -> str:
    """Text speaks for itself; numbers and switches need their name; a picture has that of its file, if any."""
    if isinstance(value, str):
        return _cut(" ".join(value.split()))
    if isinstance(value, bool) and name.endswith("?"):
        return f"{name} {'yes' if value else 'no'}"
    if isinstance(value, bool):
        return name if value else f"no {name}"
    if isinstance(value, int | float):
        return f"{name} {json.dumps(value)}"
    if isinstance(value, dict) and "asset" in value:
        return _cut(str(value.get("name") or f"own {name}"))
    return ""


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
