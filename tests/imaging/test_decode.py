from __future__ import annotations

import os
import struct
import tracemalloc
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from prefml.exceptions import ImageError
from prefml.imaging.decode import decode, upright_size

RED, BLUE = (200, 30, 40), (20, 60, 210)


def halves(size: tuple[int, int] = (64, 32)) -> Image.Image:
    """Return a picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    return image


def corner(path: Path, x: int = 2, y: int = 2) -> tuple[int, ...]:
    return tuple(int(value) for value in decode(path).pixels[y, x])


def close(found: tuple[int, ...], expected: tuple[int, ...], by: int = 4) -> bool:
    return max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= by


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "tiff"])
def test_every_promised_format_is_read(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    halves().save(path, quality=95)
    picture = decode(path)
    assert (picture.width, picture.height, picture.image.mode) == (64, 32, "RGB")
    assert close(corner(path), RED, 12)
    assert close(corner(path, 60, 28), BLUE, 12)


def test_content_decides_when_the_name_is_wrong(tmp_path):
    path = tmp_path / "a.jpg"
    halves().save(path, "PNG")
    assert corner(path) == RED


# Where the top-left pixel of the upright picture comes from, for each EXIF orientation.
@pytest.mark.parametrize(
    ("orientation", "size", "left"),
    [(1, (64, 32), RED), (2, (64, 32), BLUE), (3, (64, 32), BLUE), (4, (64, 32), RED),
     (5, (32, 64), RED), (6, (32, 64), RED), (7, (32, 64), BLUE), (8, (32, 64), BLUE)],
)  # fmt: skip
def test_exif_orientation_is_applied(tmp_path, orientation, size, left):
    exif = Image.Exif()
    exif[274] = orientation
    halves().save(tmp_path / "a.jpg", exif=exif, quality=95)
    picture = decode(tmp_path / "a.jpg")
    assert (picture.width, picture.height) == size
    assert close(corner(tmp_path / "a.jpg"), left, 12)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_impossible_orientation_is_ignored(tmp_path, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    halves().save(tmp_path / "a.jpg", exif=exif)
    assert decode(tmp_path / "a.jpg").width == 64


def test_damaged_exif_does_not_lose_the_picture(tmp_path):
    halves().save(tmp_path / "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\x7fgarbage")
    assert decode(tmp_path / "a.jpg").width == 64


def test_transparent_parts_are_laid_on_white(tmp_path):
    image = Image.new("RGBA", (8, 8), (*RED, 0))
    image.paste((*BLUE, 255), (4, 0, 8, 8))
    image.save(tmp_path / "a.png")
    assert corner(tmp_path / "a.png") == (255, 255, 255)
    assert corner(tmp_path / "a.png", 6) == BLUE


def test_half_transparent_is_mixed_with_white(tmp_path):
    Image.new("LA", (8, 8), (0, 128)).save(tmp_path / "a.png")
    assert close(corner(tmp_path / "a.png"), (127, 127, 127), 1)


def test_opaque_alpha_changes_nothing(tmp_path):
    halves().convert("RGBA").save(tmp_path / "a.png")
    assert np.array_equal(decode(tmp_path / "a.png").pixels, np.asarray(halves()))


def test_palette_with_transparent_entry_is_laid_on_white(tmp_path):
    image = halves().convert("P", palette=Image.Palette.ADAPTIVE, colors=2)
    image.save(tmp_path / "a.png", transparency=image.getpixel((2, 2)))
    assert corner(tmp_path / "a.png") == (255, 255, 255)
    assert close(corner(tmp_path / "a.png", 60), BLUE)


def test_palette_with_partly_transparent_entries_is_laid_on_white(tmp_path):
    image = halves().convert("P", palette=Image.Palette.ADAPTIVE, colors=2)
    image.save(tmp_path / "a.png", transparency=bytes([0, 0]))
    assert (decode(tmp_path / "a.png").pixels == 255).all()


def test_colour_key_is_transparent(tmp_path):
    halves().save(tmp_path / "a.png", transparency=RED)
    assert corner(tmp_path / "a.png") == (255, 255, 255)


@pytest.mark.parametrize("suffix", ["png", "tiff"])
@pytest.mark.parametrize("channels", [1, 3])
def test_16_bit_is_scaled_to_8_bit(tmp_path, suffix, channels):
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    deep = np.repeat((ramp.astype(np.uint16) * 257)[:, :, None], channels, axis=2)
    cv2.imwrite(str(tmp_path / f"a.{suffix}"), deep.squeeze())
    assert np.array_equal(decode(tmp_path / f"a.{suffix}").pixels[:, :, 0], ramp)


def test_float_picture_is_scaled_to_8_bit(tmp_path):
    values = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    Image.fromarray(values).save(tmp_path / "a.tiff")
    found = decode(tmp_path / "a.tiff").pixels[:, :, 0]
    assert (found[0, 0], found[-1, -1]) == (0, 255)


def test_float_picture_with_nan_is_read(tmp_path):
    values = np.full((8, 8), np.nan, dtype=np.float32)
    Image.fromarray(values).save(tmp_path / "a.tiff")
    assert (decode(tmp_path / "a.tiff").pixels == 0).all()


@pytest.mark.parametrize("suffix", ["jpg", "tiff"])
def test_cmyk_is_converted(tmp_path, suffix):
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / f"a.{suffix}")
    assert close(corner(tmp_path / f"a.{suffix}"), (255, 0, 0), 6)


def test_one_bit_is_converted(tmp_path):
    Image.new("1", (8, 8), 1).save(tmp_path / "a.png")
    assert corner(tmp_path / "a.png") == (255, 255, 255)


@pytest.mark.parametrize("suffix", ["png", "webp", "tiff"])
def test_first_frame_of_an_animation_is_taken(tmp_path, suffix):
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE)]
    options = {"lossless": True} if suffix == "webp" else {}
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], **options)
    assert corner(tmp_path / f"a.{suffix}") == RED


def test_two_views_of_one_phone_picture_are_read_as_the_first(tmp_path):
    halves().save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[halves((8, 8))])
    assert decode(tmp_path / "a.jpg").width == 64


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff", "bmp"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_truncated_file_is_refused(tmp_path, suffix, share):
    path = tmp_path / f"a.{suffix}"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(ImageError, match=r"a\." + suffix):
        decode(path)


def test_zero_byte_file_is_refused(tmp_path):
    (tmp_path / "a.png").touch()
    with pytest.raises(ImageError, match="empty file"):
        decode(tmp_path / "a.png")


def test_text_file_is_refused(tmp_path):
    (tmp_path / "a.png").write_text("not a picture")
    with pytest.raises(ImageError, match="not a picture of a known format"):
        decode(tmp_path / "a.png")


def test_format_outside_the_list_is_refused(tmp_path):
    (tmp_path / "a.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n")
    with pytest.raises(ImageError, match="not a picture of a known format"):
        decode(tmp_path / "a.png")


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(ImageError, match="No such file"):
        decode(tmp_path / "a.png")


def test_folder_is_refused(tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(ImageError):
        decode(tmp_path / "a.png")


def test_fifo_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(ImageError, match="not a regular file"):
        decode(tmp_path / "a.png")


def test_link_loop_is_refused(tmp_path):
    (tmp_path / "a.png").symlink_to(tmp_path / "a.png")
    with pytest.raises(ImageError):
        decode(tmp_path / "a.png")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_unreadable_file_is_refused(tmp_path):
    halves().save(tmp_path / "a.png")
    (tmp_path / "a.png").chmod(0)
    with pytest.raises(ImageError, match="Permission denied"):
        decode(tmp_path / "a.png")


def test_oversized_picture_is_refused_with_the_way_out(tmp_path):
    halves().save(tmp_path / "a.png")
    with pytest.raises(ImageError, match=r"64x32 pixels.*at most 2047 pixels.*max_pixels"):
        decode(tmp_path / "a.png", max_pixels=2047)


def bomb(side: int) -> bytes:
    """Return a PNG whose header promises a square that its few bytes do not hold."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    packed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def test_decompression_bomb_is_refused_before_it_is_unpacked(tmp_path):
    (tmp_path / "a.png").write_bytes(bomb(2**31 - 1))
    tracemalloc.start()
    with pytest.raises(ImageError, match="2147483647x2147483647 pixels"):
        decode(tmp_path / "a.png")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_the_size_is_read_from_the_header(tmp_path):
    (tmp_path / "a.png").write_bytes(bomb(5000))
    assert upright_size(tmp_path / "a.png") == (5000, 5000)


