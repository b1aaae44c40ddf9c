"""What a Prometheus server is told of this installation; what differs from process to process is the web process's."""

import hmac
import time
from collections.abc import Iterator, Mapping

from django.conf import settings
from django.db import Error as DatabaseError
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from accounts.authentication import ADMIN
from accounts.problems import ProblemError
from project import health
from runs import queue, store
from runs.models import Gate, Job
from runs.states import State


@csrf_exempt  # it changes nothing, so a POST is told 405
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """In Prometheus's text format, for METRICS_TOKEN or a token of scope `admin`."""
    try:
        _admit(request)
    except ProblemError as problem:
        return problem.response()
    registry = CollectorRegistry()
    registry.register(_Installation())
    ProcessCollector(registry=registry)
    return HttpResponse(
        generate_latest(registry), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"}
    )


def _admit(request: HttpRequest) -> None:
    """Raises ProblemError for who may not read them."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    known = settings.METRICS_TOKEN.encode()
    if not (known and scheme.lower() == "bearer" and hmac.compare_digest(secret.strip().encode(), known)):
        ADMIN(request)


class _Installation(Collector):
    def collect(self) -> Iterator[Metric]:
        """Everything, in a number of queries that does not grow. What is away is left out, as `loupe_up` says."""
        began = time.perf_counter()
        parts = health.parts()
        yield _gauge("loupe_up", "Whether a part that Loupe needs is there.", parts, "part")
        yield _gauge("loupe_disk_free_bytes", "Room on the disk of DATA_DIR.", {"": store.free_bytes()})
        try:
            yield from self._queue()
        except DatabaseError:
            return
        yield _gauge("loupe_metrics_seconds", "What reading these took.", {"": time.perf_counter() - began})

    def _queue(self) -> Iterator[Metric]:
        gate = Gate.objects.now()
        found = dict(Job.objects.order_by().values_list("state").annotate(Count("pk")))
        states = {str(state): found.get(state, 0) for state in State}
        oldest = Job.objects.filter(state=State.QUEUED).aggregate(at=Min("created_at"))["at"]
        waited = (timezone.now() - oldest).total_seconds() if oldest else 0.0
        yield _gauge("loupe_jobs", "Jobs that there are, by their state.", states, "state")
        yield _gauge("loupe_oldest_waiting_seconds", "How long the job waits that waits longest.", {"": waited})
        yield _gauge("loupe_cap", "How many jobs may run at once.", {"": gate.limit})
        yield _gauge("loupe_queue_paused", "Whether nothing may start.", {"": gate.paused})
        yield _gauge("loupe_workers", "Worker processes that live.", {"": queue.live_workers().count()})


def _gauge(name: str, says: str, values: Mapping[str, float], label: str = "") -> GaugeMetricFamily:
    """A gauge, with one value for each value of its label, or with one alone."""
    family = GaugeMetricFamily(name, says, labels=[label] if label else [])
    for each, value in values.items():
        family.add_metric([each] if label else [], float(value))
    return family
