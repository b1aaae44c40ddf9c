import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.photographs import photograph
from workflows import media, ports
from workflows.errors import MediaError


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def red(mode: str = "RGB", size: tuple[int, int] = (8, 6)) -> Image.Image:
    return Image.new("RGB", size, (200, 30, 30)).convert(mode)


@pytest.mark.parametrize("name", ["coffee.png", "rocket.jpg", "astronaut.png", "chelsea.png", "hubble_deep_field.jpg"])
def test_real_photographs_are_decoded(name: str) -> None:
    picture = media.decode_image(photograph(name))
    assert picture.mode == "RGB"
    assert np.asarray(picture).std() > 10


def test_a_file_on_disk_is_decoded_like_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "photo").write_bytes(photograph())
    assert media.decode_image(tmp_path / "photo") == media.decode_image(photograph())


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_allowed_format_is_decoded(form: str) -> None:
    picture = media.decode_image(encoded(red(), form))
    assert picture.size == (8, 6)
    assert picture.getpixel((4, 3)) == pytest.approx((200, 30, 30), abs=12)


@pytest.mark.parametrize("form", ["PPM", "ICO", "PCX", "TGA"])
def test_formats_that_are_not_allowed_are_refused(form: str) -> None:
    with pytest.raises(MediaError, match="not a picture that Loupe reads"):
        media.decode_image(encoded(red(), form))


