"""Nodes that ask a language model."""

import asyncio
from importlib import import_module
from typing import Annotated, Any, Final

from PIL import Image

from workflows.context import NodeContext
from workflows.errors import NodeFailed
from workflows.llm import service
from workflows.nodes import tools as offered
from workflows.nodes.question import Question
from workflows.registry import Setting, node

MOST_IMAGES: Final = 50


@node(
    "llm.chat",
    title="Chat",
    description="Asks a language model, and shows its answer as it comes.",
    output="text",
    grows=True,
    pure=False,
    safe=False,
)
async def chat(
    context: NodeContext,
    prompt: Annotated[str, Setting(multiline=True)],
    system: Annotated[str, Setting(multiline=True, description="Who the model is to be, and how it answers.")] = "",
    model: Annotated[
        str, Setting(description="Its name at the service. Empty: the one of the setting LLM_MODEL.")
    ] = "",
    temperature: Annotated[
        float | None,
        Setting(minimum=0, maximum=2, description="How freely it chooses its words. Empty: as the model has it."),
    ] = 0.7,
    images: Annotated[list[Image.Image], Setting(description="Pictures that it is shown with the prompt.")] = [],  # noqa: B006 (only read)
    tools: Annotated[
        list[str],
        Setting(widget="lines", description="Types of nodes that it may call, one a line: number.calculate, http.get."),
    ] = [],  # noqa: B006 (only read)
) -> str:
    """Return the whole answer. NodeFailed when there is none, with what its service said of that."""
    if not service.url:
        message = (
            "No service for models is set. Whoever runs Loupe can set LLM_BASE_URL, and LLM_API_KEY if it has one."
        )
        raise NodeFailed("no_service", message)
    if not (named := model.strip() or service.model):
        raise NodeFailed("missing_model", "No model is named. Name one here; a default can be set as LLM_MODEL.")
    if len(images) > MOST_IMAGES:
        raise NodeFailed("too_large", f"These are {len(images)} pictures. Send {MOST_IMAGES} at most.")
    question = Question(prompt, system, named, temperature, tuple(images), offered.named(tools))
    # What speaks the protocol takes a second and 45 MB: only workers that need it import it, beside other work.
    asking: Any = await asyncio.to_thread(import_module, "workflows.nodes.asking")
    return str(await asking.answer(question, service, context))
