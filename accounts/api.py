"""REST: who I am, and tickets for sockets."""

from uuid import UUID

import redis
from django.http import HttpResponse, JsonResponse
from ninja import Router
from pydantic import BaseModel

from accounts import tickets
from accounts.authentication import READ, ApiRequest
from accounts.problems import unavailable

router = Router(tags=["accounts"])


class Me(BaseModel):
    """Whom the credentials of this request stand for, and what they may do."""

    id: UUID
    username: str
    is_staff: bool
    scopes: list[str]


class TicketDocument(BaseModel):
    """Good once, within `expires_in` seconds, as `?ticket=` of a socket's address."""

    ticket: str
    expires_in: int


@router.get("/me", auth=READ, response=Me)
def me(request: ApiRequest) -> HttpResponse:
    """Who I am, with the scopes as granted."""
    user, scopes = request.auth.user, list(request.auth.scopes)
    return JsonResponse({"id": user.pk, "username": user.username, "is_staff": user.is_staff, "scopes": scopes})


@router.post("/ws-tickets", auth=READ, response={201: TicketDocument})
def ws_tickets(request: ApiRequest) -> HttpResponse:
    """A one-time ticket for a program that can't set headers on its socket.

    Each request has a ticket of its own, whatever its Idempotency-Key: one that was used would be of no use again.
    """
    try:
        ticket = tickets.issue(request.auth)
    except redis.RedisError as error:
        raise unavailable("Redis is away, and tickets are kept there. Try again in a moment.") from error
    return JsonResponse({"ticket": ticket, "expires_in": tickets.LIFETIME_SECONDS}, status=201)
