import asyncio
import json
import ssl
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from PIL import Image

from tests.loopback import Answer, Server, certificate, redirect, reply, serving
from tests.speaking import PATH, calling, in_turn, pausing, refusal, silent_after, spoken
from tests.workflows.drawing import draw
from tests.workflows.nodes.context import Listener
from tests.workflows.witness import Witness
from workflows import engine, outgoing
from workflows.errors import NodeFailed
from workflows.failures import explain
from workflows.llm import service
from workflows.nodes import asking
from workflows.nodes.chat import MOST_IMAGES, chat
from workflows.registry import registry

KEY = "sk-canary-4711"
Serve: TypeAlias = Callable[..., Awaitable[Server]]


class Keeper(Listener):
    """Knows the key, and when the first word came."""

    def __init__(self) -> None:
        super().__init__()
        self.spoken = asyncio.Event()

    def text(self, chunk: str) -> None:
        super().text(chunk)
        self.spoken.set()

    def secret(self, name: str) -> str | None:
        return {"LLM_API_KEY": KEY}.get(name)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a service that gives these answers in turn, and makes it the one that models are asked of."""
    async with AsyncExitStack() as stack:

        async def start(*answers: Answer | bytes, allow: bool = True) -> Server:
            server = await stack.enter_async_context(serving({PATH: in_turn(*answers)}))
            service.become(f"{server.url}/v1", "tiny")
            if not allow:
                service.guard.allow(())
            return server

        yield start
    service.become("", "")


def sent(server: Server, at: int = -1) -> Any:
    return json.loads(server.bodies[at])


async def failed(context: Listener | None = None, **inputs: Any) -> NodeFailed:
    with pytest.raises(NodeFailed) as caught:
        await chat(context or Keeper(), "Hello?", **inputs)
    told = explain("n", caught.value)
    assert KEY not in f"{told.message}{told.traceback}{''.join(traceback.format_exception(caught.value))}"
    assert caught.value.message.endswith(".")
    return caught.value


async def test_it_shows_the_answer_as_it_comes_and_gives_it_whole(serve: Serve) -> None:
    server, context = await serve(spoken("Hel", "lo", ".")), Keeper()
    assert await chat(context, "Say hello.", system="Be brief.", temperature=0.5) == "Hello."
    assert context.chunks == ["Hel", "lo", "."]
    assert context.providers == [(f"127.0.0.1:{server.port}", "tiny", "completed", 12, None)]
    assert context.costs == []
    body = sent(server)
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Say hello."},
    ]
    assert (body["model"], body["temperature"], body["stream"]) == ("tiny", 0.5, True)
    assert body["stream_options"] == {"include_usage": True}
    assert "tools" not in body
    assert f"authorization: bearer {KEY}" in server.heard[0].lower()


async def test_a_node_names_its_model_and_may_leave_the_temperature_to_it(serve: Serve) -> None:
    server, context = await serve(spoken("Yes")), Keeper()
    await chat(context, "Well?", model=" large ", temperature=None)
    assert sent(server)["model"] == "large"
    assert not {"temperature", "system"} & {*sent(server)}
    assert [message["role"] for message in sent(server)["messages"]] == ["user"]
    assert context.providers[0][1] == "large"


async def test_pictures_go_with_the_prompt(serve: Serve) -> None:
    server = await serve(spoken("Red."))
    await chat(Keeper(), "Which colour?", images=[Image.new("RGB", (2, 2), "red")])
    text, picture = sent(server)["messages"][0]["content"]
    assert text == {"type": "text", "text": "Which colour?"}
    assert picture["image_url"]["url"].startswith("data:image/png;base64,")


async def test_nothing_goes_that_the_environment_has(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEY", "ORG_ID", "PROJECT_ID"):
        monkeypatch.setenv(f"OPENAI_{name}", "not-yours")
    server = await serve(spoken("Hi"))
    await chat(Silent(), "Hello")
    assert "not-yours" not in server.heard[0]
    assert "python" not in server.heard[0].lower()
    assert "user-agent: Loupe" in server.heard[0]
    assert "authorization" not in server.heard[0].lower()


class Hasty(Keeper):
    """Remembers how long it was to wait, and does not."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Silent(Listener):
    """Knows no key."""

    def secret(self, name: str) -> None:  # noqa: ARG002
        return None


async def test_tokens_that_are_not_told_are_not_known(serve: Serve) -> None:
    context = Keeper()
    await serve(spoken("Hi", usage=None))
    await chat(context, "Hello")
    assert context.providers[0][3:] == (None, None)


async def test_what_it_cost_is_told_where_the_service_and_its_model_have_a_price(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, "api.openai.com")
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setattr(service.guard, "_look_up", lambda *_: ["127.0.0.1"])
    outgoing._trust.cache_clear()
    try:
        many = (1_000_000, 0)
        answers = in_turn(spoken("Hi", usage=many, model="gpt-4o"), spoken("Hi", usage=many, model="own-1"))
        async with serving({PATH: answers}, ours) as server:
            service.become(f"https://api.openai.com:{server.port}/v1", "gpt-4o")
            context = Keeper()
            await chat(context, "Hello")
            await chat(context, "Hello")
    finally:
        outgoing._trust.cache_clear()
        service.become("", "")
    assert [told[3:] for told in context.providers] == [(1_000_000, 2.5), (1_000_000, None)]


