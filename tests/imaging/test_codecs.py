from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from prefml.exceptions import ImageError
from prefml.imaging import codecs, scanlines
from prefml.imaging.codecs import decode_with_codec, metadata_precedes_pixels
from prefml.imaging.decode import decode, upright_size


def noise(width: int = 61, height: int = 47) -> Image.Image:
    values = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def fast(path: Path) -> np.ndarray | None:
    with open(path, "rb") as file, Image.open(file) as image:
        return decode_with_codec(file, image)


def chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def insert(path: Path, addition: bytes, before: bytes) -> None:
    data = path.read_bytes()
    at = data.index(before) - 4
    path.write_bytes(data[:at] + addition + data[at:])


def turned(path: Path, before: bytes) -> None:
    """Add an EXIF block that says orientation 6."""
    exif = Image.Exif()
    exif[274] = 6
    insert(path, chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")), before)


@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"compress_level": 0}])
def test_plain_pictures_have_the_pixels_that_pillow_gives(tmp_path, options):
    noise().save(tmp_path / "a.png", **options)
    assert np.array_equal(fast(tmp_path / "a.png"), np.asarray(noise()))


@pytest.mark.parametrize("kind", [b"gAMA", b"sRGB", b"pHYs"])
def test_descriptions_do_not_change_pixels(tmp_path, kind):
    content = {b"gAMA": struct.pack(">I", 100_000), b"sRGB": b"\0", b"pHYs": bytes(9)}[kind]
    noise().save(tmp_path / "a.png")
    insert(tmp_path / "a.png", chunk(kind, content), b"IDAT")
    assert np.array_equal(fast(tmp_path / "a.png"), np.asarray(noise()))


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0, "quality": 95}])
def test_plain_photographs_have_the_pixels_that_pillow_gives(tmp_path, options):
    noise().save(tmp_path / "a.jpg", **options)
    with Image.open(tmp_path / "a.jpg") as image:
        assert np.array_equal(fast(tmp_path / "a.jpg"), np.asarray(image))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_photographs_of_other_channels_are_left_to_pillow(tmp_path, mode):
    noise().convert(mode).save(tmp_path / "a.jpg")
    assert fast(tmp_path / "a.jpg") is None


@pytest.mark.parametrize("lost", [1, 2, 300])
def test_a_photograph_whose_end_is_missing_is_left_to_pillow(tmp_path, lost):
    noise().save(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:-lost])
    assert fast(tmp_path / "a.jpg") is None


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1", "LA"])
def test_other_modes_are_left_to_pillow(tmp_path, mode):
    noise().convert(mode).save(tmp_path / "a.png")
    assert fast(tmp_path / "a.png") is None


def test_a_colour_key_is_left_to_pillow(tmp_path):
    noise().save(tmp_path / "a.png", transparency=(1, 2, 3))
    assert fast(tmp_path / "a.png") is None


def test_other_formats_are_left_to_pillow(tmp_path):
    noise().save(tmp_path / "a.png", "BMP")
    assert fast(tmp_path / "a.png") is None


def test_deep_channels_are_left_to_pillow(tmp_path):
    noise().save(tmp_path / "a.png")
    deep = np.random.default_rng(0).integers(0, 65_536, (47, 61, 3), dtype=np.uint16)
    assert cv2.imwrite(str(tmp_path / "a.png"), deep)
    assert fast(tmp_path / "a.png") is None


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_truncated_files_are_refused_as_before(tmp_path, share):
    noise().save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ImageError):
        decode(tmp_path / "a.png")


@pytest.mark.parametrize("place", [300, -20], ids=["pixels", "checksum"])
def test_damaged_pixels_are_refused_as_before(tmp_path, place):
    noise().save(tmp_path / "a.png")
    data = bytearray((tmp_path / "a.png").read_bytes())
    data[place if place < 0 else data.index(b"IDAT") + place] ^= 255
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(ImageError):
        decode(tmp_path / "a.png")


@pytest.mark.parametrize("before", [b"IDAT", b"IEND"])
def test_orientation_counts_before_and_behind_the_pixels(tmp_path, before):
    noise().save(tmp_path / "a.png")
    turned(tmp_path / "a.png", before)
    assert upright_size(tmp_path / "a.png") == (47, 61)
    assert np.array_equal(decode(tmp_path / "a.png").pixels, np.rot90(np.asarray(noise()), 3))


def test_size_is_read_without_unpacking_the_pixels(tmp_path, monkeypatch):
    noise().save(tmp_path / "a.png")
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", None)
    assert upright_size(tmp_path / "a.png") == (61, 47)


def test_what_lies_behind_the_pixels_is_noticed(tmp_path):
    noise().save(tmp_path / "a.png")
    with open(tmp_path / "a.png", "rb") as file:
        assert metadata_precedes_pixels(file)
    insert(tmp_path / "a.png", chunk(b"tEXt", b"a\0b"), b"IEND")
    with open(tmp_path / "a.png", "rb") as file:
        assert not metadata_precedes_pixels(file)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_pillow_alone_gives_the_same_picture(tmp_path, monkeypatch, suffix):
    noise().save(tmp_path / f"a.{suffix}")
    before = fast(tmp_path / f"a.{suffix}")
    monkeypatch.setattr(codecs, "_CODECS", {})
    assert np.array_equal(decode(tmp_path / f"a.{suffix}").pixels, before)


def test_pictures_too_large_for_further_copies_have_the_same_pixels(tmp_path, monkeypatch):
    noise().save(tmp_path / "a.png")
    monkeypatch.setattr(scanlines, "LARGEST", 1)
    assert np.array_equal(fast(tmp_path / "a.png"), np.asarray(noise()))
