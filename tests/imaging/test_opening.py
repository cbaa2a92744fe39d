"""Check what headers say against what decoding gives, and that only known decoders are asked."""

from __future__ import annotations

import ast
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

import prefml
from prefml.exceptions import ImageError
from prefml.imaging.decode import decode, upright_size
from prefml.imaging.formats import codec_names
from prefml.imaging.opening import has_more_frames, open_image, read_header
from prefml.imaging.quiet import TEXT_LIMIT

ORIENTATION = 274
XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><r tiff:Orientation="{}"/></x:xmpmeta>'
KINDS = [name for name in codec_names() if name not in ("BMP", "DIB", "GIF")]
SHARED = Path(__file__).resolve().parents[3] / "shared" / "cases"
shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the cases beside the project are not here")


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(values)


def save(path: Path, kind: str, orientation: int, size: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    lossless = {"lossless": True} if kind in ("WEBP", "JXL") else {}
    noise(*size).save(path, kind, exif=exif.tobytes(), **lossless)


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.integers(0, 9),
    st.tuples(st.integers(16, 60), st.integers(16, 60)),
)
def test_the_size_in_the_header_is_that_of_the_decoded_picture(
    tmp_path_factory, kind, orientation, size
):
    path = tmp_path_factory.mktemp("size") / "a.png"
    save(path, kind, orientation, size)
    picture = decode(path)
    assert upright_size(path) == (picture.width, picture.height)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("HEIF", "JXL")])
def test_pictures_are_turned_as_pillow_turns_them(tmp_path, kind, orientation):
    path = tmp_path / "a.png"
    save(path, kind, orientation, (40, 24))
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image)
        assert np.array_equal(decode(path).pixels, np.asarray(upright.convert("RGB")))
        assert upright_size(path) == upright.size


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("place", ["exif before", "exif behind", "xmp before", "xmp behind"])
def test_a_png_is_turned_by_what_stands_anywhere_in_it(tmp_path, place, orientation):
    path, info, exif = tmp_path / "a.png", PngInfo(), Image.Exif()
    exif[ORIENTATION] = orientation
    if place.startswith("xmp"):
        info.add_itxt("XML:com.adobe.xmp", XMP.format(orientation))
        noise(40, 24).save(path, pnginfo=info)
    else:
        noise(40, 24).save(path, exif=exif)
    if place.endswith("behind"):
        move_behind_the_pixels(path, b"iTXt" if place.startswith("xmp") else b"eXIf")
    picture = decode(path)
    assert upright_size(path) == (picture.width, picture.height)
    assert (picture.width < picture.height) == (orientation >= 5)


def move_behind_the_pixels(path: Path, name: bytes) -> None:
    data = path.read_bytes()
    start = data.index(name) - 4
    end = start + 12 + int.from_bytes(data[start : start + 4], "big")
    assert data[-12:-4] == b"\0\0\0\0IEND"
    path.write_bytes(data[:start] + data[end:-12] + data[start:end] + data[-12:])


def test_the_size_is_read_without_unpacking_pixels_also_where_text_follows_them(tmp_path):
    path = tmp_path / "a.png"
    save(path, "PNG", 6, (40, 24))
    move_behind_the_pixels(path, b"eXIf")
    data = bytearray(path.read_bytes())
    data[data.index(b"IDAT") + 20] ^= 255
    path.write_bytes(data)
    assert upright_size(path) == (24, 40)
    with pytest.raises(ImageError):
        decode(path)


def text_chunk(kind: bytes, content: bytes) -> bytes:
    data = {
        b"zTXt": b"workflow\0\0" + zlib.compress(content),
        b"iTXt": b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(content),
        b"tEXt": b"workflow\0" + content,
        b"iCCP": b"profile\0\0" + zlib.compress(content),
    }[kind]
    return (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    )  # fmt: skip


