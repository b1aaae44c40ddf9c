"""What each route answers to whom: one row for every route there is. `test_matrix.py` asks all of them."""

from dataclasses import dataclass
from typing import Any

from accounts.scopes import Scope
from tests import factories

WHO = ("owner", "owner's session", "other", "anonymous", "revoked", "staff", "staff's session", "admin")
"""Tokens, unless it says session. Staff's token has the scope write, the admin's is of the same person."""


@dataclass(frozen=True)
class Row:
    """The status for each of `WHO`, in that order. `body` is sent as JSON, with ids in it where a route has them."""

    statuses: tuple[int, ...]
    body: Any = None
    hides: bool = False
    """Whether it is a list that shows to each their own."""

    def expected(self, who: str) -> int:
        return self.statuses[WHO.index(who)]


def owned(status: int, body: Any = None) -> Row:
    """An object: for its owner, and for staff who say so; for all others it is not there."""
    return Row((status, status, 404, 401, 401, 404, 404, status), body)


def listed(status: int = 200) -> Row:
    """A list: everyone sees their own."""
    return Row((status, status, status, 401, 401, status, status, status), hides=True)


def anyone(status: int, body: Any = None) -> Row:
    """Everyone who is signed in."""
    return Row((status, status, status, 401, 401, status, status, status), body)


def public(status: int) -> Row:
    """Everyone, signed in or not."""
    return Row((status,) * len(WHO))


def page(status: int) -> Row:
    """A page about an object: tokens open no pages, and staff see others' objects in the admin."""
    return Row((302, status, 302, 302, 302, 302, 404, 302))


def signed_in(status: int) -> Row:
    """A page for everyone who is signed in: tokens open none."""
    return Row((302, status, 302, 302, 302, 302, status, 302))


WORKFLOW = {"name": "w", "graph": factories.TEXT}

API: dict[tuple[str, str], Row] = {
    ("GET", "/me"): anyone(200),
    ("POST", "/ws-tickets"): anyone(201),
    ("GET", "/tokens"): anyone(200),
    ("POST", "/tokens"): anyone(201, {"name": "t", "scopes": ["read"]}),
    ("DELETE", "/tokens/{token_id}"): owned(204),
    ("GET", "/webhooks"): listed(),
    ("POST", "/webhooks"): anyone(201, {"url": "http://93.184.215.14/", "events": ["job.ended"]}),
    ("DELETE", "/webhooks/{webhook_id}"): owned(204),
    ("GET", "/webhooks/{webhook_id}/deliveries"): owned(200),
    ("GET", "/node-types"): anyone(200),
    ("GET", "/workflows"): listed(),
    ("POST", "/workflows"): anyone(201, WORKFLOW),
    ("GET", "/workflows/{workflow_id}"): owned(200),
    ("PUT", "/workflows/{workflow_id}"): owned(200, WORKFLOW),
    ("PATCH", "/workflows/{workflow_id}"): owned(200, {"name": "x"}),
    ("DELETE", "/workflows/{workflow_id}"): owned(204),
    ("GET", "/workflows/{workflow_id}/export"): owned(200),
    ("GET", "/workflows/{workflow_id}/versions"): owned(200),
    ("GET", "/workflows/{workflow_id}/versions/{number}"): owned(200),
    ("POST", "/workflows/{workflow_id}/versions/{number}/restoration"): owned(200),
    ("POST", "/workflows/{workflow_id}/cancellation"): owned(202),
    ("POST", "/workflows/import"): anyone(201, {"document": WORKFLOW}),
    ("POST", "/workflows/{workflow_id}/validation"): owned(200, {}),
    ("POST", "/workflows/{workflow_id}/jobs"): owned(201, {}),
    ("POST", "/workflows/{workflow_id}/batches"): owned(201, {"axes": {"word": ["a", "b"]}}),
    ("GET", "/batches/{batch_id}"): owned(200),
    ("GET", "/workflows/{workflow_id}/focus"): owned(200),
    ("PUT", "/workflows/{workflow_id}/focus"): owned(200, {"job_id": "{job_id}"}),
    ("DELETE", "/workflows/{workflow_id}/focus"): owned(204),
    ("GET", "/workflows/{workflow_id}/assets"): owned(200),
    ("GET", "/workflows/{workflow_id}/choices"): owned(200),
    ("PUT", "/workflows/{workflow_id}/nodes/{node}/choice"): owned(200, {"asset_id": "{asset_id}"}),
    ("DELETE", "/workflows/{workflow_id}/nodes/{node}/choice"): owned(404),  # nothing is chosen yet
    ("GET", "/jobs"): listed(),
    ("GET", "/jobs/{job_id}"): owned(200),
    ("DELETE", "/jobs/{job_id}"): owned(204),
    ("POST", "/jobs/{job_id}/cancellation"): owned(409),
    ("POST", "/jobs/{job_id}/rerun"): owned(201, {}),
    ("POST", "/jobs/{job_id}/promotion"): owned(409),
    ("GET", "/jobs/{job_id}/telemetry"): owned(200),
    ("GET", "/jobs/{job_id}/assets"): owned(200),
    ("POST", "/assets"): anyone(415, {}),
    ("POST", "/assets/archive"): anyone(422, {"ids": []}),
    ("GET", "/assets/{asset_id}"): owned(200),
    ("DELETE", "/assets/{asset_id}"): owned(204),
    ("GET", "/assets/{asset_id}/content"): owned(200),
    ("GET", "/assets/{asset_id}/thumbnail"): owned(200),
    ("GET", "/queue"): anyone(200),
    ("PATCH", "/queue"): Row((403, 403, 403, 401, 401, 403, 403, 200), {}),
    ("GET", "/openapi.json"): public(200),
    ("GET", "/docs"): public(200),
}

