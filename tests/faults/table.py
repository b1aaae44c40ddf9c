"""The faults, each a name and what it does to a scene."""

import fcntl
import signal
import sqlite3
import time
from contextlib import closing, suppress
from functools import partial
from typing import Final, Literal

import psutil
import redis

from tests.faults.grounds import low_limits, own_clock, postgres, relayed, small_disk
from tests.faults.reading import stop_reading
from tests.faults.scene import LEASE, RECOVERS_WITHIN, Fault, Scene
from tests.faults.wild import run_wild
from tests.live.product import alive, command_line
from tests.waiting import eventually

LONGER_THAN_A_LEASE: Final = LEASE + 1.0
REDIS_AWAY: Final = 30.0
AN_HOUR: Final = 3600


def kill(role: str, scene: Scene) -> None:
    """One process of this role, at random, with SIGKILL."""
    scene.kill(_one(scene, role))


def kill_workers(scene: Scene) -> None:
    """All workers at once."""
    scene.kill(*scene.product.processes("worker"))


def stop(role: str, scene: Scene) -> None:
    """One process of this role stands still for longer than a lease, and may go on then if it is still there."""
    _stand_still(_one(scene, role))


def kill_all(scene: Scene) -> None:
    """The supervisor is killed, with whom all of it goes, and started again."""
    before = scene.product.processes()
    scene.product.kill()
    eventually(lambda: not alive(before))
    scene.product.start()


def stop_supervisor(scene: Scene) -> None:
    """It stands still until its watchdog has ended all of it, and is started again."""
    before = scene.product.processes()
    scene.product.supervisor.suspend()
    eventually(lambda: not alive(before), 40)
    scene.product.kill()
    scene.product.start()


def freeze_all(scene: Scene) -> None:
    """The machine sleeps for longer than a lease."""
    _stand_still(scene.product.supervisor, *scene.product.processes())


def deploy(scene: Scene) -> None:
    """SIGTERM, and started again."""
    scene.product.stop()
    scene.product.start()


def empty_redis(scene: Scene) -> None:
    """All that Redis holds is gone."""
    with closing(redis.Redis.from_url((scene.product.data_dir / "valkey" / "url").read_text().strip())) as store:
        store.flushall()


def restart_redis(scene: Scene) -> None:
    """Valkey is asked to end, and started again by the supervisor."""
    scene.product.signal("valkey", signal.SIGTERM)


def keep_redis_away(scene: Scene) -> None:
    """Valkey is killed whenever it comes up, for half a minute."""
    until = time.monotonic() + REDIS_AWAY
    while time.monotonic() < until:
        scene.kill(*scene.product.processes("valkey"))
        time.sleep(0.05)  # that it is away for so long is the fault


def hold_turn(scene: Scene) -> None:
    """Somebody takes the writers' turn, and keeps it for longer than a lease."""
    with (scene.product.data_dir / "loupe.sqlite3.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        time.sleep(LONGER_THAN_A_LEASE)  # that it is held for so long is the fault


def lock_database(scene: Scene) -> None:
    """A program that knows no turns holds SQLite's write lock for longer than a lease."""
    with closing(sqlite3.connect(scene.product.data_dir / "loupe.sqlite3", timeout=30)) as database:
        database.execute("BEGIN IMMEDIATE")
        time.sleep(LONGER_THAN_A_LEASE)  # that it is held for so long is the fault
        database.rollback()


def fill_disk(scene: Scene) -> None:
    """Not a byte can be written for longer than a lease."""
    filler = scene.product.data_dir / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(65536)):
            pass
    time.sleep(LONGER_THAN_A_LEASE)  # that it is full for so long is the fault
    filler.unlink()


