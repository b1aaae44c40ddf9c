"""What a model is asked."""

from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from workflows.registry import NodeType


@dataclass(frozen=True, slots=True)
class Question:
    """`tools`: the node types that it may call, by the names that it knows them by."""

    prompt: str
    system: str
    model: str
    temperature: float | None
    images: tuple[Image.Image, ...]
    tools: Mapping[str, NodeType]
