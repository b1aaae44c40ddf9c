"""Nodes that make sounds."""

import math
import wave
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray

from workflows.context import NodeContext
from workflows.errors import NodeFailed
from workflows.recordings import Audio
from workflows.registry import Setting, node

Samples = NDArray[np.float64]
Shape = Literal["sine", "square", "saw", "triangle"]

RATE: Final = 44_100  # Hz
LONGEST: Final = 600
_FADE: Final = 0.005  # seconds at both ends: without, a tone begins and ends with a click
_LOUDEST: Final = 2**15 - 1
_BLOCK: Final = RATE  # samples made at once, so that a long tone needs no more memory than a short one


@node("audio.tone", title="Tone", description="Makes a tone of one pitch.", output="audio")
def tone(
    context: NodeContext,
    frequency: Annotated[float, Setting(minimum=20, maximum=20_000, unit="Hz")] = 440,
    seconds: Annotated[float, Setting(minimum=0.01, maximum=LONGEST, unit="s")] = 1.0,
    volume: Annotated[float, Setting(minimum=0, maximum=1, description="0 is silence, 1 as loud as can be.")] = 0.5,
    shape: Annotated[Shape, Setting(description="sine is the softest, square and saw are the sharpest.")] = "sine",
) -> Audio:
    """Return a WAV file of one channel, 16 bits and 44.1 kHz; equal settings give equal bytes."""
    for name, value in (("frequency", frequency), ("seconds", seconds), ("volume", volume)):
        if not math.isfinite(value):
            raise NodeFailed("bad_value", f"“{name}” is {value}; give it a finite number.")
    path, count = context.temporary_file(".wav"), round(seconds * RATE)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, count, "NONE", ""))
        for first in range(0, count, _BLOCK):
            context.progress(first, count)
            places = np.arange(first, min(first + _BLOCK, count), dtype=np.float64)
            heard = volume * _faded(_wave(places, frequency, shape), places, count)
            file.writeframesraw(np.round(_LOUDEST * np.clip(heard, -1, 1)).astype("<i2").tobytes())
    context.progress(count, count)
    return Audio(path, "audio/wav", duration=count / RATE)


def _wave(places: Samples, frequency: float, shape: Shape) -> Samples:
    """The samples at these places, between -1 and 1."""
    step = frequency / RATE
    phase: Samples = (places * step) % 1
    opposite: Samples = (phase + 0.5) % 1
    heard: Samples
    match shape:
        case "sine":
            heard = np.sin(2 * np.pi * phase)
        case "triangle":
            heard = 4 * np.abs((phase + 0.75) % 1 - 0.5) - 1
        case "saw":
            heard = _saw(opposite, step)
        case "square":
            heard = _saw(opposite, step) - _saw(phase, step)
    return heard


def _saw(phase: Samples, step: float) -> Samples:
    """A saw whose jump is rounded off over a sample on each side (PolyBLEP): a bare one would hum beside the tone."""
    heard = 2 * phase - 1
    after, before = phase < step, phase > 1 - step
    heard[after] -= 2 * (along := phase[after] / step) - along**2 - 1
    heard[before] -= (along := (phase[before] - 1) / step) ** 2 + 2 * along + 1
    return heard


def _faded(heard: Samples, places: Samples, count: int) -> Samples:
    fade = min(_FADE * RATE, count / 2)
    edge = np.minimum(places, count - 1 - places)
    faded: Samples = heard * np.clip(edge / fade, 0, 1)
    return faded
