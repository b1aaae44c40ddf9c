"""A process that dies while it makes a batch leaves nothing of it, and nobody ever sees a part."""

import signal
import sqlite3
import threading
from contextlib import closing, suppress

import httpx

from tests import factories
from tests.live.product import Product, make_workflow
from tests.waiting import eventually

MANY = 5000


def rows(product: Product) -> int:
    """The jobs that are in the database, whoever may see them."""
    with closing(sqlite3.connect(product.data_dir / "loupe.sqlite3")) as database:
        return int(database.execute("SELECT COUNT(*) FROM runs_job").fetchone()[0])


def test_a_web_process_killed_in_the_middle_of_a_batch_leaves_nothing_of_it(product: Product) -> None:
    with product.client() as client:
        workflow = make_workflow(client, factories.TEXT["nodes"], factories.TEXT["edges"])
        path = f"/workflows/{workflow}/batches"

        def make() -> None:
            with suppress(httpx.HTTPError):
                client.post(path, json={"axes": {}, "repeat": MANY, "confirm": True}, timeout=60)

        maker = threading.Thread(target=make)
        maker.start()
        eventually(lambda: rows(product) > 200, 30)
        product.signal("web", signal.SIGKILL)
        maker.join()
        assert 200 < rows(product) < MANY

    eventually(product.answers, 60)
    with product.client() as client:
        assert client.get("/jobs").json()["items"] == []
        assert client.get("/queue").json()["waiting"] == 0
        eventually(lambda: rows(product) == 0, 60)
        made = client.post(path, json={"axes": {}, "repeat": 3}).json()["jobs"]
        assert [job["number"] for job in made] == [1, 2, 3]
