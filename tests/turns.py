"""Two who write at the same time: the second has to wait for the first."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Final

from django.db import connection, transaction

LONG: Final = 0.3
"""Seconds in which it would be done if nothing held it up."""


@contextmanager
def before(act: Callable[[], object]) -> Iterator[None]:
    """What is done in the block is committed only after somebody else has come to do this, who then goes on.

    Raises what that raises.
    """
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            yield
            other = threads.submit(_done, act)
            wait([other], LONG)
            assert not other.done(), "nothing held it up"
        other.result()


def _done(act: Callable[[], object]) -> None:
    try:
        act()
    finally:
        connection.close()
