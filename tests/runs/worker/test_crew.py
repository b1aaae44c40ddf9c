"""The desk of a worker: what it does for one job leaves it fit for the next."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.db import OperationalError, connection

from runs.worker.crew import Crew

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def crew() -> AsyncIterator[Crew]:
    crew = Crew()
    yield crew
    crew.close()


async def test_a_connection_that_is_dead_is_made_anew_for_what_comes_next(crew: Crew) -> None:
    def fail() -> None:
        raise OperationalError("the connection is closed")

    assert await crew.at_desk(opened)
    with pytest.raises(OperationalError):
        await crew.at_desk(fail)
    assert await crew.at_desk(lambda: connection.connection) is None
    assert await crew.at_desk(opened)


async def test_what_nobody_waits_for_is_done_before_the_desk_is_clear(crew: Crew) -> None:
    done: list[int] = []
    for number in range(3):
        work = crew.at_desk(done.append, number)
        work.send(None)  # it is given, and nobody waits
        work.close()
    crew.clear_desk()
    assert done == [0, 1, 2]


def opened() -> Any:
    connection.ensure_connection()
    return connection.connection
