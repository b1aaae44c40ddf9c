"""Which items of several streams belong together.

An item's lineage says which item of each stream that it comes from it belongs to: one number for each origin, a node
that streams, in its scope. Two items match when they agree on all origins that both have. So what is derived from one
item meets again and a dropped item never mixes its neighbours; a single value (no origin) matches every item; and
streams without a common origin go in step until the shorter ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

Scope: TypeAlias = tuple[str, ...]
"""The origins of a stream, each after those that feed it."""
Lineage: TypeAlias = tuple[int, ...]
"""For each origin of the scope, the place of the item among those that the origin sent."""


@dataclass(frozen=True, slots=True)
class Match:
    """Values that belong together, by the input that takes each."""

    lineage: Lineage
    values: dict[str, object]


class Stream(Protocol):
    """A sequence of matches, in ascending order of lineage, that comes bit by bit."""

    @property
    def scope(self) -> Scope:
        """The origins that the matches' lineages are about."""

    def head(self) -> Match | None:
        """The next match; None while there is none, or when it is over."""

    def pop(self) -> None:
        """Take the match that is the head."""

    @property
    def over(self) -> bool:
        """Whether there will never be a next match."""

    @property
    def broken(self) -> bool:
        """Whether it is over because something failed on the way."""


class Join:
    """The matches of two streams, found as they come: both are in order, so it is a merge."""

    def __init__(self, left: Stream, right: Stream, scope: Scope) -> None:
        self.scope = scope
        self._left, self._right = left, right
        self._head: Match | None = None
        common = [origin for origin in scope if origin in left.scope and origin in right.scope]
        self._left_key = _places(left.scope, common)
        self._right_key = _places(right.scope, common)
        self._sources = [_source(origin, left.scope, right.scope) for origin in scope]
        self._left_stays = set(left.scope) < set(right.scope)
        self._right_stays = set(right.scope) < set(left.scope)

    def head(self) -> Match | None:
        """The next match; what can match nothing any more is dropped on the way to it."""
        while self._head is None:  # one frame a level: hundreds of streams are joined hundreds deep
            left = self._left.head()
            right = self._right.head() if left else None
            if left is None or right is None:
                return None
            left_key = [left.lineage[place] for place in self._left_key]
            right_key = [right.lineage[place] for place in self._right_key]
            if left_key == right_key:
                self._head = self._matched(left, right)
            elif left_key < right_key:
                self._left.pop()
            else:
                self._right.pop()
        return self._head

    def pop(self) -> None:
        """Take the match. Of a stream whose items each match several, the item stays for the next."""
        self._head = None
        if not self._left_stays:
            self._left.pop()
        if not self._right_stays:
            self._right.pop()

    @property
    def over(self) -> bool:
        """With either of the two; a stream that is held for several is over when it will be taken no more."""
        return self._left.over or self._right.over

    @property
    def broken(self) -> bool:
        """A stream that came to its proper end says that no match is missing, whatever happened to the other."""
        if self._left.over and not self._left.broken:
            return False
        return self._right.broken if self._right.over else self._left.over

    def _matched(self, left: Match, right: Match) -> Match:
        both = (left.lineage, right.lineage)
        lineage = tuple(both[side][place] for side, place in self._sources)
        return Match(lineage, left.values | right.values)


def joined(streams: Sequence[Stream], order: Sequence[str]) -> Stream | None:
    """All streams as one, those with common origins first; None for no streams. `order` sorts origins."""
    alike: dict[Scope, list[Stream]] = {}
    for stream in streams:
        alike.setdefault(stream.scope, []).append(stream)
    waiting = [_halved(group) for group in alike.values()]
    whole = waiting.pop(0) if waiting else None
    while whole is not None and waiting:
        chosen = next((stream for stream in waiting if set(stream.scope) & set(whole.scope)), waiting[0])
        waiting.remove(chosen)
        origins = {*whole.scope, *chosen.scope}
        whole = Join(whole, chosen, tuple(origin for origin in order if origin in origins))
    return whole


def _halved(streams: Sequence[Stream]) -> Stream:
    """Streams of one scope as one: half with half, so that hundreds do not nest hundreds deep."""
    if len(streams) == 1:
        return streams[0]
    middle = len(streams) // 2
    return Join(_halved(streams[:middle]), _halved(streams[middle:]), streams[0].scope)


def _places(scope: Scope, origins: Sequence[str]) -> list[int]:
    return [scope.index(origin) for origin in origins]


def _source(origin: str, left: Scope, right: Scope) -> tuple[int, int]:
    """Which side knows the origin, and at which place of its lineages."""
    return (0, left.index(origin)) if origin in left else (1, right.index(origin))
