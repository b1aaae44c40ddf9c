"""REST by `curl`, as somebody at a terminal speaks it."""

import json
import os
import shutil
import subprocess
from typing import Any, NamedTuple, NoReturn

import pytest

from tests.live.product import Product


class Answer(NamedTuple):
    """What `curl` printed."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Curl:
    """Asks the product's API with this token."""

    def __init__(self, product: Product, token: str) -> None:
        self._command = [
            shutil.which("curl") or _without(),
            "--silent",
            "--show-error",
            "--max-time",
            "30",
            "--include",
        ]
        self._base, self.token = f"{product.base}/api/v1", token

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        named = {"Authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        said = [] if body is None else ["--data-binary", "@-"]
        if body is not None:
            named["Content-Type"] = "application/json"
        lines = [word for name, value in named.items() for word in ("--header", f"{name}: {value}")]
        done = subprocess.run(
            [*self._command, "--request", method, *lines, *said, f"{self._base}{path}"],
            input=b"" if body is None else json.dumps(body).encode(),
            capture_output=True,
            check=True,
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        first, *rest = head.decode().split("\r\n")
        told = dict(line.split(": ", 1) for line in rest)
        return Answer(int(first.split()[1]), {name.lower(): value for name, value in told.items()}, content)


def _without() -> NoReturn:
    """A machine may lack it; where all has to be shown, nothing is left out."""
    if os.environ.get("CI"):
        pytest.fail("curl is missing; `.ci/run` installs it.")
    pytest.skip("needs the package curl, which `.ci/run` installs")
