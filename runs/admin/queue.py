"""The queue in the administration: the cap, what runs and waits, who works, and what RQ holds; live, as read again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from redis.exceptions import RedisError

from runs import capacity, gate, queue, wake
from runs.models import Gate, Job, Worker
from runs.pages.board import thumbnails
from runs.pages.mine import user_of
from runs.pages.viewer import staff

PAGE: Final = 50
WORKERS: Final = 200
CHANGES: Final = 5


class CapForm(forms.Form):
    """The new cap; none goes back to the setting."""

    cap = forms.IntegerField(
        min_value=capacity.LEAST,
        max_value=capacity.MOST,
        required=False,
        label="Runs at once",
        error_messages={
            "invalid": "Give a whole number.",
            "min_value": f"Give {capacity.LEAST} or more.",
            "max_value": f"Give {capacity.MOST} or less.",
        },
        widget=forms.NumberInput(attrs={"class": "input", "inputmode": "numeric"}),
    )


class Line(NamedTuple):
    """A job in the queue, or in a slot."""

    job: Job
    place: queue.Place
    picture: object


class Hand(NamedTuple):
    """A worker: `seen` seconds ago by its pool, the job that it works on, and when it last listened to RQ."""

    worker: Worker
    state: str
    job: Job | None
    seen: float
    listened: str


def page(request: HttpRequest) -> HttpResponse:
    """Reads the queue; POST changes the cap, or pauses and resumes.

    `?part=board` is what a page that is open reads again and again.
    """
    if staff(user_of(request)) is None:
        if not request.user.is_authenticated:
            return HttpResponse("You are signed out. Sign in again.", status=401, content_type="text/plain")
        raise PermissionDenied
    may_change = request.user.has_perm("runs.change_gate")
    form = CapForm(request.POST or None, initial={"cap": gate.cap()})
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        if "paused" in request.POST:
            return _paused(request, paused=request.POST["paused"] == "true")
        if form.is_valid():
            after = capacity.change(user_of(request), form.cleaned_data["cap"])
            messages.success(request, f"At most {after} run at once from now on.")
            return redirect("admin-queue")
    board = _board(request.GET.get("after", ""))
    if request.GET.get("part") == "board":
        return render(request, "admin/queue/_board.html", board)
    shown = {**admin.site.each_context(request), "title": "Queue", "form": form, "may_change": may_change, **board}
    return render(request, "admin/queue/page.html", shown, status=422 if form.errors else 200)


def view(request: HttpRequest) -> Any:
    """The page, for who is signed in as staff."""
    guarded = page if request.headers.get("HX-Request") else admin.site.admin_view(page)
    return require_http_methods(["GET", "HEAD", "POST"])(guarded)(request)


def _paused(request: HttpRequest, *, paused: bool) -> HttpResponse:
    capacity.pause(user_of(request), paused=paused)
    messages.success(request, "Paused: nothing starts until it is resumed." if paused else "Resumed.")
    return redirect("admin-queue")


def _board(after: str) -> dict[str, Any]:
    """All that is read again: in a number of queries that does not grow with what there is."""
    bound = int(after) if after.isdecimal() and len(after) < 20 else -1
    slots = Gate.objects.now()
    jobs = Job.objects.select_related("workflow", "owner").defer("traceback", "params", "workflow__description")
    running = list(jobs.holding().order_by("started_at")[: capacity.MOST])
    waiting = list(jobs.waiting().filter(place__gt=bound)[: PAGE + 1])
    shown = [*running[:PAGE], *waiting[:PAGE]]
    places, pictures = queue.places(shown), thumbnails(shown)
    lines = {job.pk: _line(job, places, pictures) for job in shown}
    return {
        "cap": slots.limit,
        "paused": slots.paused,
        "setting": settings.MAX_CONCURRENT_JOBS,
        "is_set": slots.cap is not None,
        "held": len(running),
        "waits": Job.objects.waiting().count(),
        "running": [lines[job.pk] for job in running[:PAGE]],
        "waiting": [lines[job.pk] for job in waiting[:PAGE]],
        "after": bound if bound >= 0 else None,
        "next": waiting[PAGE - 1].place if len(waiting) > PAGE else None,
        "changes": capacity.changes()[:CHANGES],
        **_who(running),
    }


def _line(job: Job, places: Mapping[Any, queue.Place], pictures: Mapping[Any, object]) -> Line:
    return Line(job, places.get(job.pk, queue.Place()), pictures.get(job.pk))


def _who(running: list[Job]) -> dict[str, Any]:
    """The workers that pools have told of, and what RQ holds: None while Redis is away."""
    try:
        held = wake.held()
    except RedisError:
        held = None
    by_worker, now = {job.worker: job for job in running}, timezone.now()
    found = Worker.objects.filter(Q(up=True) | Q(name__in=by_worker)).order_by("host", "name")[:WORKERS]
    beats = held.beats if held else {}
    hands = [_hand(each, by_worker.get(each.name), now, beats.get(each.name, "")) for each in found]
    return {"hands": hands, "living": sum(hand.state != "silent" for hand in hands), "rq": held}


def _hand(worker: Worker, job: Job | None, now: datetime, listened: str) -> Hand:
    seen = now - worker.heartbeat_at
    if seen > timedelta(seconds=settings.LEASE_SECONDS):
        state = "silent"
    else:
        state = "draining" if worker.draining else "busy" if job else "idle"
    return Hand(worker, state, job, max(seen.total_seconds(), 0.0), listened)
