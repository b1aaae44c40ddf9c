"""REST: who I am, tickets for sockets, and tokens."""

from uuid import UUID

import redis
from django.http import HttpResponse, JsonResponse
from ninja import Query as FromQuery, Router
from pydantic import BaseModel

from accounts import tickets, tokens
from accounts.authentication import READ, WRITE, ApiRequest, visible
from accounts.idempotency import found_again, once
from accounts.models import ApiToken
from accounts.paging import page
from accounts.problems import not_found, unavailable
from accounts.schemas import Page, Paging
from accounts.tokens import NewToken, TokenBody, TokenDocument

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


@router.post("/ws-tickets", auth=READ, response={201: TicketDocument, 200: TicketDocument})
def ws_tickets(request: ApiRequest) -> HttpResponse:
    """A one-time ticket for a program that can't set headers on its socket.

    A repeat with the same Idempotency-Key is answered with the first one and what is left of its time: 0 once used.
    """
    try:
        made = once(request, request.auth, lambda: tickets.issue(request.auth), asked=tickets.asked_by(request.auth))
        ticket = tickets.named(made.name)
        expires_in = tickets.expires_in(ticket)
    except redis.RedisError as error:
        raise unavailable("Redis is away, and tickets are kept there. Try again in a moment.") from error
    return JsonResponse({"ticket": ticket, "expires_in": expires_in}, status=made.status)


@router.get("/tokens", auth=READ, response=Page[TokenDocument])
def list_tokens(request: ApiRequest, query: FromQuery[Paging]) -> HttpResponse:
    """The tokens that are not revoked, newest first. Their secrets are known to nobody but who made them."""
    rows = visible(ApiToken.objects.all(), request.auth).standing()
    part = page(rows, order="-created_at", limit=query.limit, cursor=query.cursor)
    return JsonResponse(part.document(tokens.document))


@router.post("/tokens", auth=WRITE, response={201: NewToken, 200: TokenDocument})
def make_token(request: ApiRequest, body: TokenBody) -> HttpResponse:
    """A new token of no more than your own scopes; `token` is its secret, which is shown this once.

    A repeat with the same Idempotency-Key is answered without the secret.
    """
    made_now: dict[str, str] = {}

    def make() -> str:
        token, made_now["token"] = tokens.make(request.auth, body)
        return str(token.pk)

    made = once(request, request.auth, make, asked=request.body)
    document = tokens.document(found_again(request, _token, made))
    return JsonResponse({**document, **made_now}, status=made.status)


@router.delete("/tokens/{uuid:token_id}", auth=WRITE, response={204: None})
def revoke_token(request: ApiRequest, token_id: UUID) -> HttpResponse:
    """Ends a token at once; sockets that were opened with it are closed with 4401 within 5 s."""
    ApiToken.objects.filter(pk=_token(request, token_id).pk).revoke()
    return HttpResponse(status=204)


def _token(request: ApiRequest, token_id: UUID) -> ApiToken:
    token: ApiToken | None = visible(ApiToken.objects.all(), request.auth).standing().filter(pk=token_id).first()
    if token is None:
        raise not_found("There is no such token.")
    return token
