"""Laws of the fold: however a history is cut, merged, kept and gone on with, it gives the one picture."""

import json
from collections.abc import Iterable
from functools import reduce
from typing import Any
from uuid import UUID

import pytest
import redis
from hypothesis import given, strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, precondition, rule

from runs import stream, tail, telemetry
from runs.errors import LostLease
from runs.redis import snapshot_key, stream_key
from runs.stream import Addition
from runs.tail import Entry, Piece, Standing, pieces, stand
from runs.telemetry import EMPTY, Batch, Snapshot, TelemetryId, closing, fold, merge
from tests.properties.histories import BATCHES, HISTORIES, pictured
from tests.properties.machine import Machine, bounded, play

EXAMPLES, STEPS = 30, 20
LOGS_KEPT, ENTRIES_KEPT = 3, 5
JOB = UUID(int=1)
few = bounded(examples=40)


@pytest.fixture(scope="module", autouse=True)
def little_is_kept() -> Any:
    """So few log lines, and entries beside a snapshot, that histories pass those bounds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telemetry, "LOGS_KEPT", LOGS_KEPT)
        patch.setattr(stream, "KEPT_ENTRIES", ENTRIES_KEPT)
        yield


def folded(batches: Iterable[Batch], snapshot: Snapshot = EMPTY) -> Snapshot:
    return reduce(fold, batches, snapshot)


@few
@given(HISTORIES)
def test_the_fold_is_what_the_contract_says(history: list[Batch]) -> None:
    assert pictured(history, LOGS_KEPT).shows(folded(history))


@few
@given(HISTORIES, st.data())
def test_merging_any_neighbours_gives_the_same_picture(history: list[Batch], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(history)))))
    told: Snapshot = EMPTY
    for start, end in zip([0, *cuts], [*cuts, len(history)], strict=True):
        told = fold(told, reduce(merge, history[start:end], {}))
        assert told == folded(history[:end])


@few
@given(HISTORIES, st.integers(0, 8))
def test_a_prefix_that_was_kept_goes_on_as_if_it_had_not_been(history: list[Batch], at: int) -> None:
    kept = json.loads(json.dumps(folded(history[:at])))
    assert folded(history[at:], kept) == folded(history)


@few
@given(HISTORIES, BATCHES, st.sampled_from(["failed", "cancelled"]))
def test_what_is_closed_stays_closed_and_has_lost_nothing(history: list[Batch], last: Batch, status: str) -> None:
    before = folded([*history, last])
    closed = fold(before, closing(before, status))
    assert not any(node.get("status") in {"running", "waiting"} for node in closed["nodes"].values())
    assert not any(edge.get("state") == "active" for edge in closed["edges"].values())
    assert closing(closed, status) == {"nodes": {}, "edges": {}}
    assert {**closed, "nodes": 0, "edges": 0} == {**before, "nodes": 0, "edges": 0}


@few
@given(HISTORIES, st.sets(st.integers(1, 8)), st.integers(0, 8), st.integers(0, 8))
def test_where_entries_are_gone_nothing_is_folded_over_the_gap(
    history: list[Batch], gone: set[int], kept: int, seen: int
) -> None:
    """Neither by who comes anew, and has a snapshot to go on from, nor by a reader who has seen some."""
    start = TelemetryId(1, 0)
    batches = [Entry(TelemetryId(1, seq), batch) for seq, batch in enumerate(history, 1) if seq not in gone]
    base = Standing(TelemetryId(1, min(kept, len(history))), folded(history[:kept]))
    found = stand(base, [entry for entry in batches if entry.id > base.id])
    assert found
    assert found.snapshot == folded(history[: found.id.seq])
    last = TelemetryId(1, min(seen, len(history)))
    told = pieces(last, [entry for entry in batches if entry.id > last], start.fence)
    assert (told is None) == any(last.seq < seq < batches[-1].id.seq for seq in gone if batches)
    assert not told or [fold(folded(history[:seen]), each.body) for each in told] == [folded(history[: told[0].id.seq])]


class StreamMachine(Machine):
    """A job's attempts tell batches to Redis, which loses some; whoever had any part of it comes to the whole."""

    ids: Bundle[TelemetryId] = Bundle("ids")  # whatever a reader may have seen last

    def __init__(self, valkey: redis.Redis) -> None:
        super().__init__()
        valkey.flushall()
        self.valkey = valkey
        self.last = TelemetryId(0, 0)
        self.history: list[Batch] = []
        """Of the attempt that runs."""
        self.pictures: dict[TelemetryId, Snapshot] = {}
        """What whoever was told all up to an id has; also of attempts that are over."""
        self.lost = False
        """Whether Redis has lost anything since the attempt spoke last."""

    # What workers and Redis do ----------------------------------------------------------------------------------

    @initialize(target=ids)
    def begin_first(self) -> Any:
        return self.begin()

    @rule(target=ids)
    def begin(self) -> TelemetryId:
        """An attempt begins; the one before, if any, has lost the job."""
        self.last, self.history, self.lost = TelemetryId(self.last.fence + 1, 0), [], False
        stream.begin(JOB, self.last.fence)
        return self.seen()

    @rule(target=ids, batch=BATCHES, whole=st.booleans())
    def tell(self, batch: Batch, whole: bool) -> TelemetryId:
        self.last, self.lost = self.last.next(), False
        self.history.append(batch)
        said = Addition(self.last, batch, folded(self.history), 0.5)
        if not stream.append(JOB, said, whole=whole):
            assert stream.append(JOB, said, whole=True, anew=True)
        return self.seen()

    @rule(target=ids, batches=st.lists(BATCHES, min_size=2, max_size=6))
    def tell_many(self, batches: list[Batch]) -> TelemetryId:
        for batch in batches:
            self.tell(batch, whole=False)
        return self.last

    @rule(missed=st.lists(BATCHES, min_size=1, max_size=2))
    def tell_while_it_is_away(self, missed: list[Batch]) -> None:
        """Batches that have got their ids, and that Redis never gets. The next comes with the whole."""
        for batch in missed:
            self.history.append(batch)
            self.last = self.last.next()
            self.seen()
        self.tell({}, whole=True)

    @rule()
    def remind(self) -> None:
        """The worker was silent for a while; where Redis has lost anything, it says the whole again."""
        assert stream.ends_with(JOB, self.last) == (not self.lost)
        if self.lost:
            self.tell({}, whole=True)

    @rule(what=st.sampled_from(["stream", "snapshot", "all"]))
    def lose(self, what: str) -> None:
        keys = {"stream": [stream_key(JOB)], "snapshot": [snapshot_key(JOB)]}
        self.valkey.delete(*keys.get(what, [each for both in keys.values() for each in both]))
        self.lost = True

    @precondition(lambda self: self.last.fence > 1 and self.valkey.exists(stream_key(JOB)))
    @rule(batch=BATCHES, fences=st.integers(1, 3), begins=st.booleans(), whole=st.booleans())
    def come_late(self, batch: Batch, fences: int, begins: bool, whole: bool) -> None:
        """A worker of an attempt that is over says something: Redis, if it knows of a later one, takes none of it."""
        late = TelemetryId(max(self.last.fence - fences, 1), 99)
        said = Addition(late, batch, EMPTY, 0.5)
        with pytest.raises(LostLease):
            stream.begin(JOB, late.fence) if begins else stream.append(JOB, said, whole=whole)

    def seen(self) -> TelemetryId:
        self.pictures[self.last] = folded(self.history)
        return self.last

    # What holds at all times ------------------------------------------------------------------------------------

    @rule(after=ids)
    def resume(self, after: TelemetryId) -> None:
        """A reader that was told all up to some id is told the rest, or the whole."""
        entries = [tail._entry(key, fields) for key, fields in self.entries(after)]
        told = pieces(after, entries, self.last.fence)
        picture, last = self.pictures[after], after
        for piece in told if told is not None else self.standing():
            if piece.id <= last:
                continue  # Redis has less than the reader
            picture = piece.body if piece.after is None else fold(picture, piece.body)
            assert piece.after in {None, last}
            last = piece.id
            assert picture == self.pictures[last]
        assert self.lost or last == self.last

    @invariant()
    def who_comes_anew_gets_all_there_is(self) -> None:
        found = self.standing()
        assert all(piece.body == self.pictures[piece.id] for piece in found)
        assert self.lost or [piece.id for piece in found] == [self.last]

    def standing(self) -> list[Piece]:
        found: Standing | None = tail._live(JOB)
        return [Piece(found.id, None, found.snapshot)] if found else []

    def entries(self, after: TelemetryId) -> Any:
        return self.valkey.xrange(stream_key(JOB), min=f"({after}")


@pytest.mark.timeout(300)
def test_whoever_resumes_from_anywhere_comes_to_the_one_picture(valkey: redis.Redis) -> None:
    play(lambda: StreamMachine(valkey), examples=EXAMPLES, steps=STEPS)