def kill_postgres(scene: Scene) -> None:
    """One of its sessions is killed, whereupon PostgreSQL ends all of them and recovers."""
    folder = scene.product.environment["DATABASE_URL"].removeprefix("postgres://loupe@").rpartition("/")[0].lstrip("/")
    (server,) = [each for each in psutil.process_iter() if f"/{folder}/data" in command_line(each).split()]
    scene.kill(scene.random.choice([each for each in server.children() if " loupe " in command_line(each)]))


def step_clock(scene: Scene) -> None:
    """The clock on the wall goes an hour, or two, forwards or backwards."""
    clock = scene.ground.clock
    assert clock
    clock.step(scene.random.choice([off for off in (-AN_HOUR, 0, AN_HOUR) if off != clock.off]))


def cut_off(role: str, server: Literal["redis", "database"], scene: Scene) -> None:
    """One process of this role cannot reach this server for longer than a lease: it is refused, or not heard."""
    process = _one(scene, role)
    relay = scene.ground.redis if server == "redis" else scene.ground.database
    assert relay
    with relay.without(process, silent=scene.random.random() < 0.5):
        time.sleep(LONGER_THAN_A_LEASE)  # that it is cut off for so long is the fault
    if role == "worker":
        scene.restore_cap()  # with a slot for each, this one has a job soon as well
        back = time.monotonic()
        eventually(lambda: not alive([process]) or scene.has_begun(back, process.pid), RECOVERS_WITHIN)


FAULTS: Final[dict[str, Fault]] = {
    "kill-worker": partial(kill, "worker"),
    "kill-workers": kill_workers,
    "kill-pool": partial(kill, "pool"),
    "kill-watchdog": partial(kill, "watchdog"),
    "kill-web": partial(kill, "web"),
    "kill-valkey": partial(kill, "valkey"),
    "kill-all": kill_all,
    "stop-worker": partial(stop, "worker"),
    "stop-pool": partial(stop, "pool"),
    "stop-supervisor": stop_supervisor,
    "sleep": freeze_all,
    "empty-redis": empty_redis,
    "restart-redis": restart_redis,
    "redis-away": keep_redis_away,
    "hold-turn": hold_turn,
    "lock-database": lock_database,
    "fill-disk": fill_disk,
    "kill-postgres": kill_postgres,
    "step-clock": step_clock,
    "cut-worker-redis": partial(cut_off, "worker", "redis"),
    "cut-worker-database": partial(cut_off, "worker", "database"),
    "cut-pool-redis": partial(cut_off, "pool", "redis"),
    "cut-pool-database": partial(cut_off, "pool", "database"),
    "hang": partial(run_wild, "hang"),
    "leak": partial(run_wild, "leak"),
    "fork": partial(run_wild, "fork"),
    "print": partial(run_wild, "print"),
    "stop-reading": stop_reading,
    "deploy": deploy,
}
GROUNDS: Final = {
    "fill-disk": small_disk,
    "kill-postgres": postgres,
    "step-clock": own_clock,
    **dict.fromkeys(("cut-worker-redis", "cut-worker-database", "cut-pool-redis", "cut-pool-database"), relayed),
    **dict.fromkeys(("hang", "leak", "fork", "print"), low_limits),
}
"""What must be under the installation for these."""
KILLS: Final = {"kill-worker": 60, "kill-pool": 10, "kill-watchdog": 10, "kill-web": 10, "kill-valkey": 10}
"""How often each comes in a long run."""


def _stand_still(*processes: psutil.Process) -> None:
    """Those that are still there stand still for longer than a lease, and go on then if they still are."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    time.sleep(LONGER_THAN_A_LEASE)  # that they stand still for so long is the fault
    for process in reversed(processes):
        with suppress(psutil.NoSuchProcess):
            process.resume()


def _one(scene: Scene, role: str) -> psutil.Process:
    found: list[psutil.Process] = []

    def is_there() -> bool:
        found[:] = scene.product.processes(role)
        return bool(found)

    eventually(is_there)
    return scene.random.choice(sorted(found, key=lambda process: process.pid))