@pytest.mark.parametrize(("orientation", "size"), [(1, (40, 20)), (3, (40, 20)), (6, (20, 40))])
def test_the_size_is_that_of_the_upright_picture(tmp_path, orientation, size):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.new("RGB", (40, 20)).save(tmp_path / "a.jpg", exif=exif)
    assert upright_size(tmp_path / "a.jpg") == size


def test_picture_of_exactly_the_limit_is_read(tmp_path):
    halves().save(tmp_path / "a.png")
    assert decode(tmp_path / "a.png", max_pixels=2048).width == 64


def test_own_limit_replaces_the_one_of_pillow(tmp_path, monkeypatch):
    halves().save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert decode(tmp_path / "a.png").width == 64
    assert Image.MAX_IMAGE_PIXELS == 100


def test_settings_of_pillow_survive_threads(tmp_path):
    halves().save(tmp_path / "a.png")
    before = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    with ThreadPoolExecutor(4) as pool:
        pictures = list(pool.map(decode, [tmp_path / "a.png"] * 40))
    assert {picture.width for picture in pictures} == {64}
    assert (Image.MAX_IMAGE_PIXELS, list(warnings.filters)) == before


@given(st.binary(max_size=200), st.sampled_from(["PNG", "JPEG", "WEBP", "BMP", "TIFF"]))
def test_damaged_bytes_give_a_picture_or_an_image_error(tmp_path_factory, tail, kind):
    path = tmp_path_factory.mktemp("damage") / "a.png"
    halves().save(path, kind)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3] + tail + content[len(content) // 2 :])
    with suppress(ImageError):
        assert decode(path).image.mode == "RGB"


def test_a_failure_that_is_no_fault_of_the_disk_is_named_by_its_kind(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    Image.new("RGB", (4, 4)).save(path)

    def fail(*_, **__):
        raise ValueError("odd")

    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(ImageError, match="ValueError: odd"):
        decode(path)
