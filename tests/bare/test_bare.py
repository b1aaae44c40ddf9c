"""README's two commands for an ordinary user in a clean home, and on machines that lack what most have."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect
from websockets.typing import Origin

from tests import factories
from tests.bare.conftest import locked_home
from tests.bare.forwarder import forwarded
from tests.bare.machine import ENDS_WITHIN, SETS_UP_WITHIN, Machine, Running, running
from tests.live.product import Json, ended, make_workflow, submit

pytestmark = pytest.mark.timeout(2 * SETS_UP_WITHIN)

WORSE: dict[str, Callable[[Machine], Machine]] = {
    "as most are": lambda machine: machine,
    "umask 077": lambda machine: replace(machine, umask=0o077),
    "HOME that may not be written": lambda machine: replace(machine, home=locked_home(machine.folder)),
    "no /dev/shm": lambda machine: replace(machine, shared_memory=False),
}


def runs_a_job(loupe: Running) -> bool:
    with loupe.client() as client:
        workflow = make_workflow(client, factories.TEXT["nodes"], factories.TEXT["edges"])
        job = ended(client, submit(client, workflow, params={"word": "here"}))
    return bool((job["state"], job["outputs"]) == ("completed", {"echo": "here"}))


@pytest.mark.parametrize("worse", WORSE.values(), ids=WORSE.keys())
def test_make_run_comes_up_runs_a_job_and_ends_in_time(machine: Machine, worse: Callable[[Machine], Machine]) -> None:
    with running(worse(machine)) as loupe:
        assert runs_a_job(loupe)
        assert loupe.stop() < ENDS_WITHIN
    assert loupe.printed().endswith("Loupe has stopped.\n")


def test_make_run_sets_up_on_the_worst_of_machines(worst: Machine) -> None:
    with running(worst, SETS_UP_WITHIN) as loupe:
        assert runs_a_job(loupe)
        assert loupe.stop() < ENDS_WITHIN


def test_make_test_sets_up_and_tests(machine: Machine) -> None:
    code, printed = machine.run("make", "test", "only=tests/workflows/test_engine.py tests/live/test_commands.py")

    assert code == 0, printed
    assert re.search(r"^=+ \d+ passed in ", printed, re.MULTILINE)


def test_a_folder_that_may_not_be_written_is_said_in_a_sentence(machine: Machine) -> None:
    code, printed = machine.run("make", "run", DATA_DIR="/proc/loupe")

    assert code != 0
    assert "Traceback" not in printed
    assert "DATA_DIR" in printed


def test_a_forwarded_port_serves_as_well_as_its_own(machine: Machine) -> None:
    with running(machine) as loupe, forwarded(loupe.port) as port:
        base = f"http://localhost:{port}"
        with httpx.Client(base_url=base, headers={"Origin": base}, timeout=30) as browser:
            sign_in(browser, loupe.link)
            workflow = post(browser, "/api/v1/workflows", name="echo", graph=factories.TEXT)
            job = post(browser, f"/api/v1/workflows/{workflow['id']}/jobs", params={"word": "x"})
            cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        address = f"ws://localhost:{port}/ws/v1/jobs/{job['id']}"
        with connect(address, origin=Origin(base), additional_headers={"Cookie": cookies}) as socket:
            assert json.loads(socket.recv(30))["job_id"] == job["id"]


def post(browser: httpx.Client, path: str, **body: Any) -> Json:
    """As a page does it, with the session's token against forgery."""
    token = next(value for name, value in browser.cookies.items() if name.startswith("loupe_csrf"))
    answer = browser.post(path, json=body, headers={"X-CSRFToken": token})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def sign_in(browser: httpx.Client, link: str) -> None:
    """Presses the button of the page that the link opens."""
    path = httpx.URL(link).path
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(path).text)
    assert token
    answer = browser.post(path, data={"csrfmiddlewaretoken": token[1]})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/"), answer.text