async def test_tools_are_nodes_and_what_they_give_goes_back(serve: Serve) -> None:
    first = calling(("number_calculate", '{"expression": "a * 7", "a": 6}'), ("http_get", '{"url": "ftp://x"}'))
    server, context = await serve(first, spoken("It is 42.")), Keeper()
    assert await chat(context, "What is it?", tools=["number.calculate", "http.get"]) == "It is 42."
    offered = {each["function"]["name"]: each["function"]["parameters"] for each in sent(server, 0)["tools"]}
    assert offered["number_calculate"]["required"] == ["expression"]
    assert offered["http_get"]["properties"]["timeout"] == {
        "type": "number",
        "description": "For all of it, redirects too.",
        "minimum": 0.1,
        "maximum": 600,
    }
    results = [each for each in sent(server)["messages"] if each["role"] == "tool"]
    assert results[0]["content"] == "42"
    assert "no address of the web" in results[1]["content"]
    calculated = {"expression": "a * 7", "a": 6}
    assert context.calls[:2] == [("number.calculate", calculated, None), ("number.calculate", calculated, 42)]
    assert [tokens for *_, tokens, _ in context.providers] == [24, 12]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("image_noise", "{}"), "no tool “image_noise”"),
        (("number_calculate", "{}"), "It needs expression"),
        (("number_calculate", '{"expression": 7}'), "must be a text"),
        (("http_get", '{"url": "http://x.org", "verb": "PUT"}'), "no input “verb”"),
        (("http_get", '{"url": "http://127.0.0.1:9/"}'), "HTTP_ALLOW"),
        (("number_calculate", "{broken"), "needs"),
    ],
)
async def test_a_call_that_cannot_be_is_told_to_the_model(serve: Serve, call: tuple[str, str], said: str) -> None:
    server = await serve(calling(call), spoken("Sorry."))
    assert await chat(Keeper(), "Go", tools=["number.calculate", "http.get"]) == "Sorry."
    assert said in sent(server)["messages"][-1]["content"]


async def test_a_model_that_only_calls_tools_is_stopped(serve: Serve) -> None:
    server = await serve(calling(("number_calculate", '{"expression": "1"}')))
    assert (await failed(tools=["number.calculate"])).code == "too_many_turns"
    assert len(server.heard) == asking.MOST_TURNS


@pytest.mark.parametrize("tool", ["no.such", "image.blur", "input.text", "text.stream", "llm.chat"])
async def test_what_is_no_tool_is_named_with_those_that_are(serve: Serve, tool: str) -> None:
    server = await serve(spoken("Hi"))
    error = await failed(tools=[tool])
    assert (error.code, tool in error.message, "number.calculate" in error.message) == ("bad_value", True, True)
    assert server.heard == []


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (refusal("401 Unauthorized", f"Wrong key {KEY}"), "unauthorized", "LLM_API_KEY"),
        (refusal("403 Forbidden", f"Not with {KEY}"), "unauthorized", "LLM_API_KEY"),
        (refusal("404 Not Found", f"no model tiny for {KEY}"), "not_found", "no model tiny for …"),
        (refusal("400 Bad Request", f"too long, {KEY}"), "refused", "too long, …"),
        (refusal("429 Too Many Requests", f"slow down {KEY}", Retry_After="3600"), "rate_limited", "slow down …"),
        (refusal("501 Not Implemented", f"{KEY}"), "provider_error", "501"),
        (redirect("http://127.0.0.1:9/"), "bad_response", "no answer"),
        (reply(f"<p>{KEY}".encode(), Content_Type="text/html"), "bad_response", "no answer"),
        (f"SSH-2.0-{KEY}\r\n".encode(), "bad_response", "no answer"),
        (b"", "bad_response", "no answer"),
        (spoken("all of ", "it but", finish=None), "bad_response", "broke off"),
        (spoken("I ", finish="content_filter"), "refused", "keeps this answer back"),
    ],
)
async def test_what_is_no_answer_says_why_and_what_to_do(
    serve: Serve, answer: Answer | bytes, code: str, said: str
) -> None:
    server, context = await serve(answer), Keeper()
    error = await failed(context)
    assert (error.code, said in error.message) == (code, True), error.message
    assert [status for _, _, status, _, _ in context.providers] == (
        ["failed"] if "keeps" not in said else ["completed"]
    )
    assert len(server.heard) == 1
    assert KEY not in repr(vars(context))


