"""What the address of a list of runs asks for, in the words of REST: filters, an order, and a place in the list."""

import json
import re
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from django.http import QueryDict
from pydantic import ValidationError

from runs import filtering
from runs.pages.board import STATES, TITLES
from runs.schemas import JobQuery

NAMES: Final = ("label", "search", "batch", "submitted_after", "order", "cursor")
WORDS: Final = {"label": "label", "search": "with", "batch": "batch", "submitted_after": "since"}
ORDERS: Final = {
    "-created_at": "Newest first",
    "created_at": "Oldest first",
    "-started_at": "Started last",
    "started_at": "Started first",
    "-ended_at": "Ended last",
    "ended_at": "Ended first",
    "-duration": "Longest first",
    "duration": "Shortest first",
}
LONGEST: Final = 200
"""Characters of a value that is offered as a filter."""
_PAIR: Final = re.compile(r"\s*([^=:]+?)\s*[=:]\s*(.*?)\s*", re.DOTALL)

Pair = tuple[str, str]


class Choice(NamedTuple):
    """A link that changes what is asked for: `size` says how many runs stand behind it, where that is known."""

    name: str
    title: str
    href: str
    current: bool
    size: int | None = None


class Sort(NamedTuple):
    """The heading of a column that the list can be ordered by: `now` as `aria-sort` has it, and where a click leads."""

    title: str
    now: str
    href: str


class Chip(NamedTuple):
    """A filter that is on, and the address without it."""

    name: str
    value: str
    href: str


class Asked:
    """The query of an address. What can't be read is in `complaints`, and then nothing is to be listed.

    `titles`: what people call parameters, by name.
    """

    def __init__(self, address: QueryDict, titles: Mapping[str, str] | None = None) -> None:
        self.titles = titles or {}
        every = [(name, text) for name, texts in address.lists() for text in texts if text and "\0" not in text]
        self.pairs = [pair for pair in dict.fromkeys(every) if pair[0] in {"state", *NAMES} or _is_parameter(pair[0])]
        self.params = [
            (name.removeprefix(JobQuery.PARAMETER), text) for name, text in self.pairs if _is_parameter(name)
        ]
        self.complaints: list[str] = []
        self.query = self._read()
        if len(self.params) > filtering.MOST:
            self.complaints.append(filtering.TOO_MANY)

    @property
    def filters(self) -> bool:
        """Whether it asks for less than all runs."""
        return any(name not in {"order", "cursor"} for name, _ in self.pairs)

    @property
    def first(self) -> bool:
        """Whether it begins with the first of them."""
        return self.query.cursor is None

    @property
    def kept(self) -> list[Pair]:
        """All but the place in the list, for a form that adds to it."""
        return [pair for pair in self.pairs if pair[0] != "cursor"]

    @property
    def address(self) -> str:
        """As it was asked."""
        return _address(self.pairs)

    @property
    def unfiltered(self) -> str:
        """The address of all runs, in the same order."""
        return self._without(*[name for name, _ in self.pairs if name != "order"])

    @property
    def beginning(self) -> str:
        """The address of where the list begins."""
        return _address(self.kept)

    @cached_property
    def chips(self) -> list[Chip]:
        """The filters that are on, but for states."""
        on = [(name, text) for name, text in self.kept if name in WORDS or _is_parameter(name)]
        return [
            Chip(
                WORDS.get(name) or self._title(name.removeprefix(JobQuery.PARAMETER)),
                text,
                _address([pair for pair in self.kept if pair != (name, text)]),
            )
            for name, text in on
        ]

    @property
    def orders(self) -> list[Choice]:
        """Every order there is."""
        return [Choice(name, title, self.ordered(name), name == self.query.order) for name, title in ORDERS.items()]

    @property
    def sorts(self) -> list[Sort]:
        """The headings that order the list, each click the other way round."""
        return [self._sort("Ran", "duration"), self._sort("Submitted", "created_at")]

    @property
    def order(self) -> str:
        """What the order is called."""
        return ORDERS[self.query.order]

    def states(self, sizes: Mapping[str, int]) -> list[Choice]:
        """All, then what people call states; a choice is switched on, and off again."""
        wanted = filtering.states(self.query)
        every = Choice("all", "All", self._without("state"), not wanted, sum(sizes.values()))
        return [every, *(self._state(name, wanted, sizes) for name in STATES)]

    def ordered(self, order: str) -> str:
        """The address in this order."""
        rest = [pair for pair in self.kept if pair[0] != "order"]
        return _address(rest if order == "-created_at" else [*rest, ("order", order)])

    def with_parameter(self, name: str, value: object) -> str:
        """The address of the runs that have this value too; empty where that would be too long to write."""
        text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        added = (f"{JobQuery.PARAMETER}{name}", text)
        fits = 0 < len(text) <= LONGEST and added not in self.pairs
        return _address([*self.kept, added]) if fits else ""

    def found(self, text: str) -> str:
        """The address for what a person wrote: `seed = 42` for a parameter that there is, else what labels hold."""
        pair, names = _PAIR.fullmatch(text), self.titles
        by_title = {title.casefold(): name for name, title in names.items()} | {name.casefold(): name for name in names}
        name = by_title.get(pair[1].casefold()) if pair else None
        if pair and name and pair[2]:
            return _address([*self.kept, (f"{JobQuery.PARAMETER}{name}", pair[2])])
        rest = [each for each in self.kept if each[0] != "search"]
        return _address([*rest, ("search", text.strip()[:LONGEST])] if text.strip() else rest)

    def behind(self, cursor: str) -> str:
        """The address of the part that begins behind the cursor."""
        return _address([*self.kept, ("cursor", cursor)])

    def _read(self) -> JobQuery:
        asked: dict[str, Any] = {name: text for name, text in self.pairs if name in NAMES}
        asked["state"] = [text for name, text in self.pairs if name == "state"]
        try:
            return JobQuery.model_validate(asked)
        except ValidationError as error:
            self.complaints = [
                f"“{str(fault['input'])[:60]}” is not known as {fault['loc'][0]}." for fault in error.errors()
            ]
            return JobQuery.model_validate({})

    def _title(self, parameter: str) -> str:
        return self.titles.get(parameter, parameter)

    def _state(self, name: str, wanted: Collection[str], sizes: Mapping[str, int]) -> Choice:
        mine = STATES[name]
        current = set(mine) <= set(wanted)
        others = [pair for pair in self.kept if pair[0] != "state" or pair[1] not in mine]
        added = [] if current else [("state", str(state)) for state in mine]
        return Choice(name, TITLES[name], _address([*others, *added]), current, sizes.get(name, 0))

    def _sort(self, title: str, name: str) -> Sort:
        ways = {f"-{name}": "descending", name: "ascending"}
        now = ways.get(self.query.order, "none")
        return Sort(title, now, self.ordered(name if now == "descending" else f"-{name}"))

    def _without(self, *names: str) -> str:
        return _address([pair for pair in self.kept if pair[0] not in names])


def _is_parameter(name: str) -> bool:
    return name.startswith(JobQuery.PARAMETER)


def _address(pairs: list[Pair]) -> str:
    return f"?{urlencode(pairs)}"