SCOPES: dict[Scope, set[tuple[str, str]]] = {
    Scope.READ: {
        ("POST", "/ws-tickets"),
        ("POST", "/workflows/{workflow_id}/validation"),
        ("POST", "/assets/archive"),
        ("PUT", "/workflows/{workflow_id}/focus"),
        ("DELETE", "/workflows/{workflow_id}/focus"),
    },
    Scope.RUN: {
        ("POST", "/workflows/{workflow_id}/jobs"),
        ("POST", "/workflows/{workflow_id}/batches"),
        ("POST", "/workflows/{workflow_id}/cancellation"),
        ("POST", "/jobs/{job_id}/cancellation"),
        ("POST", "/jobs/{job_id}/rerun"),
        ("POST", "/jobs/{job_id}/promotion"),
        ("POST", "/assets"),
    },
    Scope.ADMIN: {("PATCH", "/queue")},
}
"""The least scope for each call; every other takes `write`, and what only reads takes `read`."""


def least_scope(method: str, route: str) -> Scope:
    """What a token must have for it."""
    said = next((scope for scope, calls in SCOPES.items() if (method, route) in calls), None)
    return said or (Scope.READ if method == "GET" else Scope.WRITE)


PAGES: dict[tuple[str, str], Row] = {
    ("GET", "healthz"): public(200),
    ("GET", "readyz"): public(200),
    ("GET", "metrics"): Row((403, 403, 403, 401, 401, 403, 403, 200)),
    ("GET", "sign-in/"): Row((200, 302, 200, 200, 200, 200, 302, 200)),
    ("GET", "sign-in/<str:secret>/"): public(410),
    ("POST", "sign-in/<str:secret>/"): public(410),
    ("POST", "sign-out/"): public(302),
    ("GET", "settings/"): signed_in(302),
    ("GET", "settings/tokens/"): signed_in(200),
    ("POST", "settings/tokens/"): signed_in(422),
    ("POST", "settings/tokens/<uuid:token_id>/revocation/"): page(302),
    ("GET", "settings/appearance/"): signed_in(200),
    ("GET", "settings/webhooks/"): signed_in(200),
    ("POST", "settings/webhooks/"): signed_in(422),
    ("GET", "settings/webhooks/<uuid:webhook_id>/"): page(200),
    ("POST", "settings/webhooks/<uuid:webhook_id>/deletion/"): page(302),
    ("GET", ""): Row((302, 200, 302, 302, 302, 302, 200, 302), hides=True),
    ("GET", "workflows/<uuid:workflow_id>/"): page(200),
    ("GET", "workflows/"): public(302),
    ("POST", "workflows/"): public(302),
    ("POST", "workflows/imports/"): public(302),
    ("POST", "workflows/<uuid:workflow_id>/name/"): page(302),
    ("POST", "workflows/<uuid:workflow_id>/copies/"): page(302),
    ("POST", "workflows/<uuid:workflow_id>/deletion/"): page(302),
    ("POST", "workflows/<uuid:workflow_id>/drawings/"): page(422),
    ("POST", "workflows/<uuid:workflow_id>/lens/"): page(204),
    ("POST", "workflows/<uuid:workflow_id>/run/"): page(200),
    ("POST", "workflows/<uuid:workflow_id>/many/"): page(200),
    ("POST", "workflows/<uuid:workflow_id>/cancellation/"): page(204),
    ("GET", "workflows/<uuid:workflow_id>/nodes/<str:node>/"): page(200),
    ("GET", "workflows/<uuid:workflow_id>/compare/"): page(200),
    ("GET", "assets/<uuid:asset_id>/"): page(200),
    ("GET", "assets/<uuid:asset_id>/face/"): page(200),
    ("GET", "assets/<uuid:asset_id>/waveform/"): page(200),
    ("POST", "hints/"): Row((302, 404, 302, 302, 302, 302, 404, 302)),
    ("GET", "workflows/<uuid:workflow_id>/runs/"): page(200),
    ("POST", "workflows/<uuid:workflow_id>/runs/"): page(302),
    ("GET", "jobs/<uuid:job_id>/"): page(200),
    ("POST", "jobs/<uuid:job_id>/cancellation/"): page(302),
    ("POST", "jobs/<uuid:job_id>/rerun/"): page(302),
    ("POST", "jobs/<uuid:job_id>/promotion/"): page(302),
    ("POST", "jobs/<uuid:job_id>/canvas/"): page(302),
    ("POST", "jobs/<uuid:job_id>/deletion/"): page(302),
}
