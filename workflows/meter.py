"""What one rendering of a template uses: characters, items and time, each within bounds."""

import json
import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from jinja2.runtime import Undefined

from workflows.errors import NodeFailed

MAX_SECONDS: Final = 5.0
MAX_MADE: Final = 32 * 1024 * 1024
MAX_ITEM: Final = 1024 * 1024
_MAX_BITS: Final = 10_000
_MAX_COMPARED: Final = 2**30  # pairs of characters in one search: about a second
_ITEM: Final = 16  # what a step, or an item of a list, costs beside its content
_CONTAINER: Final = 64  # what a list or the like costs beside its items
_NUMBER: Final = 24  # the most that JSON takes for a float
_SEARCHED_AT_ONCE: Final = 64  # characters that a search in a text passes in the time of one item of a list
_VIEWS: Final[tuple[type, ...]] = (type({}.keys()), type({}.values()), type({}.items()))
_HOLDING: Final[tuple[type, ...]] = (list, tuple, dict, range, *_VIEWS)


def too_much(what: str) -> NodeFailed:
    """The error of a template beyond its bounds."""
    return NodeFailed("too_large", f"The template {what}. Use smaller numbers, fewer rounds or shorter inputs.")


class Meter:
    """What has been used so far. Raises NodeFailed beyond the bounds.

    Costs are of what is made; what a list refers to was paid for before. But it must not be larger than MAX_MADE when
    it is written out, or else a few steps could make what takes for ever to compare or to print.
    """

    def __init__(self) -> None:
        self._left = MAX_MADE
        self._deadline = time.monotonic() + MAX_SECONDS
        self._weights: dict[int, tuple[object, int]] = {}  # holds the objects, so that no id is used twice

    def tick(self, cost: int = 1) -> None:
        """Charge for something small, and look at the clock."""
        self._left -= max(cost, 1)
        if self._left < 0:
            raise too_much("does too much")
        if time.monotonic() > self._deadline:
            raise too_much(f"takes longer than {MAX_SECONDS:g} s")

    def step(self, cost: int = 0) -> bool:
        """Charge for something done, `cost` in characters made. True, so that it can stand before a condition."""
        self.tick(_ITEM + max(cost, 0))
        return True

    def charge(self, value: Any, item: int = _ITEM) -> Any:
        """Charge for a value just made, `item` for each in a list, and give it back."""
        weight = self.weigh(value)
        if isinstance(value, range):  # costs nothing before it is written out
            weight = 0
        elif isinstance(value, list | tuple | dict):
            weight = _CONTAINER + item * len(value)
        self.step(weight)
        return value

    def searched(self, place: Any) -> Any:
        """Charge for looking for something there, and give it back."""
        if isinstance(place, str):
            self.step(len(place) // _SEARCHED_AT_ONCE)
        else:
            self.step(0 if isinstance(place, dict) or not hasattr(place, "__len__") else len(place))
        return place

    def each(self, items: Iterable[Any]) -> Iterator[Any]:
        """The items, each charged for when it is taken."""
        for item in items:
            self.tick()
            yield item

    def pairs(self, value: Any) -> Iterator[Any]:
        """What a dict is made of, charged for one by one: keys may be chosen so that each is looked for in vain."""
        return self.each(value.items() if isinstance(value, dict) else value)

    def listed(self, items: Iterable[Any]) -> list[Any]:
        """A list of what is made only when it is asked for."""
        made: list[Any] = []
        for item in self.each(items):
            made.append(item)
            if len(made) * _ITEM > self._left:
                raise too_much("does too much")
        return made

    def text(self, value: Any) -> str:
        """A value as a template prints it: text as it is, all else as JSON writes it. It is not charged for yet."""
        if isinstance(value, str):
            return value
        self.afford(value)
        return json.dumps(value, ensure_ascii=False, default=_listed)

    def joined(self, values: Iterable[Any], separator: str = "") -> str:
        """The values' texts in one, charged for before it is made."""
        texts = []
        for value in values:
            texts.append(self.text(value))
            self.tick(len(texts[-1]) + len(separator))
        self.step()
        return separator.join(texts)

    def afford(self, *values: object) -> None:
        """Refuse values that would be too large when they are written out."""
        if sum(map(self.weigh, values)) > self._left:
            raise too_much("does too much")

    def weigh(self, value: object) -> int:
        """Characters and items in a value; one that stands in two places is counted twice, as it would be written."""
        match value:
            case str():
                return len(value)
            case bool() | None:
                return 1
            case int():
                return _digits(value)
            case float():
                check_finite(value)
                return _NUMBER
            case _:
                return self._weigh_items(value) if isinstance(value, _HOLDING) else 1

    def _weigh_items(self, value: Any) -> int:
        if isinstance(value, range):
            return len(value) * (_ITEM + max(_digits(value.start), _digits(value.stop)))
        known = self._weights.get(id(value))
        if known is None:
            weight = _CONTAINER
            for item in [*value, *value.values()] if isinstance(value, dict) else value:
                weight += _ITEM + self.weigh(item)
                if weight > MAX_MADE:
                    raise too_much("does too much")
            known = self._weights[id(value)] = (value, weight)
        return known[1]


def check_finite(number: float) -> None:
    """Refuse what is no number in JSON."""
    if not math.isfinite(number):
        message = (
            "The template makes a number that is infinite, or none (NaN), which JSON can't write. Use smaller numbers."
        )
        raise NodeFailed("bad_template", message)


def weigh_beforehand(name: str, *args: Any, **kwargs: Any) -> None:
    """Refuse an operator, filter or method before it makes more than MAX_ITEM characters or items."""
    weigh = _WEIGHED.get(name)
    if weigh and weigh(*args, **kwargs) > MAX_ITEM:
        raise too_much("makes too much at once")


def _digits(number: int) -> int:
    """A little more than its decimal digits."""
    if number.bit_length() > _MAX_BITS:
        raise too_much("makes too large a number")
    return number.bit_length() // 3 + 1


def _listed(value: Any) -> Any:
    """What JSON does not know but a template may hold: a range, and a dict's items."""
    if isinstance(value, Undefined):
        return str(value)  # raises, and says what is missing
    if type(value) in {range, *_VIEWS}:
        return list(value)
    message = f"A {type(value).__name__} cannot be printed"
    raise TypeError(message)


def _size_of_product(left: Any, right: Any) -> float:
    if isinstance(left, int) and isinstance(right, int):
        return (left.bit_length() + right.bit_length()) * (MAX_ITEM / _MAX_BITS)
    sized, times = (left, right) if hasattr(left, "__len__") else (right, left)
    return float(len(sized) * times) if hasattr(sized, "__len__") and isinstance(times, int) else 0


def _size_of_power(base: Any, exponent: Any) -> float:
    if not isinstance(base, int) or not isinstance(exponent, int):
        return 0
    return base.bit_length() * abs(exponent) * (MAX_ITEM / _MAX_BITS)


def _size_of_sum(left: Any, right: Any) -> float:
    """Texts and lists may be larger than MAX_ITEM when they are made of smaller ones."""
    both = hasattr(left, "__len__") and hasattr(right, "__len__")
    return (len(left) + len(right)) * (MAX_ITEM / MAX_MADE) if both else 0


def _size_of_format(value: str, *args: Any, **kwargs: Any) -> float:
    """By the widths in it; one that is taken from the arguments (`%*d`) is too much by itself."""
    widths = sum(int(digits[:9]) for digits in re.findall(r"\d+", value))
    filled = sum(len(arg) if isinstance(arg, str) else _WIDEST for arg in (*args, *kwargs.values()))
    return MAX_ITEM + 1 if "*" in value else widths + len(value) + filled


def _size_of_indented(value: str, width: int | str = 4, *_: Any, **__: Any) -> float:
    return len(value) + (value.count("\n") + 1) * (width if isinstance(width, int) else len(width))


def _size_of_replaced(value: str, old: Any, new: Any, *_: Any, **__: Any) -> float:
    return len(value) + (value.count(str(old)) + 1) * len(str(new))


def _size_of_sums_start(_: Any, attribute: Any = None, start: Any = 0) -> float:
    """Lists added up are copied for each."""
    return MAX_ITEM + 1 if isinstance(start, list | tuple) or isinstance(attribute, list | tuple) else 0


def _size_of_pieces(value: str, separator: str | None = None, maxsplit: int = -1) -> float:
    pieces = value.count(separator) if separator else len(value) / 2
    return min(pieces, maxsplit) if maxsplit >= 0 else pieces


def _size_of_pieces_from_the_end(value: str, separator: str | None = None, maxsplit: int = -1) -> float:
    searched = _size_of_search(value, separator) if separator else 0
    return max(searched, _size_of_pieces(value, separator, maxsplit))


def _size_of_search(value: str, wanted: Any = "", *_: Any) -> float:
    """Where Python compares each character with each: in searches from the end, and in stripping."""
    return len(value) * len(wanted) * (MAX_ITEM / _MAX_COMPARED) if isinstance(wanted, str) else 0


def _size_of_quoted(value: Any) -> float:
    return len(value) * (3 if value.isascii() else 12) if isinstance(value, str) else 0


_WIDEST: Final = 320  # of a number that is written without an exponent
_WEIGHED: Final[Mapping[str, Callable[..., float]]] = {
    "*": _size_of_product,
    "**": _size_of_power,
    "+": _size_of_sum,
    "format": _size_of_format,
    "center": lambda _, width=80: width,
    "indent": _size_of_indented,
    "replace": _size_of_replaced,
    "batch": lambda _, linecount, fill_with=None: linecount,  # noqa: ARG005 (named as the filter's own)
    "slice": lambda _, slices, fill_with=None: slices,  # noqa: ARG005
    "round": lambda _, precision=0, method="": abs(precision) * (MAX_ITEM / _MAX_BITS),  # noqa: ARG005
    "sum": _size_of_sums_start,
    "title": len,
    "wordcount": lambda value: len(value) / 4,
    "urlencode": _size_of_quoted,
    "split": _size_of_pieces,
    "splitlines": lambda value, *_, **__: len(value),
    "rsplit": _size_of_pieces_from_the_end,
    **dict.fromkeys(("rfind", "rindex", "rpartition", "strip", "lstrip", "rstrip"), _size_of_search),
    "trim": lambda value, chars=None: _size_of_search(value, chars),
}
