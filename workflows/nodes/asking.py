"""Asks a model over OpenAI's chat protocol, by pydantic-ai. Slow to import: only `llm.chat` does, when it runs.

Whatever goes wrong is told in words of our own, and without a chain of causes: their texts may hold the key.
"""

import asyncio
import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

import httpx
from genai_prices import calc_price
from openai import AsyncOpenAI, Omit
from pydantic_ai import BinaryContent
from pydantic_ai.direct import model_request_stream
from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    SystemPromptPart,
    TextPart,
    TextPartDelta,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters, StreamedResponse
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from workflows import media, outgoing
from workflows.context import NodeContext
from workflows.errors import NodeFailed, WorkflowError
from workflows.llm import Service
from workflows.nodes import tools
from workflows.nodes.question import Question

SILENT_SECONDS: Final = 300.0
"""How long a service may say nothing: a model on a slow machine reads a long prompt before it says its first word."""
MOST_TRIES: Final = 3
LONGEST_WAIT: Final = 60.0
"""Seconds between two tries; a service that asks for more is asked by a later run."""
MOST_TURNS: Final = 10
LONGEST_ANSWER: Final = 1_000_000
"""Characters."""
MOST_BYTES: Final = 50 * 1024 * 1024
"""Of all pictures, as PNG."""
_PASSING: Final = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
_LONGEST_SAID: Final = 300


async def answer(question: Question, service: Service, context: NodeContext) -> str:
    """The model's last word, after all the tools that it called. Raises NodeFailed."""
    async with outgoing.client(service.guard) as http:
        http.event_hooks = {"request": [_say_no_more]}
        return await _Talk(question, service, context, http).held()


class _Talk:
    """One question, and all that is said until its answer is there."""

    def __init__(self, question: Question, service: Service, context: NodeContext, http: httpx.AsyncClient) -> None:
        self._question = question
        self._service = service
        self._context = context
        self._key = context.secret("LLM_API_KEY") or ""
        self._model = _model(question.model, service.url, self._key, http)
        self._shown = 0

    async def held(self) -> str:
        said: list[ModelMessage] = [ModelRequest(parts=await asyncio.to_thread(_asked, self._question))]
        for _ in range(MOST_TURNS):
            response = await self._answered(said)
            if not response.tool_calls:
                return self._checked(response)
            said += [response, ModelRequest(parts=[await self._used(call) for call in response.tool_calls])]
            self._show("\n\n" if response.text else "")
        message = f"The model called tools {MOST_TURNS} times and gave no answer. Give it fewer tools, or ask for less."
        raise NodeFailed("too_many_turns", message)

    def _checked(self, response: ModelResponse) -> str:
        if response.finish_reason == "content_filter":
            raise NodeFailed("refused", f"“{self._service.name}” keeps this answer back. Ask in another way.")
        if response.finish_reason == "length":
            self._context.log("The answer is cut off: it is as long as the service lets one be.", "warning")
        return response.text or ""

    async def _answered(self, said: Sequence[ModelMessage]) -> ModelResponse:
        """The next answer, asked for again where nothing came of it yet and what is in the way may pass."""
        tried, shown = 0, self._shown
        while True:
            tried += 1
            try:
                return await self._streamed(said)
            except asyncio.CancelledError:
                self._tell("cancelled")
                raise
            except NodeFailed:
                self._tell("failed")
                raise
            except Exception as error:  # noqa: BLE001 (whatever it is, its own text may hold the key)
                self._tell("failed")
                wait = _wait(error, tried) if self._shown == shown else None
                if tried == MOST_TRIES or wait is None:
                    raise self._explained(error) from None
                problem = str(error.status_code) if isinstance(error, ModelHTTPError) else "no connection"
                self._context.log(
                    f"“{self._service.name}” answers: {problem}. It is asked again in {wait:.1f} s.", "warning"
                )
            await self._context.sleep(wait)

    async def _streamed(self, said: Sequence[ModelMessage]) -> ModelResponse:
        """One request, told as it is answered."""
        offered = [
            ToolDefinition(name=name, description=each.description, parameters_json_schema=tools.schema(each))
            for name, each in self._question.tools.items()
        ]
        headers: dict[str, Any] = {"User-Agent": "Loupe"} | ({} if self._key else {"Authorization": Omit()})
        settings = ModelSettings(timeout=SILENT_SECONDS, extra_headers=headers)
        if self._question.temperature is not None:
            settings["temperature"] = self._question.temperature
        parameters = ModelRequestParameters(function_tools=offered)
        request = model_request_stream(
            self._model, said, model_settings=settings, model_request_parameters=parameters, instrument=False
        )
        async with request as stream:
            async for event in stream:
                self._show(_text(event))
            response = stream.get()
            self._count(stream, response)
        return response

    async def _used(self, call: ToolCallPart) -> ToolReturnPart:
        """What the tool gave, or why it gave nothing: the model may do better then."""
        name, arguments = call.tool_name, call.args_as_dict()
        declared = self._question.tools.get(name)
        shown = self._context.call(declared.type if declared else name, arguments)
        try:
            if declared is None:
                raise NodeFailed("bad_value", f"There is no tool “{name}”.")
            result = await tools.use(declared, arguments)
        except WorkflowError as error:
            result = {"error": str(error)}
        self._context.call(declared.type if declared else name, arguments, result, call=shown)
        return ToolReturnPart(tool_name=name, content=tools.readable(result), tool_call_id=call.tool_call_id)

    def _show(self, text: str) -> None:
        self._shown += len(text)
        if self._shown > LONGEST_ANSWER:
            raise NodeFailed("too_large", f"The answer has more than {LONGEST_ANSWER:,} characters. Ask for less.")
        if text:
            self._context.text(text)

    def _count(self, stream: StreamedResponse, response: ModelResponse) -> None:
        """Tell what it took. What the service does not say is not known, and neither is an unknown model's price."""
        tokens = stream.usage.total_tokens
        cost = None
        if tokens:
            try:
                priced = calc_price(stream.usage, response.model_name or "", provider_api_url=self._service.url)
                cost = float(priced.total_price)
            except (LookupError, ValueError):
                cost = None
        self._tell("completed", tokens or None, cost)

    def _tell(self, status: str, tokens: int | None = None, cost: float | None = None) -> None:
        self._context.provider(self._service.name, self._question.model, status=status, tokens=tokens, cost=cost)

    def _explained(self, error: Exception) -> NodeFailed:
        """Why there is no answer, and what to do."""
        host = self._service.name
        for cause in _causes(error):
            match cause:
                case outgoing.Unreachable():
                    return NodeFailed(cause.code, str(cause))
                case httpx.ReadTimeout() | httpx.WriteTimeout():
                    message = f"“{host}” said nothing for {SILENT_SECONDS:g} s. Try again later, or a smaller model."
                    return NodeFailed("timeout", message)
                case httpx.ConnectError() | httpx.ConnectTimeout():
                    message = (
                        f"“{host}” takes no connection. See whether it is running, and whether LLM_BASE_URL is right."
                    )
                    return NodeFailed("unreachable", message)
                case ModelHTTPError():
                    return self._refused(cause)
                case _:
                    pass
        said = self._said(error) if isinstance(error, ModelAPIError) else ""
        return NodeFailed(
            "bad_response",
            f"“{host}” broke off, or sent what is no answer ({type(error).__name__}).{said} Try again later.",
        )

    def _refused(self, error: ModelHTTPError) -> NodeFailed:
        host, model, said = self._service.name, self._question.model, self._said(error)
        match error.status_code:
            case 401 | 403:
                message = f"“{host}” does not take the key. Whoever runs Loupe can set another as LLM_API_KEY."
                return NodeFailed("unauthorized", message)
            case 404:
                return NodeFailed("not_found", f"“{host}” does not know “{model}”.{said} See which models it has.")
            case 429:
                return NodeFailed(
                    "rate_limited", f"“{host}” is asked too often, or its budget is spent.{said} Try again later."
                )
            case status if status >= 500:
                return NodeFailed("provider_error", f"“{host}” failed ({status}).{said} Try again later.")
            case status:
                return NodeFailed("refused", f"“{host}” refuses this ({status}).{said} Change the node’s inputs.")

    def _said(self, error: ModelAPIError) -> str:
        """The service's own words, where it had some."""
        body = error.body
        if isinstance(body, dict):
            body = body.get("message") or body.get("error") or body.get("detail")
        text = " ".join(str(body or "").split())
        if self._key:
            text = text.replace(self._key, "…")
        return f" It says: {text[:_LONGEST_SAID].rstrip('.')}." if text else ""


