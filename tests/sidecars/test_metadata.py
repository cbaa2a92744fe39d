import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from prefml.exceptions import ImageError
from prefml.imaging import opening
from prefml.sidecars.generator import read_settings
from prefml.sidecars.metadata import StoredPicture, read_gray_copy, read_metadata, read_stored


def test_texts_exif_and_xmp_are_read_by_their_names(tmp_path):
    texts = PngImagePlugin.PngInfo()
    texts.add_text("parameters", "a cat, Seed: 7")
    texts.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta/>")
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif[0x9003] = "2025:07:08 06:05:30"
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png", pnginfo=texts, exif=exif)
    found = read_metadata(tmp_path / "a.png")
    assert found.texts["parameters"] == "a cat, Seed: 7"
    assert found.exif[0x010F] == "Maker"
    assert found.xmp == b"<x:xmpmeta/>"


def test_a_picture_without_metadata_has_none(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.webp")
    found = read_metadata(tmp_path / "a.webp")
    assert (found.texts, dict(found.exif), dict(found.details), found.xmp) == ({}, {}, {}, b"")


@pytest.mark.parametrize("content", [b"", b"%!PS-Adobe-3.0 EPSF-3.0", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ImageError):
        read_metadata(tmp_path / "a.png")
    with pytest.raises(ImageError):
        read_gray_copy(tmp_path / "a.png", 8)


def test_a_gray_copy_keeps_light_and_dark_where_they_are(tmp_path):
    picture = Image.new("RGB", (64, 32))
    picture.paste((255, 255, 255), (32, 0, 64, 32))
    picture.save(tmp_path / "a.jpg", quality=95)
    copy = read_gray_copy(tmp_path / "a.jpg", 4)
    assert copy.shape == (4, 4)
    assert copy[:, :2].max() < 10
    assert copy[:, 2:].min() > 245


INFOTEXT = "a cat\nSteps: 20, Sampler: Euler a, Seed: 7"
TURNED = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"


def chunk(kind, content):
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


@pytest.fixture
def behind(tmp_path):
    """A PNG whose text and EXIF stand behind its pixels, as some tools add them."""
    Image.new("RGB", (12, 8)).save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    more = chunk(b"tEXt", b"parameters\0" + INFOTEXT.encode()) + chunk(b"eXIf", TURNED)
    (tmp_path / "a.png").write_bytes(whole[:-12] + more + whole[-12:])
    return tmp_path / "a.png"


def test_what_stands_behind_the_pixels_of_a_png_is_read_and_they_are_not_unpacked(
    behind, monkeypatch
):
    for kind in (Image.Image, PngImagePlugin.PngImageFile):
        monkeypatch.setattr(kind, "load", lambda self: pytest.fail("unpacked"))
    assert read_metadata(behind).texts["parameters"] == INFOTEXT
    assert read_settings(behind).sampler == "Euler a"
    assert read_stored(behind) == StoredPicture(b"", 6, (8, 12))


def test_a_picture_is_opened_once(behind, tmp_path, monkeypatch):
    Image.new("RGB", (12, 8)).save(tmp_path / "b.jpg")
    opened = []
    original = opening._open_regular
    monkeypatch.setattr(opening, "_open_regular", lambda p: opened.append(p) or original(p))
    for path in (behind, tmp_path / "b.jpg"):
        for read in (read_stored, read_metadata):
            opened.clear()
            read(path)
            assert opened == [path]
