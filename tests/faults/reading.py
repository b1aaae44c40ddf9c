"""Readers of a socket that take nothing from it for a while."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Final

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.faults.scene import Scene
from tests.faults.wild import send_wild
from tests.live.product import Json, ended
from tests.live.program import Program
from tests.waiting import eventually

SEND_PATIENCE: Final = 30.0
"""Seconds that a frame waits for its reader, where the setting does not say otherwise."""
TOO_SLOW: Final = 4429
READERS: Final = 5
"""Of each kind: who goes on soon, and who does so too late."""
TOLD_SECONDS: Final = 3.0
"""How long the job tells a megabyte a second."""
TOLD_WITHIN: Final = 5.0
"""Seconds: well under 1 on a machine that is not busy; 3.6 was seen beside four such scenes on two processors."""
MOST_MORE: Final = 128 * 1024**2
"""Bytes that the web process may need for all of them, more than before."""
PROMISE: Final = "readers that stall harm nobody, and get all or are closed"


def stop_reading(scene: Scene) -> float:
    """Readers of a job that tells much stop reading; some go on soon, some too late. When they stopped."""
    (web,) = scene.product.processes("web")
    before = web.memory_info().rss
    job = send_wild(scene, "chatter", TOLD_SECONDS)
    since, attentive = time.monotonic(), Attentive(scene, job)
    patience = float(scene.ground.settings.get("SEND_PATIENCE", SEND_PATIENCE))
    with ExitStack() as stack:
        soon, late = ([stack.enter_context(_stalled(scene, job)) for _ in range(READERS)] for _ in range(2))
        ended(scene.client, job)
        attentive.join(TOLD_WITHIN)
        if attentive.is_alive():
            scene.wrong[PROMISE].append(f"who read was not told of the end of {job['id']} within {TOLD_WITHIN} s")
        more = web.memory_info().rss - before
        for reader in soon:
            _go_on(scene, job, reader)
        eventually(lambda: time.monotonic() > since + patience + TOLD_SECONDS, 2 * patience)
        more = max(more, web.memory_info().rss - before)
        for reader in late:
            _go_on(scene, job, reader)
    if more > MOST_MORE:
        scene.wrong[PROMISE].append(f"the web process needed {more:,} bytes more")
    return since


class Attentive(threading.Thread):
    """Reads all along, until it is told of the job's end."""

    def __init__(self, scene: Scene, job: Json) -> None:
        super().__init__(name="attentive", daemon=True)
        self._scene, self._job = scene, job
        self.start()

    def run(self) -> None:
        program = Program(self._scene.product, self._scene.client, self._job)
        with _wrong_is_told(self._scene, self._job, program):
            _read(program)


@contextmanager
def _stalled(scene: Scene, job: Json) -> Iterator[ClientConnection]:
    """A reader that was let in and takes no more than its few buffers hold."""
    program = Program(scene.product, scene.client, job)
    with closing(socket.socket()) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", scene.product.port))
        with connect(
            program.address,
            sock=line,
            additional_headers=program.headers,
            max_queue=1,
            max_size=None,
            ping_interval=None,
            close_timeout=0.1,
        ) as reader:
            yield reader


def _go_on(scene: Scene, job: Json, reader: ClientConnection) -> None:
    """It reads all that there is for it, each update on what it had. If it is closed, it comes back for the rest."""
    program = Program(scene.product, scene.client, job)
    with _wrong_is_told(scene, job, program):
        with suppress(ConnectionClosed):
            while not program.has_ended:
                program.take(reader)
        if not program.has_ended:
            assert reader.close_code == TOO_SLOW, reader.close_code
            _read(program)


@contextmanager
def _wrong_is_told(scene: Scene, job: Json, program: Program) -> Iterator[None]:
    try:
        yield
    except (AssertionError, WebSocketException, OSError) as error:
        scene.wrong[PROMISE].append(f"who read {job['id']} had {program.kinds}, then {error!r}")


def _read(program: Program) -> None:
    with connect(
        f"{program.address}?after={program.last}", additional_headers=program.headers, max_size=None
    ) as reader:
        while not program.has_ended:
            program.take(reader)
