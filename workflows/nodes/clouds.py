"""Clouds of noise: small grids of random numbers, enlarged smoothly and laid over each other, finer and fainter."""

import colorsys
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float32]
_SHADES: Final = 256
_STRIP: Final = 128  # rows painted at once, so that a large picture needs little memory beside itself


def clouds(width: int, height: int, seed: int, *, color: bool) -> Image.Image:
    """Paint clouds, RGB in a palette that the seed draws, or L. The shapes are the same at any size and in grey."""
    rng = np.random.default_rng(seed)
    shades = _palette(rng)
    billows = _grids(rng, width, height, cells=3, octaves=7)
    veins = _grids(rng, width, height, cells=2, octaves=4)
    picture = np.empty((height, width, 3) if color else (height, width), np.uint8)
    for top in range(0, height, _STRIP):
        rows = (top, min(top + _STRIP, height))
        depth = 0.75 * _contrast(_layered(billows, width, height, rows), 0.22, 0.78)
        depth += 0.25 * _contrast(1 - np.abs(2 * _layered(veins, width, height, rows) - 1), 0.35, 0.95)
        levels = (depth * (_SHADES - 1)).astype(np.uint8)
        picture[slice(*rows)] = shades[levels] if color else levels
    return Image.fromarray(picture)


def _palette(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Shades from dark to light whose hues drift to one side, as a sky's do; shape (_SHADES, 3)."""
    hue = rng.random()
    drift = rng.uniform(0.08, 0.25) * rng.choice((-1, 1))
    stops = [
        colorsys.hsv_to_rgb((hue + turn * drift) % 1, saturation, value)
        for turn, saturation, value in ((0, 0.75, 0.22), (0.5, 0.7, 0.75), (1.4, 0.55, 0.95), (2.2, 0.14, 1.0))
    ]
    along = np.linspace(0, len(stops) - 1, _SHADES)
    channels = [np.interp(along, range(len(stops)), channel) for channel in zip(*stops, strict=True)]
    return (np.stack(channels, axis=1) * 255).astype(np.uint8)


def _grids(rng: np.random.Generator, width: int, height: int, *, cells: int, octaves: int) -> list[Image.Image]:
    """Random grids, the first with `cells` cells along the longer side, each next one twice as fine."""
    longer = max(width, height)
    shapes = [
        tuple(max(2, round(cells * 2**octave * side / longer)) + 1 for side in (height, width))
        for octave in range(octaves)
    ]
    return [Image.fromarray(rng.random(shape, dtype=np.float32)) for shape in shapes]


def _layered(grids: Sequence[Image.Image], width: int, height: int, rows: tuple[int, int]) -> Plane:
    """The grids enlarged and added up, for the rows from rows[0] to rows[1] of the whole picture; about 0 to 1."""
    total = np.zeros((rows[1] - rows[0], width), np.float32)
    weight, weights = 1.0, 0.0
    for grid in grids:
        scale = (grid.height - 1) / height
        box = (0.5, 0.5 + rows[0] * scale, grid.width - 0.5, 0.5 + rows[1] * scale)
        total += np.float32(weight) * np.asarray(grid.resize(total.shape[::-1], Image.Resampling.BICUBIC, box))
        weights += weight
        weight *= 0.57
    total /= np.float32(weights)
    return total


def _contrast(plane: Plane, low: float, high: float) -> Plane:
    """Spread low…high over 0…1, softly at both ends."""
    spread: Plane = np.clip((plane - np.float32(low)) / np.float32(high - low), 0, 1)
    return spread * spread * (3 - 2 * spread)
