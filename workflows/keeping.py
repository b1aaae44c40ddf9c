"""Pure nodes that ask for it are served what equal calls of them made before."""

import hashlib
import inspect
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from workflows.host import Host, Made
from workflows.plan import Step
from workflows.registry import NodeType

MOST: Final = 100
"""A call that makes more values than this is not kept."""


class Keeping:
    """What one node keeps of its calls, and gets back. `asked` is false for most nodes, which do neither."""

    def __init__(self, step: Step, host: Host) -> None:
        cache = step.node.cache
        self.asked = step.type.pure and cache not in {None, "never", 0}
        self._age = cache if isinstance(cache, int | float) else None
        self._type = step.type
        self._host = host
        self._key: str | None = None
        self._made: list[Made] = []
        self._served = self._called = 0

    @property
    def served(self) -> bool:
        """Whether all that the node made came from before."""
        return self._served > 0 and not self._called

    async def made_before(self, arguments: Mapping[str, object]) -> list[Made] | None:
        """What an equal call made; None when the function has to be called."""
        self._made = []
        self._key = await self._host.key(_revision(self._type), arguments)
        made = await self._host.recall(self._key, self._age) if self._key else None
        if made is not None and {each.output for each in made} <= _outputs(self._type):
            self._served += 1
            return made
        self._called += 1
        return None

    def note(self, place: int, output: str, value: object) -> None:
        """The call has made this."""
        if self._key and len(self._made) <= MOST:
            self._made.append(Made(place, output, value))

    async def remember(self) -> None:
        """The call has come to a good end."""
        if self._key and len(self._made) <= MOST:
            await self._host.remember(self._key, self._made)


def _outputs(declared: NodeType) -> set[str]:
    return {output.name for output in ((declared.keeps,) if declared.keeps else declared.outputs)}


def _revision(declared: NodeType) -> str:
    """Changes with the type's name, and with the module that its function is written in."""
    return f"{declared.type} {_digest(declared.function.__module__)}"


@lru_cache(maxsize=256)
def _digest(module: str) -> str:
    try:
        return hashlib.sha256(inspect.getsource(sys.modules[module]).encode()).hexdigest()
    except (OSError, TypeError, KeyError):  # it has no source at hand
        return ""
