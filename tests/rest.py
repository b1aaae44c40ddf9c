"""A program that uses the API: requests with a token, answers as JSON."""

import json
from typing import Any
from urllib.parse import urlencode

from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient, Client

from accounts.models import ApiToken, User
from accounts.scopes import Scope

ROOT = "/api/v1"


class Rest:
    """Speaks to `/api/v1` with a token of the user, or anonymously."""

    def __init__(self, user: User | None = None, *scopes: Scope) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers: dict[str, str] = {}
        if user is not None:
            self.token, secret = ApiToken.objects.issue(user, scopes or (Scope.WRITE,))
            self.headers["Authorization"] = f"Bearer {secret}"

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> Any:
        return self._ask("GET", path, headers, QUERY_STRING=_query(query))

    def post(self, path: str, body: object = None, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: object = None, **headers: str) -> Any:
        return self.send("PUT", path, body, **headers)

    def patch(self, path: str, body: object = None, **headers: str) -> Any:
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self._ask("DELETE", path, headers)

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Sends `body` as JSON; bytes as they are."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        content_type = headers.pop("content_type", "application/json")
        return self._ask(method, path, headers, data=data, content_type=content_type)

    def upload(self, name: str, data: bytes, **headers: str) -> Any:
        file = SimpleUploadedFile(name, data)
        return self.client.post(f"{ROOT}/assets", {"file": file}, headers={**self.headers, **_named(headers)})

    def fetch(self, path: str, method: str = "GET", body: object = None, **headers: str) -> Any:
        """Asks as a web process is asked, which streams bytes; the answer's `body` holds them all."""
        return async_to_sync(self._fetch)(method, f"{ROOT}{path}", body, {**self.headers, **_named(headers)})

    async def _fetch(self, method: str, path: str, body: object, headers: dict[str, str]) -> Any:
        client = AsyncClient(raise_request_exception=False)
        client.cookies = self.client.cookies
        data = b"" if body is None else json.dumps(body).encode()
        answer: Any = await client.generic(method, path, data, "application/json", headers=headers)
        chunks = [chunk async for chunk in answer] if answer.streaming else [answer.content]
        answer.body = b"".join(chunks)
        return answer

    def _ask(self, method: str, path: str, headers: dict[str, str], **options: Any) -> Any:
        answer: Any = self.client.generic(
            method, f"{ROOT}{path}", headers={**self.headers, **_named(headers)}, **options
        )
        return answer


def codes(response: Any) -> set[tuple[str | None, str]]:
    """What a 422 complains of: (property, code) of each error."""
    return {(error["property"], error["code"]) for error in response.json()["errors"]}


def _named(headers: dict[str, str]) -> dict[str, str]:
    """`if_none_match=…` as `If-None-Match: …`."""
    return {name.replace("_", "-").title(): value for name, value in headers.items()}


def _query(query: dict[str, Any] | None) -> str:
    return urlencode(query, doseq=True) if query else ""
