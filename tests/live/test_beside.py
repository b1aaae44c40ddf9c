"""What an installation keeps is in its own folder: others run beside it, and without the folder it is new."""

import shutil
from collections.abc import Iterator

import httpx
import pytest

from tests.live.product import Product, ended, make_workflow, submit

NODES = [{"id": "wait", "type": "control.wait", "properties": {"seconds": 0.1}}]


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Another installation, with a port and a folder of its own, its database in there."""
    beside = Product(tmp_path_factory.mktemp("beside"), DATABASE_URL="")
    try:
        yield beside.start()
    finally:
        beside.end()


def workflows(client: httpx.Client) -> set[str]:
    return {item["id"] for item in client.get("/workflows").json()["items"]}


def test_two_installations_run_side_by_side(product: Product, rest: httpx.Client, beside: Product) -> None:
    mine = make_workflow(rest, NODES, [])
    with beside.client() as other:
        theirs = make_workflow(other, NODES, [])
        jobs = [(rest, submit(rest, mine)), (other, submit(other, theirs))]

        assert [ended(client, job)["state"] for client, job in jobs] == ["completed", "completed"]
        assert (mine in workflows(other), theirs in workflows(other)) == (False, True)
        token = {"Authorization": other.headers["Authorization"]}
        assert rest.get("/me", headers=token).status_code == 401
    cookies = [set(httpx.get(each.link).cookies) for each in (product, beside)]
    assert cookies[0].isdisjoint(cookies[1]), "cookies know no ports"


def test_removing_the_data_folder_resets_everything(beside: Product) -> None:
    with beside.client() as before:
        make_workflow(before, NODES, [])
        token = before.headers["Authorization"]
    beside.stop()
    shutil.rmtree(beside.data_dir)
    beside.start()

    with beside.client() as after:
        assert after.get("/me", headers={"Authorization": token}).status_code == 401
        assert workflows(after) == set()
