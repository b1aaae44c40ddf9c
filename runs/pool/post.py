"""One request to a webhook, signed as the Standard Webhooks specification says, and what came of it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import httpx
from standardwebhooks import Webhook as Signer

from workflows import outgoing

SECONDS: Final = 15.0
"""For all of it: looking the host up, connecting, and the head of the answer."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery on its way, at its so manieth try."""

    delivery_id: UUID
    webhook_id: UUID
    owner_id: UUID
    origin: str
    url: str
    secret: str = field(repr=False)
    body: str = field(repr=False)
    attempt: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver answered, or why there is no answer."""

    status: int | None
    error: str = ""

    @property
    def taken(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Whether the receiver says that it is to be told no more."""
        return self.status == 410


@contextmanager
def office() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop on a thread of its own, to send by. What is under way when the block ends is broken off."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=_keep, args=(loop,), name="post", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def send(parcel: Parcel) -> Answer:
    """Posts it, follows no redirect, and reads nothing of the answer's body."""
    try:
        async with asyncio.timeout(SECONDS), outgoing.client(head_only=True) as client:
            request = client.build_request("POST", parcel.url, content=parcel.body, headers=_headers(parcel))
            response = await client.send(request, stream=True)
            status = response.status_code
            await response.aclose()
    except outgoing.Unreachable as error:
        return Answer(None, str(error))
    except TimeoutError:
        return Answer(None, f"There was no answer within {SECONDS:g} s.")
    except (
        httpx.HTTPError,
        httpx.InvalidURL,
        ValueError,
        OSError,
    ) as error:  # the last two: no name for TLS
        return Answer(None, f"There was no answer ({type(error).__name__}).")
    return Answer(status, _why(status))


def _keep(loop: asyncio.AbstractEventLoop) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.get_loop().run_forever()


def _headers(parcel: Parcel) -> dict[str, str]:
    now, message = datetime.now(UTC), str(parcel.delivery_id)
    return {
        "Content-Type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Signer(parcel.secret).sign(message, now, parcel.body),
    }


def _why(status: int) -> str:
    """What is wrong with the answer, if it is not one of success."""
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"It answered {status}; redirects are not followed. Make a webhook of the address that it leads to."
    return f"It answered {status}."