def with_text(path: Path, kind: bytes, size: int) -> None:
    noise(20, 10).save(path)
    data = path.read_bytes()
    path.write_bytes(data[:33] + text_chunk(kind, b"x" * size) + data[33:])


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"tEXt", b"iCCP"])
@pytest.mark.parametrize("size", [1_500_000, 5_000_000])
def test_long_text_keeps_no_picture_from_being_read(tmp_path, kind, size):
    with_text(tmp_path / "a.png", kind, size)
    assert decode(tmp_path / "a.png").width == 20
    assert upright_size(tmp_path / "a.png") == (20, 10)


def test_text_without_end_is_refused_with_what_to_do(tmp_path):
    with_text(tmp_path / "a.png", b"zTXt", TEXT_LIMIT + 1)
    with pytest.raises(ImageError, match=r"more than 64 MiB; save it again without its metadata"):
        decode(tmp_path / "a.png")


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "GIF"])
def test_of_several_frames_the_first_is_taken_and_it_is_known(tmp_path, kind):
    path, frames = tmp_path / "a.png", [noise(20, 10, seed) for seed in range(3)]
    options = {"lossless": True} if kind == "WEBP" else {}
    frames[0].save(path, kind, save_all=True, append_images=frames[1:], **options)
    assert read_header(path).more_frames
    with Image.open(path) as image:
        first = np.asarray(image.convert("RGB"))
    assert np.array_equal(decode(path).pixels, first)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "GIF", "JPEG"])
def test_one_frame_is_not_several(tmp_path, kind):
    noise(20, 10).save(tmp_path / "a.png", kind)
    assert not read_header(tmp_path / "a.png").more_frames


def test_a_second_view_in_a_photograph_is_no_further_picture(tmp_path):
    noise(20, 10).save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[noise(8, 8)])
    assert not read_header(tmp_path / "a.jpg").more_frames


def test_what_is_wrong_with_a_second_page_says_nothing_about_the_first():
    class Torn:
        format = "TIFF"

        @property
        def is_animated(self):
            raise EOFError("torn")

    assert not has_more_frames(Torn())


OTHERS = {
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n",
    "ppm": b"P6 2 2 255\n" + bytes(12),
    "ico": b"\0\0\1\0\1\0" + bytes(16),
    "tga": bytes([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 24, 0]) + bytes(12),
    "fits": b"SIMPLE  =                    T".ljust(80) + bytes(2800),
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
}


@pytest.mark.parametrize("kind", OTHERS)
def test_formats_outside_the_list_are_not_even_tried(tmp_path, kind):
    (tmp_path / "a.png").write_bytes(OTHERS[kind])
    with pytest.raises(ImageError, match="not a picture of a known format"):
        decode(tmp_path / "a.png")


def test_a_format_that_is_known_and_not_read_is_named_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr("prefml.imaging.formats._has_heif", lambda: False)
    (tmp_path / "a.png").write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    (tmp_path / "b.png").write_bytes(b"8BPS" + bytes(40))
    with pytest.raises(ImageError, match="HEIC, which is not read here") as heic:
        decode(tmp_path / "a.png")
    assert heic.value.run == "pip install 'prefml[formats]'"
    with pytest.raises(ImageError, match="Photoshop, which is not read here"):
        decode(tmp_path / "b.png")


def test_nothing_but_this_module_opens_a_picture_by_pillow():
    """A call without prefml's own list of formats would try all of Pillow's, Ghostscript's too."""
    package = Path(prefml.__file__).parent
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Image.open"):
                assert "formats" in {word.arg for word in node.keywords}, path
                assert path.parent.name == "imaging", path


def test_an_error_inside_the_block_is_one_of_the_picture(tmp_path):
    noise(4, 4).save(tmp_path / "a.png")
    with pytest.raises(ImageError, match=r"a\.png: KeyError"), open_image(tmp_path / "a.png"):
        raise KeyError("odd")


@shared
@pytest.mark.shared
def test_the_cases_beside_the_project_are_read():
    assert upright_size(SHARED / "tiff_orientation_size" / "a.tif") == (100, 150)
    assert decode(SHARED / "png_text_over_1mb" / "bigitxt.png").width > 0
