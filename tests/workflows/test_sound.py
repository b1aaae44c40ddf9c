"""The peaks of a WAV file, whatever its samples are; of anything else none."""

import math
import struct
import wave
from pathlib import Path

import pytest

from workflows import sound


def wav(path: Path, width: int, loud: float = 0.5, frames: int = 8000) -> Path:
    """A second of silence, but for its last quarter."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, width, 8000, 0, "NONE", ""))
        for at in range(frames):
            value = loud * math.sin(at / 3) if at >= frames * 3 // 4 else 0
            whole = round(value * (2 ** (8 * width - 1) - 1))
            file.writeframesraw(bytes([whole + 128]) if width == 1 else struct.pack("<i", whole)[:width])
    return path


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_the_peaks_are_those_of_equal_parts(tmp_path: Path, width: int) -> None:
    found = sound.waveform(wav(tmp_path / "a.wav", width))
    assert found is not None
    assert len(found.peaks) == sound.BARS
    assert found.seconds == 1
    assert max(found.peaks[: sound.BARS * 3 // 4]) == 0
    assert found.peaks[-2] == pytest.approx(0.5, abs=0.02)


def test_a_sound_of_few_samples_has_few_parts(tmp_path: Path) -> None:
    found = sound.waveform(wav(tmp_path / "a.wav", 2, frames=3))
    assert found is not None
    assert len(found.peaks) == 3


@pytest.mark.parametrize("data", [b"", b"ID3 not a WAV", b"RIFF\x24\x00\x00\x00WAVEfmt "])
def test_what_is_no_wav_has_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    assert sound.waveform(path) is None


def test_what_is_cut_off_has_the_peaks_that_are_there(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", 2)
    path.write_bytes(path.read_bytes()[:-3001])
    found = sound.waveform(path)
    assert found is not None
    assert found.peaks[0] == 0


def test_a_sound_without_samples_and_one_that_is_gone_have_none(tmp_path: Path) -> None:
    assert sound.waveform(wav(tmp_path / "a.wav", 2, frames=0)) is None
    assert sound.waveform(tmp_path / "gone.wav") is None


def test_a_header_that_lies_is_not_believed(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", 2)
    data = bytearray(path.read_bytes())
    data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    found = sound.waveform(path)
    assert found is not None
    assert found.seconds == pytest.approx(1, abs=0.01)
    data[17] = data[47] = 128
    path.write_bytes(data)
    assert sound.waveform(path) is None
