"""What a person writes to vary a parameter, as the axis of a grid: "1..6", "ink, moss", a text a line."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from runs import naming
from workflows.parameters import Parameter
from workflows.ports import MEDIA

_RANGE: Final = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*(?:\.\.\.?|…)\s*(-?\d+(?:\.\d+)?)\s*(?:by\s+(\d+(?:\.\d+)?)\s*)?")
MOST: Final = 1000
"""Values of one axis."""
WIDEST: Final = 6
"""Columns that runs are drawn in."""


class Field(NamedTuple):
    """A parameter in the form that starts many runs: how its values are written, and what was written."""

    parameter: Parameter
    title: str
    key: str
    widget: str
    hint: str
    written: list[str]

    @property
    def choices(self) -> list[tuple[str, bool]]:
        """Each value there is to choose, and whether it is chosen."""
        given = ["true", "false"] if self.parameter.type == "boolean" else map(str, self.parameter.choices or ())
        return [(value, value in self.written) for value in given]


class Varied(NamedTuple):
    """The axes that were written, and what can't be read, by the parameter's key."""

    axes: dict[str, list[Any]]
    complaints: dict[str, str]

    def columns(self, repeat: int) -> list[Any]:
        """What heads the columns of the runs where they are drawn as a table: the values that vary fastest."""
        fastest = list(self.axes.values())[-1] if self.axes else []
        return fastest if len(self.axes) > 1 and repeat == 1 and 1 < len(fastest) <= WIDEST else []


def fields(declared: Iterable[Parameter], written: Mapping[str, list[str]]) -> list[Field]:
    """One for each parameter that can be varied by writing."""
    declared = list(declared)
    titles = naming.headings(declared)
    named = [parameter for parameter in declared if parameter.type not in MEDIA and parameter.type != "table"]
    return [_field(parameter, titles[parameter.name], f"v{at}", written) for at, parameter in enumerate(named)]


def read(shown: Iterable[Field]) -> Varied:
    """What was written, as values of the parameters' own types."""
    axes: dict[str, list[Any]] = {}
    complaints: dict[str, str] = {}
    for field in shown:
        try:
            values = _values(field)
        except ValueError as error:
            complaints[field.key] = str(error)
        else:
            if values:
                axes[field.parameter.name] = values
    return Varied(axes, complaints)


def _field(parameter: Parameter, title: str, key: str, written: Mapping[str, list[str]]) -> Field:
    given = [text for text in written.get(key, []) if text.strip()]
    if parameter.choices or parameter.type == "boolean":
        return Field(parameter, title, key, "choices", "", given)
    if parameter.type in {"integer", "number"}:
        return Field(parameter, title, key, "numbers", "1..6, or 3, 5, 8", given)
    return Field(parameter, title, key, "lines", "One value a line", given)


def _values(field: Field) -> list[Any]:
    kind = field.parameter.type
    if field.widget == "choices":
        if kind == "boolean":
            return [text == "true" for text in field.written]
        return [choice for choice in field.parameter.choices or () if str(choice) in field.written]
    text = "\n".join(field.written).replace("\r\n", "\n")
    if field.widget == "lines":
        return [line for line in text.split("\n") if line.strip()][:MOST]
    return [number for part in re.split(r"[,;\n]", text) if part.strip() for number in _numbers(part, kind)]


def _numbers(text: str, kind: str) -> list[int | float]:
    found = _RANGE.fullmatch(text)
    if not found:
        return [_number(text, kind)]
    first, last = _number(found[1], kind), _number(found[2], kind)
    step = abs(_number(found[3], kind)) if found[3] else 1
    if not step or abs(last - first) / step >= MOST:
        raise ValueError(f"“{text.strip()}” is more than {MOST:,} values. Take larger steps.")
    steps = int(abs(last - first) / step + 1e-9)
    direction = 1 if last >= first else -1
    return [_plain(round(first + direction * step * at, 9)) for at in range(steps + 1)]


def _plain(number: float) -> int | float:
    """1 for 1.0, as one counts."""
    return int(number) if number == int(number) else number


def _number(text: str, kind: str) -> int | float:
    try:
        return int(text) if kind == "integer" or text.strip().lstrip("-").isdecimal() else float(text)
    except ValueError:
        needed = "a whole number" if kind == "integer" else "a number"
        raise ValueError(f"“{text.strip()[:40]}” is not {needed}. Write 1..6, or 3, 5, 8.") from None
