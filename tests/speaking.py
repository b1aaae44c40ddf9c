"""Answers of a service that speaks OpenAI's chat protocol, for the servers of `tests.loopback`."""

import asyncio
import json
from typing import Any, Final

from tests.loopback import Answer, reply

PATH: Final = "/v1/chat/completions"
_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def in_turn(*answers: Answer | bytes) -> Answer:
    """One answer after the other; the last one for all that follow."""
    left = list(answers)

    async def answer(writer: asyncio.StreamWriter) -> None:
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, bytes):
            writer.write(now)
        else:
            await now(writer)

    return answer


def spoken(
    *words: str, finish: str | None = "stop", usage: tuple[int, int] | None = (7, 5), model: str = "tiny-1"
) -> Answer:
    """These words, each an event. Without `finish` it breaks off after them, without `usage` it counts no tokens."""
    return _stream([{"content": word} for word in words], finish, usage, model)


def calling(*calls: tuple[str, str]) -> Answer:
    """Calls of tools, each by name with its arguments as JSON."""
    told = [
        {"index": at, "id": f"call-{at}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for at, (name, arguments) in enumerate(calls)
    ]
    return _stream([{"role": "assistant", "content": None, "tool_calls": told}], "tool_calls", (20, 4))


def pausing(*words: str) -> Answer:
    """These words, and then nothing, for as long as the client stays."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(_HEAD + b"".join(_event(_chunk({"content": word})) for word in words))
        while True:  # writing is what shows that the client is gone
            await writer.drain()
            writer.write(b": waiting\n\n")
            await asyncio.sleep(0.01)

    return answer


def silent_after(*words: str) -> Answer:
    """These words, and then nothing at all; with none of them, not even that it has heard."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(_HEAD if words else b"")
        writer.write(b"".join(_event(_chunk({"content": word})) for word in words))
        await asyncio.Event().wait()

    return answer


def refusal(status: str, message: str, **headers: str) -> bytes:
    """An error as the protocol has them."""
    body = json.dumps({"error": {"message": message, "type": "error", "code": None}}).encode()
    return reply(body, status, Content_Type="application/json", **headers)


def _stream(
    deltas: list[dict[str, Any]], finish: str | None, usage: tuple[int, int] | None, model: str = "tiny-1"
) -> Answer:
    chunks = [_chunk(delta) for delta in deltas]
    if finish:
        chunks.append(_chunk({}, finish))
    if finish and usage:
        counted = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
        chunks.append(_chunk(None) | {"usage": counted})

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(_HEAD)
        for chunk in chunks:
            writer.write(_event(chunk | {"model": model}))
            await writer.drain()
        writer.write(b"data: [DONE]\n\n" if finish else b"")

    return answer


def _chunk(delta: dict[str, Any] | None, finish: str | None = None) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "tiny-1", "choices": choices}


def _event(chunk: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(chunk)}\n\n".encode()
