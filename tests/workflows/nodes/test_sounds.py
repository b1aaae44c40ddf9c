import math
import wave

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.workflows.nodes.context import Listener
from workflows.errors import Cancelled, NodeFailed
from workflows.nodes import sounds
from workflows.recordings import Audio
from workflows.sound import waveform

SHAPES: tuple[sounds.Shape, ...] = ("sine", "square", "saw", "triangle")


def heard(audio: Audio) -> NDArray[np.float64]:
    """The samples of a WAV file, between -1 and 1."""
    with wave.open(str(audio.path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 44_100)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 2**15


def loudest_pitch(audio: Audio) -> float:
    """The frequency that is heard most, in Hz."""
    samples = heard(audio)
    return float(np.abs(np.fft.rfft(samples)).argmax() * 44_100 / samples.size)


def test_a_tone_is_a_second_of_440_hz_unless_told_otherwise() -> None:
    audio = sounds.tone(Listener())
    assert (audio.media_type, audio.duration) == ("audio/wav", 1.0)
    assert heard(audio).size == 44_100
    assert loudest_pitch(audio) == pytest.approx(440, abs=1)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("frequency", [20, 441.5, 5_000, 20_000])
def test_every_shape_has_the_pitch_asked_for(shape: sounds.Shape, frequency: float) -> None:
    audio = sounds.tone(Listener(), frequency=frequency, shape=shape)
    assert loudest_pitch(audio) == pytest.approx(frequency, abs=1.1)


@pytest.mark.parametrize(("shape", "power"), [("sine", 1 / 2), ("square", 1), ("saw", 1 / 3), ("triangle", 1 / 3)])
def test_every_shape_fills_the_volume_asked_for(shape: sounds.Shape, power: float) -> None:
    samples = heard(sounds.tone(Listener(), frequency=100, volume=0.6, shape=shape))
    assert np.abs(samples).max() == pytest.approx(0.6, abs=0.02)
    assert (samples**2).mean() == pytest.approx(power * 0.6**2, rel=0.05)


@pytest.mark.parametrize("shape", ["square", "saw"])
def test_nothing_hums_beside_a_high_tone(shape: sounds.Shape) -> None:
    """Below the tone there is nothing to hear: a bare jump would have its echoes there."""
    spectrum = np.abs(np.fft.rfft(heard(sounds.tone(Listener(), frequency=5_000, shape=shape))))
    assert spectrum[50:4_900].max() < spectrum.max() / 50


def test_a_tone_goes_on_smoothly_from_one_block_to_the_next() -> None:
    samples = heard(sounds.tone(Listener(), frequency=441.3, seconds=2.5))
    steps = np.abs(np.diff(samples))
    assert steps[44_000:44_200].max() <= steps.max()
    assert steps.max() < 0.04


def test_a_tone_begins_and_ends_without_a_click() -> None:
    samples = heard(sounds.tone(Listener(), frequency=333, shape="square", volume=1))
    assert samples[0] == samples[-1] == 0
    assert np.abs(samples[:20]).max() < 0.1


def test_equal_settings_give_equal_bytes_and_others_do_not() -> None:
    first, again, other = (sounds.tone(Listener(), frequency=pitch).path.read_bytes() for pitch in (300, 300, 301))
    assert first == again
    assert first != other


@pytest.mark.parametrize("seconds", [0.01, 0.5, 600])
def test_a_tone_may_be_as_short_and_as_long_as_its_bounds(seconds: float) -> None:
    audio = sounds.tone(Listener(), seconds=seconds)
    assert audio.duration == seconds
    drawn = waveform(audio.path)
    assert drawn is not None
    assert drawn.seconds == seconds
    assert max(drawn.peaks) == pytest.approx(0.5, abs=0.06)


def test_without_volume_there_is_silence() -> None:
    assert not heard(sounds.tone(Listener(), volume=0)).any()


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_refused_by_name(value: float) -> None:
    with pytest.raises(NodeFailed, match=f"“frequency” is {value}; give it a finite number"):
        sounds.tone(Listener(), frequency=value)
    with pytest.raises(NodeFailed, match=f"“seconds” is {value}"):
        sounds.tone(Listener(), seconds=value)
    with pytest.raises(NodeFailed, match=f"“volume” is {value}"):
        sounds.tone(Listener(), volume=value)


def test_a_tone_says_how_far_it_is_and_ends_when_it_is_cancelled() -> None:
    listener = Listener()
    sounds.tone(listener, seconds=3)
    assert [done / total for done, total in listener.steps] == [0, pytest.approx(1 / 3), pytest.approx(2 / 3), 1]
    with pytest.raises(Cancelled):
        sounds.tone(Listener(cancelled=True))
