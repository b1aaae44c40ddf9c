"""What must hold beside `test_faults`, whatever part of it is killed or stopped: every job ends exactly once."""

import fcntl
import sqlite3
from contextlib import closing
from uuid import UUID

import httpx
import psutil

from tests.live.product import LAST_STATES, Json, Product, alive, ended, make_workflow, running, submit
from tests.waiting import eventually

ENDS_WITHIN = 60.0


def wait_for(client: httpx.Client, seconds: float, jobs: int = 1) -> list[Json]:
    """Jobs that take so long, of which the first runs."""
    node = {"id": "wait", "type": "control.wait", "properties": {"seconds": seconds}}
    workflow = make_workflow(client, [node], [])
    made = [submit(client, workflow) for _ in range(jobs)]
    running(client, made[0])
    return made


def ends_of(product: Product, job: Json) -> list[str]:
    """The terminal states that the job's history has."""
    with closing(sqlite3.connect(product.data_dir / "loupe.sqlite3")) as database:
        steps = database.execute("SELECT to_state FROM runs_jobtransition WHERE job_id = ?", (UUID(job["id"]).hex,))
        return [state for (state,) in steps if state in LAST_STATES]


def lease_has_long_run_out(product: Product, job: Json) -> bool:
    """Whether the job's lease has been over for two seconds, by the database's clock."""
    with closing(sqlite3.connect(product.data_dir / "loupe.sqlite3")) as database:
        (over,) = database.execute(
            "SELECT lease_until < strftime('%Y-%m-%d %H:%M:%f', 'now', '-2 seconds') FROM runs_job WHERE id = ?",
            (UUID(job["id"]).hex,),
        ).fetchone()
    return bool(over)


def assert_completed_once(
    product: Product, client: httpx.Client, jobs: list[Json], attempts: int | None = None
) -> None:
    for job in jobs:
        found = ended(client, job, ENDS_WITHIN)
        assert found["state"] == "completed", found
        assert ends_of(product, job) == ["completed"]
    if attempts is not None:
        assert client.get(f"/jobs/{jobs[0]['id']}").json()["attempts"] == attempts


def worker_of(product: Product, client: httpx.Client, job: Json) -> psutil.Process:
    name = client.get(f"/jobs/{job['id']}").json()["worker"]
    (worker,) = [process for process in product.processes("worker") if name in process.cmdline()]
    return worker


def test_workers_are_ended_before_their_leases_pass_on_when_the_database_stalls(
    product: Product, client: httpx.Client
) -> None:
    jobs = wait_for(client, 4.0)
    worker = worker_of(product, client, jobs[0])
    with (product.data_dir / "loupe.sqlite3.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        eventually(lambda: not alive([worker]), 3)
    assert_completed_once(product, client, jobs)


def test_all_of_it_frozen_for_longer_than_a_lease_goes_on_where_it_was(product: Product, client: httpx.Client) -> None:
    jobs = wait_for(client, 6.0)
    everything = [product.supervisor, *product.processes()]
    for process in everything:
        process.suspend()
    eventually(lambda: lease_has_long_run_out(product, jobs[0]), 20)  # the machine sleeps
    for process in reversed(everything):
        process.resume()
    assert_completed_once(product, client, jobs, attempts=1)


def test_all_of_it_killed_goes_on_at_the_next_start_without_waiting_for_leases(unstarted: Product) -> None:
    unstarted.environment["LEASE_SECONDS"] = "600"
    product = unstarted.start()
    with product.client() as client:
        jobs = wait_for(client, 4.0, jobs=6)
        everything = product.processes()
        product.kill()
        eventually(lambda: not alive(everything))
        product.start()
        assert_completed_once(product, client, jobs, attempts=2)


def test_a_job_that_needs_too_much_memory_fails_and_the_others_go_on(unstarted: Product) -> None:
    unstarted.environment["WORKER_MEMORY_BYTES"] = str(256 * 1024**2)
    product = unstarted.start()
    with product.client() as client:
        noise = {"id": "noise", "type": "image.noise", "properties": {"width": 8192, "height": 7800}}
        greedy = submit(client, make_workflow(client, [noise], []))
        others = wait_for(client, 3.0)
        found = ended(client, greedy, ENDS_WITHIN)
        assert found["error"]["code"] == "memory_limit"
        assert "WORKER_MEMORY_BYTES" in found["error"]["message"]
        assert_completed_once(product, client, others, attempts=1)
