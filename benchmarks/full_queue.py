"""Drains a full queue with two workers: bare RQ's, then Loupe's, on the same Valkey. Prints jobs a second as JSON."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

FOLDER, JOBS = Path(sys.argv[1]), int(sys.argv[2])
os.environ |= {"DATA_DIR": str(FOLDER), "DJANGO_SETTINGS_MODULE": "project.settings", "MAX_CONCURRENT_JOBS": "2"}
os.environ.pop("REDIS_URL", None)

import django  # noqa: E402

django.setup()

import django_rq  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db.models import Max, Min  # noqa: E402

from accounts.models import User  # noqa: E402
from benchmarks.graphs import TRIVIAL  # noqa: E402
from runs.models import Job  # noqa: E402
from runs.submit import Order, submit  # noqa: E402
from tests import factories, valkey  # noqa: E402

BARE_JOBS = 1000
WORKERS = 2
PATIENCE = 300.0


def main() -> None:
    """Both, one after the other."""
    call_command("migrate", verbosity=0)
    with valkey.serving(FOLDER / "valkey"):
        print(json.dumps({"bare": bare(), "full": full()}))


def bare() -> float:
    """RQ's own burst workers; the time is from the first job's start to the last one's end."""
    queue = django_rq.get_queue("loupe")
    queues = [queue.enqueue("time.sleep", 0, result_ttl=60) for _ in range(BARE_JOBS)]
    rq = Path(sys.executable).parent / "rq"
    url = django_rq.get_connection("loupe").connection_pool.connection_kwargs["path"]
    command = [str(rq), "worker", "loupe", "--burst", "--quiet", "--worker-class", "rq.worker.SimpleWorker"]
    command += ["--serializer", "rq.serializers.JSONSerializer", "--url", f"unix://{url}?db=0"]
    workers = [subprocess.Popen(command) for _ in range(WORKERS)]
    for worker in workers:
        worker.wait(PATIENCE)
    times = [float(text) for job in queues for text in _times(job)]
    return BARE_JOBS / (max(times) - min(times))


def _times(job: Any) -> list[float]:
    """When RQ says that the job started and ended."""
    job.refresh()
    return [job.started_at.timestamp(), job.ended_at.timestamp()]


def full() -> float:
    """Loupe's pool on a queue that was filled before it started."""
    owner = User.objects.create_user("owner")
    workflow = factories.workflow(owner, TRIVIAL)
    for _ in range(JOBS):
        submit(owner, workflow, Order())
    pool = subprocess.Popen([sys.executable, "manage.py", "workers", "--count", str(WORKERS)])
    deadline = time.monotonic() + PATIENCE
    while Job.objects.active().exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    pool.send_signal(signal.SIGTERM)
    pool.wait(PATIENCE)
    done = Job.objects.filter(state="completed", telemetry__isnull=False)
    assert done.count() == JOBS, "a run did not complete with its telemetry"
    times = done.aggregate(first=Min("started_at"), last=Max("ended_at"))
    return float(JOBS / (times["last"] - times["first"]).total_seconds())


if __name__ == "__main__":
    main()
