"""However often a reader is dropped, hints are lost and entries merged: it ends with exactly what was told."""

import random
from typing import Any

import pytest

from accounts.models import User
from runs import gate
from tests import factories
from tests.runs.followers import Attempt, Reader, act, following, submitted

NODES = ("word", "out")


def batch(chance: random.Random, number: int) -> dict[str, Any]:
    """Something of every kind that a batch can carry, so that a loss, a repetition or a swap shows."""
    node = chance.choice(NODES)
    kinds: dict[str, Any] = {
        "nodes": {node: chance.choice([{"progress": [number, 99]}, {"progress": None}, {"elapsed_ms": number}])},
        "text": {node: f"{number},"},
        "logs": [{"at": number}],
        "products": [{"id": number, "job_id": "j", "workflow_id": "w"}],
        "values": {node: {"value": chance.choice([number, None])}},
        "edges": {"e1": {"count": number}},
    }
    return {kind: kinds[kind] for kind in chance.sample(sorted(kinds), chance.randint(1, 3))}


def tell_some(attempt: Attempt, chance: random.Random, numbers: range) -> None:
    for number in numbers:
        attempt.tell(batch(chance, number), whole=chance.random() < 0.2, hint=chance.random() < 0.8)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("valkey")
@pytest.mark.parametrize("seed", range(5))
async def test_any_drops_and_any_losses_end_in_exactly_what_was_told(ada: User, seed: int) -> None:
    chance = random.Random(seed)
    job = await act(lambda: submitted(factories.workflow(ada)))
    attempt = await act(Attempt.of, job)
    reader = Reader()
    told = 0
    for turn in range(8):
        async with following(job, reader):
            for _ in range(chance.randint(0, 3)):
                count = chance.randint(1, 12)
                await act(tell_some, attempt, chance, range(told, told + count))
                told += count
                if chance.random() < 0.5:
                    await reader.until(lambda r: r.last is not None)
        await act(tell_some, attempt, chance, range(told, told + 3))
        told += 3
        if turn == 4:
            await act(gate.hand_back, job.pk, attempt.claim.fence, by="w1")
            attempt = await act(Attempt.of, job)
    async with following(job, reader):
        await reader.until(lambda r: r.last == str(attempt.last))
        await act(attempt.finish)
        await reader.until(lambda r: r.state == "completed")
    assert reader.snapshot == attempt.snapshot
    assert reader.kinds()[-1] == "job"
