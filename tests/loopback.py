"""Small real HTTP servers on the loopback, which do as a test tells them."""

import asyncio
import re
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Answer: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Answers each path as it is told to; `heard` has the head of every request and `bodies` what came after.

    `left` is set when a client leaves.
    """

    def __init__(self, answers: dict[str, Answer | bytes]) -> None:
        self.answers = answers
        self.heard: list[str] = []
        self.bodies: list[bytes] = []
        self.came = asyncio.Event()
        self.left = asyncio.Event()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if (first := await reader.readexactly(1)) == b"\x16":  # a client that speaks TLS
                writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                return
            head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = re.search(r"(?i)^content-length: (\d+)", head, re.MULTILINE)
            self.bodies.append(await reader.readexactly(int(length[1])) if length else b"")
            self.heard.append(head)
            self.came.set()
            answer = self.answers.get(head.split(" ")[1], b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.left.set()
            writer.close()


def reply(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer."""
    lines = {"Content-Length": str(len(body)), "Connection": "close"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = [f"HTTP/1.1 {status}", *(f"{key}: {value}" for key, value in lines.items())]
    return "\r\n".join([*head, "", ""]).encode() + body


def redirect(where: str) -> bytes:
    return reply(b"", "302 Found", Location=where)


@asynccontextmanager
async def serving(answers: dict[str, Any], tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """A server while the block runs, on 127.0.0.1 and a port of its own."""
    server = Server(answers)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()


@contextmanager
def served(answers: dict[str, Any]) -> Iterator[Server]:
    """The same beside a test that does not wait for it: in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    serves = serving(answers)
    try:
        yield asyncio.run_coroutine_threadsafe(serves.__aenter__(), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(_ended(serves), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended(serves: AbstractAsyncContextManager[Server]) -> None:
    await serves.__aexit__(None, None, None)
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def certificate(folder: Path, *names: str) -> Path:
    """A key and a certificate that it signs itself, in one file, for these names or addresses."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    kinds: list[x509.GeneralName] = [
        x509.IPAddress(ip_address(each)) if each[0].isdigit() else x509.DNSName(each) for each in names
    ]
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(kinds), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "certificate.pem"
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return file
