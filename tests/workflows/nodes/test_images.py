import time

import numpy as np
import pytest
from PIL import Image, ImageChops

from tests.photographs import photograph
from tests.workflows.nodes.context import Listener
from workflows.errors import MediaError, NodeFailed
from workflows.media import decode_image, encode_image
from workflows.nodes import images
from workflows.nodes.lettering import Position


@pytest.fixture
def photo() -> Image.Image:
    return decode_image(photograph())


def spread(image: Image.Image) -> float:
    return float(np.asarray(image, dtype=float).std())


def test_the_same_seed_paints_the_same_bytes_and_another_does_not() -> None:
    first, again, other = (encode_image(images.noise(200, 150, seed)).data for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_noise_has_the_size_and_colour_asked_for() -> None:
    assert images.noise(300, 20).size == (300, 20)
    assert images.noise().size == (512, 512)
    assert images.noise().mode == "RGB"
    assert images.noise(color=False).mode == "L"


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1), (129, 128)])
def test_noise_of_any_shape_can_be_painted(size: tuple[int, int]) -> None:
    assert images.noise(*size).size == size


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 2**53 - 1])
def test_noise_is_something_to_look_at(seed: int) -> None:
    assert spread(images.noise(seed=seed)) > 15
    assert spread(images.noise(seed=seed, color=False)) > 15


def test_a_seed_paints_the_same_clouds_at_any_size() -> None:
    small = images.noise(256, 256, 3)
    large = images.noise(1024, 1024, 3).resize((256, 256), Image.Resampling.BOX)
    assert np.abs(np.asarray(small, float) - np.asarray(large, float)).mean() < 12


def test_noise_shows_no_seams_between_the_strips_it_is_painted_in() -> None:
    rows = np.asarray(images.noise(64, 1024, 5, color=False), float)
    steps = np.abs(np.diff(rows, axis=0)).mean(axis=1)
    assert steps[[127, 255, 383, 511, 639, 767, 895]].max() <= steps.max()
    assert steps.max() < 6


def test_noise_of_a_megapixel_takes_a_fraction_of_a_second() -> None:
    images.noise(64, 64)
    started = time.process_time()
    images.noise(1024, 1024)
    assert time.process_time() - started < 1


def test_too_many_pixels_are_refused() -> None:
    with pytest.raises(MediaError, match="64 million"):
        images.noise(8192, 8192)
    with pytest.raises(MediaError, match="64 million"):
        images.resize(Image.new("RGB", (2, 2)), 8192, 8192)


def test_blur_softens(photo: Image.Image) -> None:
    assert spread(images.blur(photo, 20.0)) < spread(images.blur(photo)) < spread(photo)
    assert images.blur(photo, 0.0) == photo


def test_blur_lets_no_colour_of_transparent_pixels_bleed() -> None:
    image = Image.new("RGBA", (40, 40), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 20, 40))
    blurred = np.asarray(images.blur(image, 3.0))
    seen = blurred[..., 3] > 30
    assert blurred[seen][:, 1].max() <= 10


@pytest.mark.parametrize(("fit", "size"), [("contain", (300, 200)), ("cover", (300, 300)), ("stretch", (300, 300))])
def test_resizing_fits_as_told(photo: Image.Image, fit: images.Fit, size: tuple[int, int]) -> None:
    assert images.resize(photo, 300, 300, fit).size == size


def test_covering_cuts_the_edges_and_keeps_the_middle() -> None:
    image = Image.new("RGB", (300, 100), "red")
    image.paste("blue", (100, 0, 200, 100))
    covered = images.resize(image, 50, 50, "cover")
    assert all(covered.getpixel((x, 25)) == pytest.approx((0, 0, 255), abs=20) for x in range(50))


def test_containing_enlarges_too_and_never_loses_a_side() -> None:
    assert images.resize(Image.new("L", (10, 5)), 100, 100).size == (100, 50)
    assert images.resize(Image.new("L", (5000, 1)), 10, 10).size == (10, 1)


