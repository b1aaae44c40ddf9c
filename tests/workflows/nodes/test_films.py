from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from tests.workflows.nodes.context import Listener
from workflows.errors import Cancelled, NodeFailed
from workflows.nodes import films
from workflows.nodes.filming import MAX_SIDE
from workflows.recordings import Video

RED, GREEN, BLUE = ((200, 30, 30), (30, 160, 60), (40, 60, 220))


def plain(colour: tuple[int, ...] = RED, size: tuple[int, int] = (64, 48)) -> Image.Image:
    return Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour)


def frames(video: Video) -> list[Image.Image]:
    """The pictures of a film, as a player makes them of its file."""
    with av.open(str(video.path)) as container:
        return [Image.fromarray(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def close(found: Any, wanted: Sequence[int]) -> bool:
    return bool(np.abs(np.subtract(found, wanted)).max() <= 6)


def test_a_film_shows_its_pictures_in_their_order_and_colours() -> None:
    video = films.from_images(Listener(), [plain(RED), plain(GREEN), plain(BLUE)])
    shown = frames(video)
    assert [frame.size for frame in shown] == [(64, 48)] * 3
    for frame, colour in zip(shown, (RED, GREEN, BLUE), strict=True):
        assert close(frame.getpixel((32, 24)), colour)


def test_a_film_is_what_every_browser_plays() -> None:
    video = films.from_images(Listener(), [plain()] * 4)
    assert video.media_type == "video/mp4"
    with av.open(str(video.path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.pix_fmt, context.colorspace, context.color_range) == ("h264", "yuv420p", 1, 1)
    data = video.path.read_bytes()
    assert data[4:8] == b"ftyp"
    assert data.index(b"moov") < data.index(b"mdat")  # it plays before all of it is there


@pytest.mark.parametrize(("count", "fps"), [(1, 8), (16, 8), (3, 0.1), (90, 60), (5, 29.97)])
def test_a_film_lasts_as_long_as_its_pictures_are_shown(count: int, fps: float) -> None:
    video = films.from_images(Listener(), [plain()] * count, fps=fps)
    assert video.duration == pytest.approx(count / fps, rel=1e-4)
    with av.open(str(video.path)) as container:
        assert container.duration is not None
        assert container.duration / 1_000_000 == pytest.approx(count / fps, rel=1e-2)
        times = [frame.time for frame in container.decode(video=0)]
    assert len(times) == count
    assert all(after - before == pytest.approx(1 / fps, rel=1e-2) for before, after in pairwise(times))


def test_it_shows_eight_pictures_a_second_unless_told_otherwise() -> None:
    assert films.from_images(Listener(), [plain()] * 4).duration == 0.5


@pytest.mark.parametrize(
    ("first", "size"),
    [((64, 48), (64, 48)), ((65, 49), (64, 48)), ((1, 1), (2, 2)), ((3, 90), (2, 90)), ((640, 361), (640, 360))],
)
def test_odd_sizes_become_even(first: tuple[int, int], size: tuple[int, int]) -> None:
    video = films.from_images(Listener(), [plain(size=first)] * 2)
    assert (video.width, video.height) == size
    assert frames(video)[1].size == size


def test_pictures_of_other_sizes_stand_whole_in_the_middle_of_the_first_ones() -> None:
    video = films.from_images(Listener(), [plain(size=(80, 40)), plain(GREEN, (40, 40)), plain(BLUE, (320, 40))])
    _, narrow, wide = frames(video)
    assert close(narrow.getpixel((5, 20)), (0, 0, 0))
    assert close(narrow.getpixel((40, 20)), GREEN)
    assert close(wide.getpixel((40, 2)), (0, 0, 0))
    assert close(wide.getpixel((40, 20)), BLUE)


def test_what_is_transparent_is_black_and_grey_is_grey() -> None:
    clear = Image.new("RGBA", (64, 48), (255, 0, 0, 0))
    shown = frames(films.from_images(Listener(), [clear, Image.new("L", (64, 48), 128)]))
    assert close(shown[0].getpixel((32, 24)), (0, 0, 0))
    assert close(shown[1].getpixel((32, 24)), (128, 128, 128))


def test_the_first_picture_is_the_poster() -> None:
    video = films.from_images(Listener(), [plain(BLUE, (65, 48)), plain(RED)])
    assert video.poster is not None
    assert video.poster.size == (64, 48)
    assert video.poster.getpixel((9, 9)) == BLUE


def test_a_film_of_large_pictures_is_made_smaller_and_says_so() -> None:
    listener = Listener()
    video = films.from_images(listener, [plain(size=(MAX_SIDE * 2, MAX_SIDE))])
    assert (video.width, video.height) == (MAX_SIDE, MAX_SIDE // 2)
    assert listener.lines == [("info", "The film is made smaller, 2048 × 1024: its sides have 2048 px at most.")]
    quiet = Listener()
    films.from_images(quiet, [plain(size=(MAX_SIDE, 8))])
    assert quiet.lines == []


def test_equal_pictures_give_equal_bytes() -> None:
    pictures = [plain(RED), plain(GREEN)]
    first, again = (films.from_images(Listener(), pictures).path.read_bytes() for _ in range(2))
    assert first == again


def test_no_picture_is_refused() -> None:
    with pytest.raises(NodeFailed, match="no pictures to make a film of"):
        films.from_images(Listener(), [])


def test_a_film_has_no_more_pictures_than_it_may() -> None:
    one = plain(size=(16, 16))
    assert films.from_images(Listener(), [one] * films.MOST_PICTURES, fps=60).duration == 50
    with pytest.raises(NodeFailed, match=r"3,000 pictures at most; these are 3,001\. Send fewer"):
        films.from_images(Listener(), [one] * (films.MOST_PICTURES + 1))


def test_a_film_says_how_far_it_is_and_ends_when_it_is_cancelled() -> None:
    listener = Listener()
    films.from_images(listener, [plain()] * 3)
    assert listener.steps == [(0, 3), (1, 3), (2, 3), (3, 3)]
    with pytest.raises(Cancelled):
        films.from_images(Listener(cancelled=True), [plain()])
