"""A registry of small nodes that do one thing each, for tests of the kernel."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from PIL import Image

from workflows.context import NodeContext
from workflows.errors import NodeFailed
from workflows.registry import Json, NodeType, Registry, Setting

small = Registry()


@small.node("input.text", title="Text", description="", output="value", pure=False, inline=True)
def text(name: str, value: str, description: str = "") -> str:
    return value


@small.node("input.integer", title="Whole number", description="", output="value", pure=False, inline=True)
def integer(name: str, value: int, minimum: int | None = None, maximum: int | None = None) -> int:
    return value


@small.node("input.number", title="Number", description="", output="value", pure=False, inline=True)
def number(name: str, value: float, minimum: float | None = None, maximum: float | None = None) -> float:
    return value


@small.node("input.choice", title="Choice", description="", output="value", pure=False, inline=True)
def choice(name: str, value: str, choices: Json = None) -> str:
    return value


@small.node("input.image", title="Picture", description="", output="value", pure=False, inline=True)
def picture(name: str, value: Image.Image) -> Image.Image:
    return value


@small.node("output.result", title="Result", description="", pure=False, inline=True)
def result(name: str, value: Any = None) -> Any:
    return value


@small.node("stream.count", title="Count", description="", output="item")
def count(to: int) -> Iterator[int]:
    yield from range(to)


@small.node("stream.quick", title="Count at once", description="", output="item", inline=True)
def quick(to: Annotated[int, Setting(minimum=0)]) -> Iterator[int]:
    yield from range(to)


@small.node("stream.slow", title="Count with waits", description="", output="item")
async def slow(context: NodeContext, to: int) -> AsyncIterator[int]:
    for each in range(to):
        await context.sleep(0)
        yield each


@small.node(
    "stream.split", title="Split", description="", outputs={"item": "text", "items": "list[text]"}, streams={"item"}
)
def split(text: str) -> Iterator[dict[str, Any]]:
    parts = text.split()
    for part in parts:
        yield {"item": part}
    yield {"items": parts}


@small.node("each.same", title="Same", description="", output="value", inline=True)
def same(value: Any = None) -> Any:
    return value


@small.node("each.threaded", title="Same, in a thread", description="", output="value")
def threaded(value: Any = None) -> Any:
    return value


@small.node("each.even", title="Even only", description="", outputs={"even": "any", "odd": "any"}, inline=True)
def even(value: Any = None) -> dict[str, Any]:
    return {"even" if value % 2 == 0 else "odd": value}


@small.node("each.doubled", title="Twice as much", description="", output="value", inline=True)
def doubled(value: float) -> float:
    return value * 2


@small.node("each.said", title="As text", description="", output="text", inline=True)
def said(text: str) -> str:
    return text


@small.node("each.twice", title="Two of each", description="", output="item", inline=True)
def twice(value: Any = None) -> Iterator[Any]:
    yield (value, 0)
    yield (value, 1)


@small.node("each.failing", title="Fail", description="", output="value", inline=True)
def failing(value: Any = None, at: Json = None) -> Any:
    if at is None or value == at:
        raise NodeFailed("asked", "As asked.")
    return value


@small.node("join.pair", title="Pair", description="", output="value", inline=True)
def pair(a: Any = None, b: Any = None) -> Any:
    return (a, b)


@small.node("join.named", title="Named", description="", output="value", inline=True)
def named(**inputs: Any) -> Any:
    return inputs


@small.node("list.collect", title="Collect", description="", output="items", inline=True)
def collect(item: Annotated[Any, Setting(collects=True)] = None) -> list[Any]:
    return list(item or [])


@small.node("list.texts", title="Texts", description="", output="texts", inline=True)
def texts(texts: list[str]) -> list[str]:
    return texts


@small.node("join.with_list", title="With list", description="", output="value", inline=True)
def with_list(items: list[Any], value: Any = None) -> Any:
    return (value, tuple(items))


@small.node("image.flipped", title="Flipped", description="", output="image", inline=True)
def flipped(image: Image.Image, seed: Annotated[int, Setting(minimum=10, maximum=20)] = 10) -> Image.Image:
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def with_small(*declared: NodeType) -> Registry:
    """The small nodes and some more."""
    registry = Registry()
    for each in (*small.all(), *declared):
        registry.add(each)
    return registry
