"""The product as people run it, from the command to the commands beside it."""

import functools
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx

from tests.live.product import ROOT, Json, Product, ended, make_workflow, submit
from tests.waiting import eventually


def wait_node(seconds: float) -> dict[str, object]:
    return {"id": "wait", "type": "control.wait", "properties": {"seconds": seconds}}


def has_workers(product: Product, count: int) -> bool:
    return len(product.processes("worker")) == count


def test_the_link_that_is_printed_opens_a_page(product: Product) -> None:
    answer = httpx.get(product.link)
    assert answer.status_code == 200
    assert product.link.startswith(product.base)


def test_it_says_that_it_is_ready(product: Product) -> None:
    eventually(lambda: httpx.get(f"{product.base}/readyz").status_code == 200)


def test_the_doctor_finds_nothing_wrong(product: Product) -> None:
    eventually(lambda: httpx.get(f"{product.base}/readyz").status_code == 200)
    assert "wrong" not in product.command("doctor")


def test_a_job_is_done_by_a_worker_process(rest: httpx.Client) -> None:
    job = submit(rest, make_workflow(rest, [wait_node(0.1)], []))
    assert ended(rest, job)["state"] == "completed"


def test_a_part_of_a_workflow_runs_on_what_another_process_has_made_and_equal_work_is_served(
    rest: httpx.Client,
) -> None:
    noise = {"id": "noise", "type": "image.noise", "cache": "forever", "properties": {"width": 32, "height": 32}}
    edges = [{"id": "e1", "source": "noise", "output": "image", "target": "wait", "input": "value"}]
    workflow = make_workflow(rest, [noise, wait_node(0.0)], edges)

    def cached(job: Json) -> list[str]:
        told = rest.get(f"/jobs/{job['id']}/telemetry").json()["snapshot"]["nodes"]
        return [node for node, fields in told.items() if fields.get("cached")]

    first = ended(rest, submit(rest, workflow))
    picture = rest.get(f"/workflows/{workflow}/assets?node=noise").json()["items"][0]
    rest.put(f"/workflows/{workflow}/nodes/noise/choice", json={"asset_id": picture["id"]})
    part = ended(rest, submit(rest, workflow, scope={"mode": "from", "nodes": ["wait"], "from_job": first["id"]}))
    again = ended(rest, submit(rest, workflow))

    assert [job["state"] for job in (first, part, again)] == ["completed"] * 3
    assert [cached(job) for job in (first, part, again)] == [[], ["noise"], ["noise"]]
    made = rest.get(f"/jobs/{part['id']}/assets").json()["items"]
    assert [(asset["node"], asset["sha256"]) for asset in made] == [("wait", picture["sha256"])]
    assert rest.delete(f"/assets/{picture['id']}").status_code == 409


def test_a_cancelled_job_ends_soon(rest: httpx.Client) -> None:
    job = submit(rest, make_workflow(rest, [wait_node(60)], []))
    eventually(lambda: rest.get(f"/jobs/{job['id']}").json()["state"] == "running")
    assert rest.post(f"/jobs/{job['id']}/cancellation").status_code == 202
    assert ended(rest, job, 5.0)["state"] == "cancelled"


def test_the_pool_follows_the_cap(product: Product) -> None:
    with product.client("chief", "admin", "--superuser") as chief:
        for cap in (6, 2, 4):
            assert chief.patch("/queue", json={"cap": cap}).status_code == 200
            eventually(functools.partial(has_workers, product, cap))
        chief.patch("/queue", json={"cap": None})


def test_a_pool_of_its_own_works_beside_and_ends_when_told(product: Product) -> None:
    beside = subprocess.Popen(
        [sys.executable, "manage.py", "workers", "--count", "1"], cwd=ROOT, env=product.environment
    )
    with product.client("chief", "admin", "--superuser") as chief:

        def pids() -> set[int]:
            return {worker["pid"] for worker in chief.get("/queue").json()["workers"]}

        eventually(lambda: pids() - {process.pid for process in product.processes("worker")})
        beside.terminate()
        assert beside.wait(20) == 0
        eventually(lambda: not pids() - {process.pid for process in product.processes("worker")})


def test_nothing_that_it_keeps_can_be_read_by_others(product: Product) -> None:
    def is_readable(path: Path) -> bool:
        with suppress(FileNotFoundError):  # a run that has ended is just cleared up
            return path.is_file() and bool(path.stat().st_mode & 0o077)
        return False

    assert not [path for path in product.data_dir.rglob("*") if is_readable(path)]
