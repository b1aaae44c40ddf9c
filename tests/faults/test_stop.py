"""Loupe stops when it is told to, when nobody is left to tell it, and leaves nothing behind."""

import os
import pty
import signal
import subprocess
import sys
import time

import httpx
import psutil
import pytest

from tests.live.product import Json, Product, alive, make_workflow, running, submit
from tests.waiting import eventually

STOPS_WITHIN = 10.0
LAUNCHER = "import subprocess, sys; subprocess.run([sys.executable, 'manage.py', 'run', '--with-parent'])"


def waiting_job(client: httpx.Client) -> Json:
    """A job that runs and will for a minute."""
    node = {"id": "wait", "type": "control.wait", "properties": {"seconds": 60}}
    return running(client, submit(client, make_workflow(client, [node], [])))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_of_it_and_hands_the_job_back(product: Product, number: signal.Signals) -> None:
    with product.client() as client:
        job = waiting_job(client)
    processes = product.processes()
    assert product.stop(number) < STOPS_WITHIN
    assert not alive(processes)
    code = f"from runs.models import Job; job = Job.objects.get(pk='{job['id']}'); print(job.state, job.attempts)"
    assert product.command("shell", "-v0", "-c", code) == "queued 0"


def test_a_second_ctrl_c_hastens_the_end(unstarted: Product) -> None:
    unstarted.environment["DRAIN_SECONDS"] = "60"
    product = unstarted.start()
    with product.client() as client:
        waiting_job(client)
    processes = product.processes()
    product.supervisor.send_signal(signal.SIGINT)
    eventually(lambda: "Stopping" in product.printed())
    began = time.monotonic()
    while not product.has_ended():
        product.supervisor.send_signal(signal.SIGINT)
        time.sleep(0.1)
        assert time.monotonic() - began < STOPS_WITHIN
    eventually(lambda: not alive(processes))


def test_killed_it_leaves_no_process_behind(product: Product) -> None:
    with product.client() as client:
        waiting_job(client)
    processes = product.processes()
    assert len(processes) > 5
    product.kill()
    eventually(lambda: not alive(processes))


def test_stopped_it_is_ended_by_its_watchdog(product: Product) -> None:
    processes = product.processes()
    product.supervisor.suspend()
    eventually(lambda: not alive(processes), 40)
    eventually(product.has_ended)


def test_it_can_be_started_again_at_once_after_it_was_killed(product: Product) -> None:
    product.kill()
    product.start()
    assert product.stop() < STOPS_WITHIN


def test_it_stops_when_its_terminal_goes_away(unstarted: Product) -> None:
    keyboard, terminal = pty.openpty()
    supervisor = unstarted.launch_on(terminal)
    os.close(terminal)
    read_until(keyboard, b"/sign-in/")
    processes = psutil.Process(supervisor.pid).children(recursive=True)
    os.close(keyboard)
    assert supervisor.wait(STOPS_WITHIN + 5) == 0
    assert not alive(processes)


def test_it_ends_with_the_process_that_started_it(unstarted: Product) -> None:
    make = subprocess.Popen([sys.executable, "-c", LAUNCHER], env=unstarted.environment, stdout=subprocess.PIPE)
    assert make.stdout
    read_until(make.stdout.fileno(), b"/sign-in/")
    processes = psutil.Process(make.pid).children(recursive=True)
    make.kill()
    make.wait()
    eventually(lambda: not alive(processes), STOPS_WITHIN + 5)
    make.stdout.close()


def read_until(source: int, wanted: bytes) -> None:
    read = b""
    while wanted not in read:
        more = os.read(source, 4096)
        assert more, read
        read += more
