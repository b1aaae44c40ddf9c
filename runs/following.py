"""Follows one job in a terminal: what its nodes do, the text they stream, and how it ended."""

import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

import redis

from runs import tail
from runs.models import Job
from runs.states import TERMINAL
from runs.telemetry import EMPTY, NOTHING, Snapshot
from workflows.graph import Graph

LOOK_SECONDS: Final = 0.1
ERASE: Final = "\r\x1b[2K"
_OPEN: Final = frozenset({"", "waiting", "running"})
_DONE: Final = frozenset({"completed", "bypassed", "skipped"})


class Follower:
    """Says a line for each change of a status; a node's text in one piece, once the node has ended.

    With `live`, for a terminal, a last line tells meanwhile what runs and how far it is, and is written over.
    """

    def __init__(self, job: Job, say: Callable[[str], None], *, live: bool) -> None:
        self._names = _names(job.graph.loaded())
        self._say = say
        self._live = live
        self._told = tail.Standing(NOTHING, EMPTY)
        self._lines: dict[str, str] = {}
        self._texts: dict[str, int] = {}
        self._drawn = ""

    def tell(self, job: Job) -> None:
        """Says what is new since it told last."""
        now = self._read(job)
        state = self._changed(f"run #{job.number}", str(job.state))
        nodes = self._of_nodes(now)
        said = [*nodes, *state] if job.state in TERMINAL else [*state, *nodes]
        line = _meanwhile(now, self._names) if self._live and job.state not in TERMINAL else ""
        if said or line != self._drawn:
            erased = ERASE if self._drawn else ""
            self._say(erased + "".join(f"{each}\n" for each in said) + line)
            self._drawn = line

    def _read(self, job: Job) -> Snapshot:
        try:
            now = tail.told(job)
        except redis.RedisError:
            return self._told.snapshot
        if now.id.fence != self._told.id.fence:  # another attempt begins anew
            self._texts.clear()
            for name in self._names.values():
                self._lines.pop(name, None)
        self._told = now
        return now.snapshot

    def _of_nodes(self, snapshot: Snapshot) -> list[str]:
        said: list[str] = []
        for node, state in snapshot["nodes"].items():
            if state.get("status", "") not in _OPEN:
                said += self._text(node, snapshot["text"].get(node, ""))
            if not self._passing(state):
                said += self._changed(self._names.get(node, node), _status(state))
        return said

    def _passing(self, state: Mapping[str, Any]) -> bool:
        """Whether this is not worth a line of its own: on a terminal, what runs is in the last one."""
        return state.get("status", "") in (_OPEN if self._live else _OPEN - {"running"})

    def _changed(self, name: str, status: str) -> list[str]:
        if self._lines.get(name) == status:
            return []
        self._lines[name] = status
        return [f"{name}: {status}"]

    def _text(self, node: str, text: str) -> list[str]:
        new = text[self._texts.get(node, 0) :]
        self._texts[node] = len(text)
        return [new.rstrip("\n")] if new.strip() else []


def until_end(job: Job, follower: Follower | None) -> Job:
    """Waits until the job has ended, while the follower, if any, tells what it does. Answers the job as it ended."""
    while True:
        job.refresh_from_db()
        if follower:
            follower.tell(job)
        if job.state in TERMINAL:
            return job
        time.sleep(LOOK_SECONDS)


def _names(graph: Graph) -> dict[str, str]:
    """What each node is called: its title, with its id where several share that; its id where it has none."""
    titles = Counter(node.title for node in graph.nodes)
    return {
        node.id: (node.title if titles[node.title] == 1 else f"{node.title} ({node.id})") if node.title else node.id
        for node in graph.nodes
    }


def _status(state: Mapping[str, Any]) -> str:
    error = state.get("error")
    return f"{state['status']} ({error['code']}: {error['message']})" if error else str(state["status"])


def _meanwhile(snapshot: Snapshot, names: Mapping[str, str]) -> str:
    """How many nodes have ended, what each that runs is at, and the newest of their texts; as wide as the terminal."""
    nodes = snapshot["nodes"]
    done = sum(state.get("status") in _DONE for state in nodes.values())
    running = {node: state for node, state in nodes.items() if state.get("status") == "running"}
    words = [f"{done} of {len(names)}", *(_how_far(names.get(node, node), state) for node, state in running.items())]
    words += [" ".join(snapshot["text"].get(node, "")[-80:].split()) for node in running]
    return " · ".join(filter(None, words))[: shutil.get_terminal_size().columns - 1]


def _how_far(name: str, state: Mapping[str, Any]) -> str:
    done, total = state.get("progress") or (0, 0)
    return f"{name} {100 * done / total:.0f} %" if total else name
