"""Programs that webhooks call: real servers on the loopback, which the guard is told to allow."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from standardwebhooks import Webhook as Verifier

from tests.loopback import Answer, Server, reply, served
from workflows import outgoing

TAKEN = reply(b"")
REFUSED = reply(b"", "500 Internal Server Error")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@contextmanager
def receiving(answer: Answer | bytes = TAKEN, path: str = "/") -> Iterator[Server]:
    """A receiver that answers so, and may be reached."""
    with served({path: answer}) as server:
        outgoing.guard.allow([("127.0.0.1", server.port)])
        try:
            yield server
        finally:
            outgoing.guard.allow(())


def headers(head: str) -> dict[str, str]:
    """The headers of a request, in small letters."""
    lines = (line.partition(": ") for line in head.split("\r\n")[1:] if line)
    return {name.lower(): value for name, _, value in lines}


def verified(server: Server, secret: str, index: int = -1) -> Any:
    """The body of a request that the receiver got, once its signature is found to be good."""
    return Verifier(secret).verify(server.bodies[index], headers(server.heard[index]))


def ids(server: Server) -> list[str]:
    """The `webhook-id` of each request."""
    return [headers(head)["webhook-id"] for head in server.heard]
