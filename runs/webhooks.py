"""Webhooks as people make them, what is shown of them, and what goes of them by itself."""

import asyncio
import base64
import binascii
import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import httpx
from django.db import transaction
from django.utils import timezone
from pydantic import AfterValidator, BaseModel, Field

from accounts.models import User
from accounts.plain_json import moment
from accounts.problems import ProblemError, fault, invalid
from accounts.schemas import Strict
from accounts.sealing import seal
from runs.models import JOB_ENDED, Delivery, Job, Webhook
from workflows import outgoing
from workflows.models import Workflow
from workflows.schemas import Id

MOST: Final = 20
"""A person has no more of them."""
PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
FEWEST_BYTES, MOST_BYTES = 24, 64
"""How long a secret may be, by the Standard Webhooks specification."""
LOOK_UP_SECONDS: Final = 5.0


def _address(url: str) -> str:
    try:
        _place(url)
    except outgoing.Unreachable as error:
        raise ValueError(str(error)) from error
    return url


def fit_secret(secret: str) -> str:
    """The secret with its prefix, if it is one. Raises ValueError."""
    try:
        length = len(base64.b64decode(secret.removeprefix(PREFIX), validate=True))
    except (binascii.Error, ValueError):
        length = 0
    if not FEWEST_BYTES <= length <= MOST_BYTES:
        raise ValueError(f"this must be “{PREFIX}” and {FEWEST_BYTES} to {MOST_BYTES} bytes in base64")
    return PREFIX + secret.removeprefix(PREFIX)


Event = Literal["job.ended", "batch.ended", "asset.created"]
WebAddress = Annotated[str, Field(max_length=2000), AfterValidator(_address)]
Secret = Annotated[str, AfterValidator(fit_secret)]


class WebhookBody(Strict):
    """Where to send what: every end of a job, every end of a batch's last job, every product or upload.

    Of all that is yours, or with `workflow_id` of one workflow.
    """

    url: WebAddress
    events: list[Event] = Field(min_length=1, max_length=20)
    workflow_id: Id | None = None


class WebhookDocument(BaseModel):
    """A webhook, without its secret. Why it is disabled: its receiver answered 410, or nothing for eight tries."""

    id: UUID
    url: str
    events: list[Event]
    workflow_id: UUID | None
    created_at: datetime
    disabled_at: datetime | None
    disabled_why: str | None


class NewWebhook(WebhookDocument):
    """A webhook that has just been made, with the secret that signs what it sends."""

    secret: str


class DeliveryDocument(BaseModel):
    """One event that a webhook is told: `id` is the `webhook-id` of every try, `subject` the job, batch or asset.

    `status` is what the receiver answered last; `error` says why that is not enough.
    """

    id: UUID
    event: Event
    subject: UUID
    state: Literal["waiting", "delivered", "failed"]
    attempts: int
    status: int | None
    error: str | None
    created_at: datetime
    tried_at: datetime | None
    next_try_at: datetime | None


def make(owner: User, url: str, events: Collection[str], workflow: Workflow | None) -> tuple[Webhook, str]:
    """A new webhook, and its secret. Raises ProblemError 422 when the person has enough of them."""
    secret = PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)  # who makes two at once makes one after the other
        if Webhook.objects.standing().filter(owner=owner).count() >= MOST:
            message = f"A person has {MOST} webhooks at most. Delete one that is not needed any more."
            raise invalid(fault("too_large", message), detail=message)
        return _new(owner.pk, url, secret, events=sorted(set(events)), workflow=workflow), secret


def add_to(job: Job, url: str, secret: str) -> None:
    """The job's own webhook, which hears of its end. Within the transaction that makes the job."""
    _new(job.owner_id, url, secret, events=[JOB_ENDED], job_id=job.pk)


def refuse_for_job(url: str | None, secret: str | None) -> None:
    """Raises ProblemError 422 unless a submit says both, of an address that may be reached, or neither."""
    if (url is None) != (secret is None):
        missing = "webhook_secret" if secret is None else "webhook_url"
        message = "`webhook_url` and `webhook_secret` are given together: the one is told, the other signs."
        raise invalid(fault("missing_input", message, name=missing), detail=message)
    if url is not None:
        refuse(url, "webhook_url")


def refuse(url: str, name: str = "url") -> None:
    """Raises ProblemError 422 when the address may not be reached, or is not found. Each call judges it again."""
    host, port = _place(url)
    try:
        asyncio.run(asyncio.wait_for(outgoing.guard.find(host, port), LOOK_UP_SECONDS))
    except outgoing.Unreachable as error:
        raise invalid(fault("bad_value", str(error), name=name), detail=str(error)) from error
    except TimeoutError as error:
        message = f"“{host}” was not found within {LOOK_UP_SECONDS:g} s. Try again in a moment."
        raise ProblemError(503, message, headers={"Retry-After": "5"}) from error


def document(hook: Webhook) -> dict[str, Any]:
    """The webhook as the API shows it, which never has its secret."""
    return {
        "id": str(hook.pk),
        "url": hook.url,
        "events": hook.events,
        "workflow_id": str(hook.workflow_id) if hook.workflow_id else None,
        "created_at": moment(hook.created_at),
        "disabled_at": moment(hook.disabled_at),
        "disabled_why": hook.disabled_why or None,
    }


def delivery_document(delivery: Delivery) -> dict[str, Any]:
    """The delivery as the API shows it."""
    return {
        "id": str(delivery.pk),
        "event": delivery.event,
        "subject": str(delivery.subject),
        "state": delivery.state,
        "attempts": delivery.attempts,
        "status": delivery.status,
        "error": delivery.error or None,
        "created_at": moment(delivery.created_at),
        "tried_at": moment(delivery.tried_at),
        "next_try_at": moment(delivery.due_at),
    }


def _place(url: str) -> outgoing.Endpoint:
    """Where an address leads to. Raises Unreachable when it is none of the web, or has a password, as lists show it."""
    place = outgoing.endpoint(url)
    if httpx.URL(url).userinfo:
        message = "Leave name and password out of the address: the signature proves who calls."
        raise outgoing.Unreachable("bad_value", message)
    return place


def _new(owner_id: UUID, url: str, secret: str, **about: Any) -> Webhook:
    host, port = _place(url)
    return Webhook.objects.create(
        owner_id=owner_id, url=url, origin=f"{host}:{port}", secret=seal(secret), created_at=timezone.now(), **about
    )
