"""What can be seen of a sound: its peaks. Knows no Django."""

import wave
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_BYTES: Final = 64 * 1024 * 1024
BARS: Final = 80


class Wave(NamedTuple):
    """The loudest of each of so many equal parts, 0–1, and how long the sound is, in seconds."""

    peaks: list[float]
    seconds: float


def waveform(path: Path, bars: int = BARS) -> Wave | None:
    """The peaks of a WAV file; None for one of any other kind, a broken one, or one of more than `MOST_BYTES`."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        with wave.open(str(path)) as file:
            rate, most = file.getframerate(), path.stat().st_size // (file.getnchannels() * file.getsampwidth())
            frames = min(file.getnframes(), most)  # a header may say anything
            part = max(-(-frames // bars), 1)
            peaks = [_peak(file.readframes(part), file.getsampwidth()) for _ in range(-(-frames // part))]
    except (wave.Error, EOFError, OSError, ValueError, RuntimeError):  # the last: a chunk that ends beyond the file
        return None
    return Wave(peaks, frames / rate) if peaks and rate else None


def _peak(data: bytes, width: int) -> float:
    samples = _samples(data[: len(data) // width * width], width)
    return round(float(np.abs(samples).max()) if samples.size else 0.0, 3)


def _samples(data: bytes, width: int) -> NDArray[np.float64]:
    """Samples of 1 to 4 bytes as -1 to 1; those of one byte are unsigned, as WAV has them."""
    if width == 1:
        return (np.frombuffer(data, np.uint8).astype(np.float64) - 128) / 128
    wide = np.zeros((len(data) // width, 4), np.uint8)
    wide[:, 4 - width :] = np.frombuffer(data, np.uint8).reshape(-1, width)
    return wide.view("<i4").ravel() / 2.0**31
