"""What is found out about files that people give."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django import Settings

from accounts.models import User
from runs import store, uploads
from runs.errors import OverQuota
from runs.models import Asset, Blob
from tests.rest import Rest, codes
from tests.turns import before
from tests.workflows.nodes.context import Listener
from tests.workflows.test_sound import wav
from workflows.media import decode_image
from workflows.nodes import films

pytestmark = pytest.mark.django_db

SOUNDS = {"flac": ("flac", "audio/flac"), "mp3": ("libmp3lame", "audio/mpeg"), "ogg": ("libopus", "audio/ogg"),
          "ipod": ("aac", "audio/mp4")}  # fmt: skip


def stored(path: Path) -> Blob:
    blob = uploads.stored(SimpleUploadedFile(path.name, path.read_bytes()))
    assert blob == Blob.objects.get(pk=blob.pk)
    return Blob.objects.select_related("thumbnail").get(pk=blob.pk)


def encoded(path: Path, form: str, codec: str, seconds: float = 1.5) -> Path:
    """A tone in a format of its own."""
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        samples = (np.sin(np.arange(round(seconds * 48_000)) / 20) * 20_000).astype(np.int16)
        resampler = av.AudioResampler(
            format=stream.format.name, layout="mono", rate=48_000, frame_size=stream.frame_size
        )
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = 48_000, Fraction(1, 48_000), 0
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("form", SOUNDS)
def test_a_sound_is_known_to_last_as_long_as_it_does(tmp_path: Path, form: str) -> None:
    codec, media_type = SOUNDS[form]
    blob = stored(encoded(tmp_path / "tone", form, codec))
    assert (blob.media_type, blob.width, blob.thumbnail) == (media_type, None, None)
    assert blob.duration == pytest.approx(1.5, abs=0.1)


def test_a_wav_file_is_known_to_last_a_second(tmp_path: Path) -> None:
    assert stored(wav(tmp_path / "a.wav", 2)).duration == 1


def test_a_film_is_known_by_its_length_size_and_first_picture() -> None:
    pictures = [Image.new("RGB", (640, 360), colour) for colour in ("teal", "red", "red", "red")]
    blob = stored(films.from_images(Listener(), pictures).path)
    assert (blob.duration, blob.width, blob.height) == (0.5, 640, 360)
    assert blob.thumbnail is not None
    poster = decode_image(store.path(blob.thumbnail.digest))
    assert poster.size == (320, 180)
    assert poster.getpixel((160, 90)) == pytest.approx((0, 128, 128), abs=8)


@pytest.mark.parametrize(
    ("damage", "noun"),
    [
        (lambda data: data[:60], "film"),
        (lambda data: data[:-8], "film"),
        (lambda data: data[:4] + b"ftyp" + b"\xff" * 400, "film"),
        (lambda data: b"ID3" + data, "sound"),
        (lambda _: b"OggS", "sound"),
        (lambda _: b"RIFF\x24\x00\x00\x00WAVEfmt ", "sound"),
    ],
)
def test_what_can_not_be_decoded_at_all_is_refused(ada: User, damage: Callable[[bytes], bytes], noun: str) -> None:
    film = films.from_images(Listener(), [Image.new("RGB", (64, 48))])
    answer = Rest(ada).upload("damaged", damage(film.path.read_bytes()))
    assert (answer.status_code, codes(answer)) == (422, {("file", "bad_value")})
    assert (
        answer.json()["errors"][0]["message"] == f"The {noun} is damaged or incomplete. Save it anew and upload that."
    )
    assert not Asset.objects.exists()


def test_what_is_damaged_in_places_is_kept(tmp_path: Path) -> None:
    data = bytearray(encoded(tmp_path / "tone", "mp3", "libmp3lame").read_bytes())
    data[3000:3400] = b"\xff" * 400
    (tmp_path / "tone").write_bytes(data[:9000])
    assert stored(tmp_path / "tone").duration is not None


def test_a_file_whose_reading_takes_too_long_is_kept_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PROBE_SECONDS", 0.001)
    assert stored(wav(tmp_path / "a.wav", 2)).duration is None
    monkeypatch.undo()
    assert stored(wav(tmp_path / "a.wav", 2)).duration == 1  # when it is given once more


@pytest.mark.django_db(transaction=True)
def test_two_files_that_come_at_once_do_not_pass_the_quota_together(ada: User, settings: Settings) -> None:
    settings.STORAGE_QUOTA_PER_USER = 10
    files = [SimpleUploadedFile(f"{letter}.bin", letter.encode() * 6) for letter in "ab"]
    first, second = [uploads.stored(file) for file in files]
    with pytest.raises(OverQuota), before(lambda: uploads.make(ada, files[1], second)):
        uploads.make(ada, files[0], first)
    assert Asset.objects.get().blob == first
