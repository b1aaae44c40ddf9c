"""The example workflows, and the picture that stands in for a photograph until a person gives theirs."""

import json
from pathlib import Path
from typing import Any

from PIL import Image

from workflows.nodes.images import blur, noise, resize


def documents() -> list[dict[str, Any]]:
    """The examples as documents with `name`, `description` and `graph`, in the order to show them in."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(Path(__file__).parent.glob("*.json"))]


def stand_in_picture() -> Image.Image:
    """A landscape in 1200 × 800 pixels that Loupe's own nodes paint: noise so narrow that it stretches to a horizon."""
    return blur(resize(noise(60, 900, seed=41), 1200, 800, "stretch"), radius=2)