@pytest.mark.parametrize("data", [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(MediaError, match="Use one of: PNG"):
        media.decode_image(data)


@pytest.mark.parametrize("name", ["coffee.png", "rocket.jpg"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.95])
def test_a_truncated_picture_is_refused(name: str, part: float) -> None:
    data = photograph(name)
    with pytest.raises(MediaError):
        media.decode_image(data[: int(len(data) * part)])


def test_a_picture_whose_file_is_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no longer there"):
        media.decode_image(tmp_path / "nothing")


@pytest.mark.parametrize("size", [(8001, 8000), (30_000, 30_000), (2**31 - 1, 2**31 - 1)])
def test_too_many_pixels_are_refused_before_they_are_decoded(size: tuple[int, int]) -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    with pytest.raises(MediaError, match="64 million pixels"):
        media.decode_image(bomb + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT")))


def test_only_the_first_frame_of_an_animation_is_taken() -> None:
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "blue")]
    for form in ("GIF", "WEBP", "PNG", "TIFF"):
        options = {"lossless": True} if form == "WEBP" else {}
        data = encoded(frames[0], form, save_all=True, append_images=frames[1:], **options)
        assert media.decode_image(data).getpixel((1, 1)) == (255, 0, 0), form


def test_a_photograph_taken_sideways_stands_upright() -> None:
    picture = Image.new("RGB", (8, 4), "white")
    picture.paste("black", (0, 0, 4, 4))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter
    upright = media.decode_image(encoded(picture, "PNG", exif=exif))
    assert upright.size == (4, 8)
    assert upright.getpixel((2, 1)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("mode", "form", "decoded"),
    [
        ("1", "PNG", "L"),
        ("L", "PNG", "L"),
        ("LA", "PNG", "RGBA"),
        ("P", "PNG", "RGB"),
        ("RGBA", "PNG", "RGBA"),
        ("CMYK", "JPEG", "RGB"),
        ("CMYK", "TIFF", "RGB"),
        ("YCbCr", "JPEG", "RGB"),
        ("LAB", "TIFF", "RGB"),
        ("F", "TIFF", "L"),
        ("I", "TIFF", "L"),
    ],
)
def test_every_colour_mode_becomes_one_that_nodes_know(mode: str, form: str, decoded: str) -> None:
    image = (
        ImageCms.profileToProfile(
            red(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
        if mode == "LAB"
        else red(mode)
    )
    assert image is not None
    assert media.decode_image(encoded(image, form)).mode == decoded


def test_transparency_of_a_palette_or_a_key_colour_becomes_alpha() -> None:
    for mode in ("P", "L", "RGB"):
        image = Image.new(mode, (2, 1), 0)
        image.putpixel((1, 0), (255, 255, 255) if mode == "RGB" else 255)
        decoded = media.decode_image(encoded(image, "PNG", transparency=(0, 0, 0) if mode == "RGB" else 0))
        assert decoded.mode == "RGBA"
        assert [decoded.getpixel((x, 0))[3] for x in (0, 1)] == [0, 255]  # type: ignore[index]


def test_sixteen_bit_greys_keep_their_whole_range() -> None:
    deep = np.linspace(0, 65535, 256, dtype=np.uint16).reshape(1, 256)
    shades = np.asarray(media.decode_image(encoded(Image.fromarray(deep), "PNG")))
    assert shades[0, 0] == 0
    assert shades[0, 128] == pytest.approx(128, abs=1)
    assert shades[0, 255] == 255


def test_colours_of_another_profile_are_brought_to_srgb() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same = media.decode_image(encoded(red(), "PNG", icc_profile=lab))
    assert same.getpixel((0, 0)) == (200, 30, 30)
    assert not same.info


def test_a_broken_profile_costs_no_picture() -> None:
    assert media.decode_image(encoded(red(), "PNG", icc_profile=b"nonsense")).getpixel((0, 0)) == (200, 30, 30)


def test_equal_pictures_are_equal_bytes_without_what_their_files_said_beside() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    plain = media.encode_image(media.decode_image(encoded(red(), "PNG")))
    described = media.encode_image(media.decode_image(encoded(red(), "PNG", exif=exif, dpi=(300, 300))))
    assert plain == described
    assert plain.media_type == "image/png"
    assert (plain.width, plain.height) == (8, 6)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_what_is_encoded_comes_back_the_same(mode: str) -> None:
    image = media.decode_image(photograph()).convert(mode)
    again = Image.open(io.BytesIO(media.encode_image(image).data))
    assert again.mode == mode
    assert np.array_equal(np.asarray(again), np.asarray(image))


@pytest.mark.parametrize("mode", ["1", "P", "CMYK", "HSV", "I", "F", "RGBa"])
def test_any_mode_that_a_node_makes_can_be_stored(mode: str) -> None:
    image = red("RGBA").convert("RGBa") if mode == "RGBa" else red(mode)
    assert media.decode_image(media.encode_image(image).data).size == image.size
    assert media.thumbnail(image).media_type == "image/webp"


@pytest.mark.parametrize(
    ("size", "small"),
    [((1200, 800), (320, 213)), ((800, 1200), (213, 320)), ((64, 48), (64, 48)), ((8000, 4), (320, 1))],
)
def test_a_thumbnail_is_small_and_keeps_its_shape(size: tuple[int, int], small: tuple[int, int]) -> None:
    made = media.thumbnail(red(size=size))
    assert (made.width, made.height) == small
    assert Image.open(io.BytesIO(made.data)).size == small


def test_a_thumbnail_keeps_alpha() -> None:
    clear = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    assert media.decode_image(media.thumbnail(clear).data).getpixel((10, 10))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (8192, 8192)])
def test_sizes_out_of_bounds_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(MediaError):
        media.check_size(*size)


def test_the_largest_size_is_allowed() -> None:
    media.check_size(8000, 8000)
    media.check_size(media.MAX_SIDE, 1)


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (encoded(red(), "PNG"), "image/png"),
        (encoded(red(), "JPEG"), "image/jpeg"),
        (encoded(red(), "WEBP"), "image/webp"),
        (encoded(red(), "GIF"), "image/gif"),
        (encoded(red(), "BMP"), "image/bmp"),
        (encoded(red(), "TIFF"), "image/tiff"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"ID3\x04\x00\x00", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        (b"\xff\xf3\x40\xc4", "audio/mpeg"),
        (b"\xff\xf2\x40\xc4", "audio/mpeg"),
        (b"\x00\x00\x00\x20ftypisom", "video/mp4"),
        (b"\x00\x00\x00\x20ftypM4A ", "audio/mp4"),
        (b"#!/bin/sh", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_a_files_first_bytes_tell_its_media_type(head: bytes, media_type: str) -> None:
    assert media.sniff(head[:16]) == media_type


def test_every_kind_of_medium_says_what_is_chosen_for_it() -> None:
    assert media.UPLOADS.keys() == ports.MEDIA
    accepted = [each for each in media.UPLOADS["image"].accept.split(",") if media.kind_of(each) != "image"]
    assert accepted == []


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("image/png", "image"),
        ("Image/JPEG", "image"),
        ("image/svg+xml", "file"),
        ("audio/wav", "audio"),
        ("video/mp4", "video"),
        ("text/plain; charset=utf-8", "text"),
        ("application/json", "json"),
        ("application/octet-stream", "file"),
        ("", "file"),
    ],
)
def test_a_media_type_tells_the_kind_of_asset(media_type: str, kind: str) -> None:
    assert media.kind_of(media_type) == kind
