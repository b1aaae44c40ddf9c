import time

import numpy as np
import pytest
from PIL import Image

from workflows.errors import MediaError, NodeFailed
from workflows.media import encode_image
from workflows.nodes.images import gradient


def pixel(picture: Image.Image, x: int, y: int) -> tuple[int, ...]:
    found = picture.getpixel((x, y))
    assert isinstance(found, tuple)
    return found


@pytest.mark.parametrize(
    ("angle", "first", "last"),
    [
        (0, (30, 39), (30, 0)),
        (90, (0, 20), (59, 20)),
        (180, (30, 0), (30, 39)),
        (270, (59, 20), (0, 20)),
        (-90, (59, 20), (0, 20)),
        (360, (30, 39), (30, 0)),
        (45, (0, 39), (59, 0)),
        (135, (0, 0), (59, 39)),
        (100, (0, 0), (59, 39)),
    ],
)
def test_it_runs_towards_its_angle_from_the_one_colour_to_the_other(
    angle: float, first: tuple[int, int], last: tuple[int, int]
) -> None:
    picture = gradient(60, 40, "#102030", "orange", angle)
    assert (picture.size, picture.mode) == ((60, 40), "RGB")
    assert pixel(picture, *first) == (0x10, 0x20, 0x30)
    assert pixel(picture, *last) == (255, 165, 0)


def test_its_middle_is_no_muddy_grey() -> None:
    """Halfway from blue to yellow as the eye sees it, where bytes that are averaged would give (128, 128, 128)."""
    middle = pixel(gradient(513, 1, "blue", "yellow"), 256, 0)
    assert middle == pytest.approx((108, 171, 199), abs=3)


def test_steps_look_even_from_black_to_white() -> None:
    row = np.asarray(gradient(1001, 1, "black", "white"), float)[0, :, 0]
    assert (row.max() - row.min(), row[500]) == pytest.approx((255, 99), abs=2)
    assert (np.diff(row) >= -1).all()


def test_two_near_colours_go_over_without_bands() -> None:
    """Of 40 shades over 4,000 columns each would be a band of 100: here columns differ no more than grain does."""
    columns = np.asarray(gradient(4000, 128, "#202020", "#484848"), float)[..., 0].mean(axis=0)
    assert np.abs(np.diff(columns)).max() < 0.35
    assert np.abs(columns - np.linspace(columns[0], columns[-1], 4000)).max() < 1


def test_grain_adds_no_colour_and_none_where_there_is_but_one() -> None:
    grey = np.asarray(gradient(300, 200, "black", "white", 30))
    assert (grey[..., 0] == grey[..., 2]).mean() > 0.99
    for color, bytes_of_it in (("#123456", (0x12, 0x34, 0x56)), ("white", (255, 255, 255))):
        assert gradient(8000, 130, color, color).getcolors() == [(8000 * 130, bytes_of_it)]


def test_the_same_inputs_paint_the_same_bytes() -> None:
    assert encode_image(gradient()).data == encode_image(gradient()).data
    assert gradient().size == (512, 512)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 129)])
@pytest.mark.parametrize("angle", [0, 17, 90, 359])
def test_any_shape_can_be_painted(size: tuple[int, int], angle: float) -> None:
    assert gradient(*size, "red", "blue", angle).size == size


def test_what_is_no_colour_and_what_is_too_large_is_refused() -> None:
    with pytest.raises(NodeFailed, match="“reddish” is no colour"):
        gradient(10, 10, "reddish")
    with pytest.raises(NodeFailed, match="“#12” is no colour"):
        gradient(10, 10, "red", "#12")
    with pytest.raises(MediaError, match="64 million"):
        gradient(8192, 8192)


def test_a_large_gradient_takes_a_fraction_of_a_second() -> None:
    gradient(64, 64)
    started = time.process_time()
    gradient(2048, 1024)
    assert time.process_time() - started < 1
