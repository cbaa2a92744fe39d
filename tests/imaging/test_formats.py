"""Check which formats are read, and that all others have a name and a way out."""

from pathlib import Path

import pytest
from PIL import Image

from prefml.imaging import formats
from prefml.imaging.formats import (
    FORMATS,
    PICTURE_SUFFIXES,
    codec_names,
    format_of_name,
    readable_suffixes,
)


def test_what_pillow_reads_by_itself_is_read():
    assert {"PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"} <= set(codec_names())
    assert {".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".tif", ".tiff", ".gif"} <= set(
        readable_suffixes()
    )


def test_every_decoder_that_is_tried_is_one_of_pillows():
    Image.init()
    assert set(codec_names()) <= set(Image.OPEN)
    assert "EPS" not in codec_names()


@pytest.mark.parametrize("name", ["a.HEIC", "b.nef", "c.CR3", "d.psd", "e.Jxl", "f.avif"])
def test_a_name_tells_its_format_in_letters_of_any_case(name):
    assert format_of_name(f"new/p/{name}") in FORMATS


@pytest.mark.parametrize("name", ["a.txt", "png", "heic", "a.", "", "a.png.yaml"])
def test_other_names_tell_none(name):
    assert format_of_name(name) is None


@pytest.mark.parametrize(
    ("probe", "name"), [("_has_avif", "AVIF"), ("_has_heif", "HEIC"), ("_has_jxl", "JPEG XL")]
)
def test_without_its_decoder_a_format_is_not_read_and_says_what_to_install(
    monkeypatch, probe, name
):
    (kind,) = [one for one in FORMATS if one.name == name]
    monkeypatch.setattr(formats, probe, lambda: False)
    assert not kind.is_read
    assert not set(kind.suffixes) & set(readable_suffixes())
    assert not set(kind.codecs) & set(codec_names())
    assert kind.advice.startswith("pip install")


@pytest.mark.parametrize(
    ("probe", "package"), [("_has_heif", "pillow_heif"), ("_has_jxl", "pillow_jxl")]
)
def test_a_package_that_is_missing_is_no_error(monkeypatch, probe, package):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    assert getattr(formats, probe).__wrapped__() is False


def test_every_format_that_is_not_read_has_a_way_out_and_no_ending_twice():
    assert all(kind.advice for kind in FORMATS)
    assert len(set(PICTURE_SUFFIXES)) == len(PICTURE_SUFFIXES)


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_the_page_on_data_names_every_format_and_how_it_is_read(kind):
    page = (Path(__file__).resolve().parents[2] / "docs" / "data.md").read_text("utf-8")
    table = page.partition("| format | files that end in |")[2].partition("\n\n")[0]
    rows = [line for line in table.splitlines() if line.count("|") == 4]
    named = {name.strip(): row for row in rows for name in row.split("|")[1].split(",")}
    row = named[kind.name]
    if kind.codecs:
        assert all(f"`{suffix}`" in row for suffix in kind.suffixes)
    assert ("| no |" in row) == (not kind.codecs)
    assert ("prefml[formats]" in row) == ("prefml[formats]" in kind.advice)
