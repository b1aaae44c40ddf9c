"""Real photographs, from a package that the tests install; in the public domain or CC0."""

from importlib.resources import files


def photograph(name: str = "coffee.png") -> bytes:
    """A photograph's file; `coffee.png` has 600 × 400 pixels, `rocket.jpg` 640 × 427."""
    return (files("skimage") / "data" / name).read_bytes()
