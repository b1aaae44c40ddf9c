"""Tokens as people and programs make them: of no more than the maker's own scopes."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from accounts.credentials import Credentials
from accounts.models import ApiToken
from accounts.plain_json import moment
from accounts.problems import ProblemError
from accounts.schemas import NOT_BLANK, Strict
from accounts.scopes import Scope

LONGEST_NAME: Final = 100
MOST_DAYS: Final = 36_500


class TokenBody(Strict):
    """What a new token is for, what it may do, and for how many days; without `days`, until it is revoked."""

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), NOT_BLANK]
    scopes: list[Literal["read", "run", "write", "admin"]] = Field(min_length=1, max_length=len(Scope))
    days: int | None = Field(None, ge=1, le=MOST_DAYS)


class TokenDocument(BaseModel):
    """A token, without its secret, of which `prefix` is the beginning."""

    id: UUID
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class NewToken(TokenDocument):
    """A token that has just been made, with its secret."""

    token: str


def make(credentials: Credentials, body: TokenBody) -> tuple[ApiToken, str]:
    """A new token of the same user, and its secret. Raises ProblemError 403 for more than these credentials may do."""
    beyond = [scope for scope in body.scopes if not credentials.may(Scope(scope))]
    if beyond:
        what = "A session can't give it: `./loupe create_token` can." if credentials.session_key else "Ask for less."
        raise ProblemError(403, f"You don't hold the scope “{beyond[0]}” here, so you can't give it to a token. {what}")
    scopes = [scope for scope in Scope if scope in body.scopes]
    return ApiToken.objects.issue(credentials.user, scopes, name=body.name.strip(), days=body.days)


def document(token: ApiToken) -> dict[str, Any]:
    """The token as the API shows it."""
    return {
        "id": str(token.pk),
        "name": token.name,
        "prefix": token.prefix,
        "scopes": list(token.scopes),
        "created_at": moment(token.created_at),
        "last_used_at": moment(token.last_used_at),
        "expires_at": moment(token.expires_at),
    }