@pytest.mark.parametrize(
    ("position", "box"),
    [
        ("top-left", (0, 0, 300, 133)),
        ("top", (0, 0, 600, 133)),
        ("right", (300, 100, 600, 300)),
        ("center", (100, 100, 500, 300)),
        ("bottom-right", (300, 267, 600, 400)),
        ("bottom", (0, 267, 600, 400)),
    ],
)
def test_text_stands_where_it_is_told(photo: Image.Image, position: Position, box: tuple[int, ...]) -> None:
    changed = ImageChops.difference(photo, images.text(Listener(), photo, "Hello", 40, "white", position)).getbbox()
    assert changed is not None
    assert (changed[0] >= box[0], changed[1] >= box[1], changed[2] <= box[2], changed[3] <= box[3]) == (True,) * 4


@pytest.mark.parametrize("words", ["wrap " * 60, "W" * 200, "one\ntwo\n\nthree", "a", "Wj" * 900])
@pytest.mark.parametrize("size", [12, 80, 1024])
def test_long_text_is_wrapped_and_made_smaller_until_it_stays_inside(words: str, size: int) -> None:
    ground = Image.new("RGB", (400, 300), "white")
    written = images.text(Listener(), ground, words, size, "black", "center")
    box = ImageChops.difference(ground, written).getbbox()
    assert box is not None
    assert (box[0] > 0, box[1] > 0, box[2] < 400, box[3] < 300) == (True,) * 4


def test_text_changes_no_picture_but_its_own_copy(photo: Image.Image) -> None:
    before = photo.tobytes()
    assert images.text(Listener(), photo, "Hello").tobytes() != before
    assert photo.tobytes() == before
    assert images.text(Listener(), photo, " \n ") == photo


def test_text_can_be_read_on_its_own_colour() -> None:
    for color in ("white", "black"):
        assert spread(images.text(Listener(), Image.new("RGB", (200, 80), color), "Hello", 40, color)) > 5


def test_text_in_colour_on_grey_and_transparent_pictures() -> None:
    assert images.text(Listener(), Image.new("L", (200, 80)), "Hello", color="orange").mode == "RGB"
    clear = images.text(Listener(), Image.new("RGBA", (200, 80), (0, 0, 0, 0)), "Hello")
    assert clear.mode == "RGBA"
    assert clear.getpixel((0, 0)) == (0, 0, 0, 0)
    assert clear.getchannel("A").getextrema() == (0, 255)


def test_letters_keep_their_marks() -> None:
    context, ground = Listener(), Image.new("RGB", (600, 80))
    marked = images.text(context, ground, "Zürich Łódź 5 € Ж Ω")
    assert marked != images.text(Listener(), ground, "Zurich Lodz 5 E ? ?")
    assert context.lines == []


def test_letters_that_the_font_lacks_are_boxes_and_the_log_says_so() -> None:
    context, ground = Listener(), Image.new("RGB", (400, 80))
    assert images.text(context, ground, "山") == images.text(Listener(), ground, "川")
    assert [level for level, _ in context.lines] == ["warning"]
    assert "山" in context.lines[0][1]


def test_text_on_the_largest_picture_touches_no_more_than_its_corner() -> None:
    ground = Image.new("L", (8000, 8000))
    started = time.process_time()
    written = images.text(Listener(), ground, "Hello", 64, position="top-left")
    assert time.process_time() - started < 3
    assert written.crop((1000, 1000, 8000, 8000)).getbbox() is None


def test_text_that_fits_in_no_size_is_refused() -> None:
    with pytest.raises(NodeFailed, match="does not fit"):
        images.text(Listener(), Image.new("RGB", (30, 10)), "far too much " * 20)
    with pytest.raises(NodeFailed, match="2,000 at most"):
        images.text(Listener(), Image.new("RGB", (30, 10)), "a" * 2001)


def test_an_unknown_colour_is_refused() -> None:
    with pytest.raises(NodeFailed, match="is no colour"):
        images.text(Listener(), Image.new("RGB", (30, 10)), "a", color="greenish")