def _model(name: str, url: str, key: str, http: httpx.AsyncClient) -> OpenAIChatModel:
    """The model at this address. Nothing of the environment goes to it, and no request is repeated unseen."""
    client = AsyncOpenAI(  # its types know of the next httpx alone
        api_key=key,
        base_url=url,
        max_retries=0,
        http_client=http,  # type: ignore[arg-type]
        _enforce_credentials=False,
    )
    client.organization = client.project = None
    whole = OpenAIModelProfile(openai_chat_streaming_requires_finish_reason=True)
    return OpenAIChatModel(name, provider=OpenAIProvider(openai_client=client), profile=whole)


async def _say_no_more(request: httpx.Request) -> None:
    """The protocol's package would tell of this machine and its Python."""
    for name in [name for name in request.headers if name.startswith("x-stainless-")]:
        del request.headers[name]


def _asked(question: Question) -> list[SystemPromptPart | UserPromptPart]:
    pictures = []
    for image in question.images:
        pictures.append(media.encode_image(image))
        if sum(len(each.data) for each in pictures) > MOST_BYTES:
            message = f"The pictures have more than {MOST_BYTES // 1024**2} MiB. Send fewer, or smaller ones."
            raise NodeFailed("too_large", message)
    shown = [BinaryContent(picture.data, media_type=picture.media_type) for picture in pictures]
    system = [SystemPromptPart(question.system)] if question.system.strip() else []
    return [*system, UserPromptPart([question.prompt, *shown] if shown else question.prompt)]


def _text(event: ModelResponseStreamEvent) -> str:
    match event:
        case PartStartEvent(part=TextPart(content=text)) | PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
            return text
        case _:
            return ""


def _wait(error: Exception, tried: int) -> float | None:
    """Seconds until it may be asked again; None where that is of no use."""
    chain = list(_causes(error))
    if any(isinstance(cause, outgoing.Unreachable) for cause in chain):
        return None
    if isinstance(error, ModelHTTPError):
        if error.status_code not in _PASSING:
            return None
        if error.retry_after is not None:
            return error.retry_after if error.retry_after <= LONGEST_WAIT else None
    elif not any(isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout) for cause in chain):
        return None
    return 2.0 ** (tried - 2) * random.uniform(0.8, 1.2)  # noqa: S311 (no secret)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what it came of."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