@pytest.mark.parametrize("status", ["429 Too Many Requests", "500 Internal Server Error", "503 Service Unavailable"])
async def test_what_may_pass_is_asked_again(serve: Serve, status: str) -> None:
    passing = refusal(status, "not now", Retry_After_ms="1")
    server, context = await serve(passing, passing, spoken("Now.")), Keeper()
    assert await chat(context, "Hello") == "Now."
    assert [state for _, _, state, _, _ in context.providers] == ["failed", "failed", "completed"]
    assert [level for level, _ in context.lines] == ["warning", "warning"]
    assert status[:3] in context.lines[0][1]
    assert len(server.heard) == 3


async def test_what_does_not_pass_fails_after_three_tries(serve: Serve) -> None:
    server = await serve(refusal("500 Internal Server Error", f"sorry {KEY}", Retry_After_ms="0"))
    assert (await failed()).code == "provider_error"
    assert len(server.heard) == asking.MOST_TRIES


async def test_the_time_between_tries_doubles(serve: Serve) -> None:
    await serve(refusal("503 Service Unavailable", "not now"))
    context = Hasty()
    await failed(context)
    first, second = context.slept
    assert 0.4 <= first <= 0.6
    assert 0.8 <= second <= 1.2


async def test_an_answer_that_has_begun_is_not_asked_for_again(serve: Serve) -> None:
    server, context = await serve(spoken("Half of ", finish=None), spoken("All.")), Keeper()
    assert (await failed(context)).code == "bad_response"
    assert (len(server.heard), context.chunks) == (1, ["Half of "])


@pytest.mark.parametrize("words", [(), ("Well, ",)])
async def test_a_long_silence_is_told(serve: Serve, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    monkeypatch.setattr(asking, "SILENT_SECONDS", 1.0)
    server, context = await serve(silent_after(*words)), Hasty()
    assert (await failed(context)).code == "timeout"
    assert (context.chunks, len(server.heard)) == ([*words], 1)


async def test_pictures_have_bounds(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server, picture = await serve(spoken("Hi")), Image.effect_noise((64, 64), 90)
    assert (await failed(images=[picture] * (MOST_IMAGES + 1))).code == "too_large"
    monkeypatch.setattr(asking, "MOST_BYTES", 5_000)
    assert (await failed(images=[picture, picture])).code == "too_large"
    assert server.heard == []


async def test_a_cut_answer_is_given_and_says_so(serve: Serve) -> None:
    context = Keeper()
    await serve(spoken("Once upon", finish="length"))
    assert await chat(context, "Tell") == "Once upon"
    assert context.lines == [("warning", "The answer is cut off: it is as long as the service lets one be.")]


async def test_an_endless_answer_ends(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "LONGEST_ANSWER", 10)
    server = await serve(pausing("words, ", "words"))
    assert (await failed()).code == "too_large"
    await server.left.wait()


async def test_a_cancelled_chat_closes_its_connection_at_once(serve: Serve) -> None:
    server, context = await serve(pausing("Well, ")), Keeper()
    task = asyncio.create_task(chat(context, "Hello"))
    await asyncio.wait_for(context.spoken.wait(), 10)
    assert not server.left.is_set()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(server.left.wait(), 1)
    assert [status for _, _, status, _, _ in context.providers] == ["cancelled"]


async def test_a_chat_is_cancelled_before_its_first_word(serve: Serve) -> None:
    server = await serve(pausing())
    task = asyncio.create_task(chat(Keeper(), "Hello"))
    await server.came.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(server.left.wait(), 1)


async def test_the_service_may_be_on_this_machine_but_nothing_else(serve: Serve) -> None:
    server = await serve(spoken("Hi"), allow=False)
    error = await failed()
    assert (error.code, "HTTP_ALLOW" in error.message, server.heard) == ("forbidden_address", True, [])


async def test_a_service_that_does_not_run_is_named(serve: Serve) -> None:
    service.become("http://127.0.0.1:9/v1", "tiny")

    error = await failed(Hasty())
    assert (error.code, "127.0.0.1:9" in error.message) == ("unreachable", True)


async def test_what_is_not_set_is_named() -> None:
    service.become("", "")
    error = await failed()
    assert (error.code, "LLM_BASE_URL" in error.message) == ("no_service", True)
    service.become("https://models.example/v1", "")
    error = await failed()
    assert (error.code, "LLM_MODEL" in error.message) == ("missing_model", True)
    service.become("", "")


async def test_in_a_run_every_prompt_is_asked_and_an_answer_waits_for_all_of_it(serve: Serve) -> None:
    await serve(spoken("One", "!"), spoken("Two", "!"))
    graph = draw(
        {
            "lines": ("text.split", {"text": "a\nb"}),
            "chat": ("llm.chat", {}),
            "all": ("list.collect", {}),
        },
        "lines.item > chat.prompt",
        "chat.text > all.item",
    )
    witness = Witness()
    await engine.run(graph, registry, witness)
    assert witness.made("all", "items") == [["One!", "Two!"]]
    assert witness.texts["chat"] == "One!Two!"
    assert ("chat", "unsafe") in witness.heard
