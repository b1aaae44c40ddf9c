"""A program on a workflow's socket that holds every frame against what is promised of its order."""

import json
from collections import Counter, defaultdict
from typing import Any

from websockets.sync.client import ClientConnection

from runs.telemetry import EMPTY, Snapshot, TelemetryId, fold
from tests.contract.sockets import EDGE_STATES, FRAMES, JOB_FRAME, STATUSES, UPDATES
from tests.live.product import Json

PATIENCE = 30.0
TERMINAL = {"completed", "failed", "cancelled"}
WAYS = {
    "queued": {"queued", "running", "cancelled"},
    "running": {"running", "cancelling", *TERMINAL},
    "cancelling": {"cancelling", *TERMINAL},
}
"""Where a job may go from a state, as its frames tell it; a worker that hands back is not in this play."""
CARRIES = {row.name: set(row.gives.split()) for row in FRAMES}
FIELDS = {row.name: set(row.gives.split()) for row in UPDATES}
ENVELOPE = {"type", "job_id", "workflow_id"}


class Told:
    """What the socket has told of one job."""

    def __init__(self) -> None:
        self.states: list[str] = []
        self.positions: list[int] = []
        self.version = 0
        self.last: TelemetryId | None = None
        self.snapshot: Snapshot = EMPTY
        self.assets: set[str] = set()
        self.kinds: list[str] = []

    @property
    def state(self) -> str:
        return self.states[-1] if self.states else ""

    @property
    def ended(self) -> bool:
        return self.state in TERMINAL


class Witness:
    """Takes frames one by one; an assertion fails at the first that should not be there."""

    def __init__(self, socket: ClientConnection, workflow: str) -> None:
        self.jobs: dict[str, Told] = defaultdict(Told)
        self.answers: dict[object, Json] = {}
        self.focus: list[Json] = []
        self.kinds: Counter[str] = Counter()
        self.resumed: set[str] = set()
        self._socket, self._workflow = socket, workflow

    def take(self) -> str:
        """One frame; its type."""
        frame: Json = json.loads(self._socket.recv(PATIENCE))
        kind = frame["type"]
        self.kinds[kind] += 1
        assert frame["workflow_id"] == self._workflow
        self._has_its_fields(frame, kind)
        if kind in {"ack", "error"}:
            self.answers[frame["ref"]] = frame
        elif kind == "focus":
            self.focus.append(frame)
        else:
            told = self.jobs[frame["job_id"]]
            told.kinds.append(kind)
            getattr(self, f"_take_{kind}")(told, frame)
        return str(kind)

    def ask(self, **command: Any) -> Json:
        """What a command is answered with, whatever comes before."""
        self._socket.send(json.dumps(command))
        while command["ref"] not in self.answers:
            self.take()
        return self.answers[command["ref"]]

    def _has_its_fields(self, frame: Json, kind: str) -> None:
        own = frame.keys() - ENVELOPE
        if kind == "update":
            assert {"id", "seq", "after"} < own, frame
            assert own <= CARRIES[kind], frame
        else:
            assert own == CARRIES[kind]

    def _take_job(self, told: Told, frame: Json) -> None:
        job, again = frame["job"], frame["job_id"] in self.resumed
        assert job.keys() == set(JOB_FRAME.split())
        assert frame["version"] >= told.version
        assert again or not told.ended, "nothing follows the last job frame"
        assert not told.states or again or job["state"] in WAYS[told.state]
        assert told.states or job["state"] == "queued", "a new job is told from its submit on"
        told.version = frame["version"]
        told.states.append(job["state"])
        assert job["state"] == "queued" or job["queue_position"] is None
        if job["queue_position"] is not None:
            told.positions.append(job["queue_position"])
        if told.ended:
            left = {node["status"] for node in told.snapshot["nodes"].values()} & {"waiting", "running"}
            assert not left, "every node's last status comes before the job's"

    def _take_snapshot(self, told: Told, frame: Json) -> None:
        told.last, told.snapshot = TelemetryId.parse(frame["id"]), frame["snapshot"]
        assert frame["snapshot"].keys() == EMPTY.keys()
        if told.state == "queued":
            assert (frame["id"], frame["snapshot"]) == ("0-0", EMPTY), (told.states, told.kinds, frame)
        elif frame["job_id"] not in self.resumed:
            assert told.state == "running"
            assert told.last.seq == 0, "a fence begins with <fence>-0"

    def _take_update(self, told: Told, frame: Json) -> None:
        again = frame["job_id"] in self.resumed
        assert again or told.state in {"running", "cancelling"}, "updates come between running and the end"
        assert frame["after"] == str(told.last), "nothing is missing"
        now = TelemetryId.parse(frame["id"])
        assert told.last
        assert now.fence == told.last.fence
        assert now.seq == frame["seq"] > told.last.seq
        for node in frame.get("nodes", {}).values():
            assert node.keys() <= FIELDS["nodes"]
            assert node.get("status", "waiting") in STATUSES.split()
        for edge in frame.get("edges", {}).values():
            assert edge.keys() <= FIELDS["edges"]
            assert edge.get("state", "active") in EDGE_STATES.split()
        for product in frame.get("products", ()):
            assert product.keys() == FIELDS["products"]
        told.last, told.snapshot = now, fold(told.snapshot, frame)

    def _take_asset(self, told: Told, frame: Json) -> None:
        assert frame["event"] == "created"
        assert frame["asset"].keys() == FIELDS["products"]
        told.assets.add(frame["asset"]["id"])

    def _take_head(self, told: Told, frame: Json) -> None:
        assert TelemetryId.parse(frame["id"]) >= (told.last or (0, 0))
