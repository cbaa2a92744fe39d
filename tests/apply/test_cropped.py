import errno
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from prefml.apply.cropped import crop_obstacle, crop_pixels, write_cropped
from prefml.exceptions import ImageError
from prefml.imaging.decode import decode
from prefml.imaging.formats import codec_names

from ..imaging.profiles import rgb_profile

# Read, but not written without loss.
OTHERS = ("AVIF", "HEIF", "JXL")
BOX = (0.25, 0.0, 0.75, 0.5)
ORIENTATION, MAKER, EXIF = 0x0112, 0x010F, 0x8769


def ramp(size=(80, 120)):
    width, height = size
    rows, columns = np.mgrid[:height, :width]
    pixels = np.stack([rows * 2, columns * 3, rows + columns], axis=2) % 256
    return Image.fromarray(pixels.astype(np.uint8))


def crop(source, box=BOX, max_pixels=10**6):
    target = source.with_name("out.tmp")
    write_cropped(source, target, box, max_pixels)
    with Image.open(target) as image:
        image.load()
        image.getexif().get_ifd(EXIF)
        return image


@settings(deadline=None)
@given(
    st.integers(16, 4000),
    st.integers(16, 4000),
    st.floats(0.1, 1),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_crop_of_the_pictures_aspect_keeps_it_to_the_pixel(width, height, side, u, v):
    x1, y1 = u * (1 - side), v * (1 - side)
    left, top, right, bottom = crop_pixels((x1, y1, x1 + side, y1 + side), (width, height))
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    w, h = right - left, bottom - top
    assert abs(w * height / width - h) <= 1 or abs(h * width / height - w) <= 1


def test_a_crop_of_another_aspect_keeps_its_own():
    left, top, right, bottom = crop_pixels((0, 0, 1, 0.5), (1000, 1000))
    assert (right - left, bottom - top) == (1000, 500)


def test_png_text_and_colour_chunks_are_kept(tmp_path):
    info = PngInfo()
    info.add_text("parameters", "a portrait, steps: 20")
    info.add_itxt("prompt", "Mädchen 日本", lang="de")
    info.add_text("long", "x" * 500, zip=True)
    info.add(b"gAMA", struct.pack(">I", 45455))
    path = tmp_path / "a.png"
    ramp().save(path, pnginfo=info, dpi=(300, 300), icc_profile=b"profile bytes")
    cropped = crop(path)
    with Image.open(path) as original:
        original.load()
        assert cropped.text == original.text
        assert cropped.info["icc_profile"] == original.info["icc_profile"]
        assert cropped.info["gamma"] == original.info["gamma"]
    assert cropped.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert np.array_equal(np.asarray(cropped), np.asarray(ramp().crop((20, 0, 60, 60))))


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif"])
def test_exif_is_kept(tmp_path, suffix):
    exif = Image.Exif()
    exif[MAKER] = "a camera"
    exif.get_ifd(EXIF)[0x9003] = "2025:01:01 10:00:00"
    path = tmp_path / f"a.{suffix}"
    ramp().save(path, exif=exif)
    kept = crop(path).getexif()
    assert kept[MAKER] == "a camera"
    with Image.open(path) as original:
        assert kept.get_ifd(EXIF) == original.getexif().get_ifd(EXIF)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_a_turned_picture_is_cropped_as_it_is_seen(tmp_path, suffix):
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, "a camera"
    path = tmp_path / f"a.{suffix}"
    lossless = {"lossless": True} if suffix == "webp" else {}
    ramp((120, 80)).save(path, exif=exif, **lossless)
    cropped = crop(path)
    assert cropped.size == (40, 60)
    assert ORIENTATION not in cropped.getexif()
    assert cropped.getexif()[MAKER] == "a camera"
    with Image.open(path) as original:
        seen = original.transpose(Image.Transpose.ROTATE_270).crop((20, 0, 60, 60))
    difference = np.abs(np.asarray(cropped, int) - np.asarray(seen, int))
    assert difference.mean() < (3 if suffix == "jpg" else 1e-9)


def exif_of(order, kind, value):
    """Return EXIF without its prefix, with an orientation of any type."""
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    stated = {"B": bytes([value]), "s": str(value).encode()}.get(kind)
    stated = struct.pack(order + kind, value) if stated is None else stated
    number = {"B": 1, "s": 2, "H": 3, "I": 4, "b": 6, "h": 8, "i": 9}[kind]
    entry = struct.pack(order + "HHI", ORIENTATION, number, 1) + stated.ljust(4, b"\0")
    return mark + struct.pack(order + "IH", 8, 1) + entry + bytes(4)


def xmp_of(value, as_element):
    stated = f'tiff:Orientation="{value}"/>'
    if as_element:
        stated = f"><tiff:Orientation>{value}</tiff:Orientation></rdf:Description>"
    return f"<rdf:RDF><rdf:Description {stated}</rdf:RDF>".encode()


def png_with(name, content):
    def written(path, exif, xmp):
        ramp().save(path, "PNG")
        data, body = path.read_bytes(), content(exif, xmp)
        chunk = struct.pack(">I", len(body)) + name + body
        path.write_bytes(data[:33] + chunk + struct.pack(">I", zlib.crc32(chunk[4:])) + data[33:])

    return written


def jpeg_with(content):
    def written(path, exif, xmp):
        ramp().save(path, "JPEG", quality=95)
        data, body = path.read_bytes(), content(exif, xmp)
        path.write_bytes(data[:2] + struct.pack(">HH", 0xFFE1, len(body) + 2) + body + data[2:])

    return written


def profile_text(exif, xmp):
    return b"Raw profile type exif\0\nexif\n%8d\n%s\n" % (len(exif), exif.hex().encode())


PREFIX = b"Exif\0\0"
# Where and how a picture says that it lies.
SAYINGS = {
    "PNG": png_with(b"eXIf", lambda exif, xmp: exif),
    "PNG, prefix": png_with(b"eXIf", lambda exif, xmp: PREFIX + exif),
    "PNG, text": png_with(b"tEXt", profile_text),
    "PNG, XMP": png_with(b"iTXt", lambda exif, xmp: b"XML:com.adobe.xmp\0\0\0\0\0" + xmp),
    "JPEG": jpeg_with(lambda exif, xmp: PREFIX + exif),
    "JPEG, two prefixes": jpeg_with(lambda exif, xmp: 2 * PREFIX + exif),
    "JPEG, XMP": jpeg_with(lambda exif, xmp: b"http://ns.adobe.com/xap/1.0/\0" + xmp),
    "WebP": lambda path, exif, xmp: ramp().save(path, "WEBP", lossless=True, exif=exif),
    "WebP, prefix": lambda path, exif, xmp: ramp().save(
        path, "WEBP", lossless=True, exif=PREFIX + exif
    ),
    "WebP, XMP": lambda path, exif, xmp: ramp().save(path, "WEBP", lossless=True, xmp=xmp),
    "TIFF, XMP": lambda path, exif, xmp: ramp().save(path, "TIFF", tiffinfo={700: xmp}),
}


@pytest.mark.parametrize("where", SAYINGS)
@settings(max_examples=40)
@given(st.sampled_from("<>"), st.sampled_from("BsHIbhi"), st.integers(0, 9), st.booleans())
def test_a_crop_is_the_part_that_decoding_shows_however_a_picture_says_that_it_lies(
    tmp_path_factory, where, order, kind, value, as_element
):
    path = tmp_path_factory.mktemp("lying") / "a"
    SAYINGS[where](path, exif_of(order, kind, value), xmp_of(value, as_element))
    shown = decode(path).pixels
    with Image.open(path) as image:
        expected = ImageOps.exif_transpose(image).convert("RGB")
    near = {"atol": 2 if "JPEG" in where else 0, "rtol": 0}
    np.testing.assert_allclose(shown.astype(int), np.asarray(expected), **near)
    write_cropped(path, path.with_name("b"), (0.25, 0, 0.75, 0.5), 10**6)
    part = decode(path.with_name("b")).pixels
    height, width = shown.shape[:2]
    wanted = shown[: height // 2, width // 4 : width // 4 + width // 2]
    assert part.shape == wanted.shape
    near["atol"] = 60 if "JPEG" in where else 0
    np.testing.assert_allclose(part.astype(int), wanted, **near)


def test_a_jpeg_keeps_its_quantisation_and_profile(tmp_path):
    path = tmp_path / "a.jpg"
    ramp().save(path, quality=83, subsampling=0, icc_profile=b"profile bytes")
    cropped = crop(path)
    with Image.open(path) as original:
        assert cropped.quantization == original.quantization
    assert cropped.info["icc_profile"] == b"profile bytes"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_a_png_keeps_its_mode(tmp_path, mode):
    image = ramp().convert("L" if mode == "I;16" else "RGB").convert(mode)
    image.save(tmp_path / "a.png")
    cropped = crop(tmp_path / "a.png")
    assert cropped.mode == mode
    assert cropped.size == (40, 60)


def test_a_palette_keeps_its_transparency(tmp_path):
    ramp().quantize(16).save(tmp_path / "a.png", transparency=3)
    assert crop(tmp_path / "a.png").info["transparency"] == 3


def deep_png(path):
    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = zlib.compress(b"".join(b"\0" + bytes(20 * 6) for _ in range(20)))
    head = struct.pack(">IIBBBBB", 20, 20, 16, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + parts)


def test_depth_is_not_lost_in_silence(tmp_path):
    deep_png(tmp_path / "a.png")
    with pytest.raises(ImageError, match="16 bits"):
        crop(tmp_path / "a.png")


def test_frames_are_not_lost_in_silence(tmp_path):
    path = tmp_path / "a.tif"
    ramp().save(path, save_all=True, append_images=[ramp()])
    with pytest.raises(ImageError, match="several frames"):
        crop(path)


def test_a_picture_beyond_the_limit_is_refused(tmp_path):
    ramp().save(tmp_path / "a.png")
    with pytest.raises(ImageError, match="80x120"):
        crop(tmp_path / "a.png", max_pixels=100)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ImageError):
        crop(tmp_path / "a.png")


def test_an_original_is_never_written_to(tmp_path):
    path = tmp_path / "a.png"
    ramp().save(path)
    before = path.read_bytes(), path.stat().st_mtime_ns
    crop(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_format_without_facts_of_its_own_is_kept(tmp_path):
    path = tmp_path / "a.bmp"
    ramp().save(path)
    cropped = crop(path)
    assert cropped.format == "BMP"
    assert np.array_equal(np.asarray(cropped), np.asarray(ramp().crop((20, 0, 60, 60))))


def test_a_turned_png_no_longer_says_in_its_xmp_that_it_lies(tmp_path):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    info = PngInfo()
    info.add_text("parameters", "a portrait")
    info.add_itxt("XML:com.adobe.xmp", '<x tiff:Orientation="6" xmp:Rating="5"/>')
    path = tmp_path / "a.png"
    ramp((120, 80)).save(path, exif=exif, pnginfo=info)
    cropped = crop(path)
    assert cropped.size == (40, 60)
    assert "Orientation" not in cropped.info["XML:com.adobe.xmp"]
    assert 'xmp:Rating="5"' in cropped.info["XML:com.adobe.xmp"]
    assert cropped.info["parameters"] == "a portrait"


def test_what_cannot_be_cropped_is_known_from_the_header(tmp_path):
    ramp().save(tmp_path / "whole.png")
    deep_png(tmp_path / "deep.png")
    ramp().save(tmp_path / "pages.tif", save_all=True, append_images=[ramp()])
    (tmp_path / "none.png").write_bytes(b"no picture")
    assert crop_obstacle(tmp_path / "whole.png", 10**6) is None
    assert "16 bits a channel; crop it by hand" in crop_obstacle(tmp_path / "deep.png", 10**6)
    assert "several frames; crop it by hand" in crop_obstacle(tmp_path / "pages.tif", 10**6)
    assert "not a picture of a known format" in crop_obstacle(tmp_path / "none.png", 10**6)
    assert "at most 100 pixels" in crop_obstacle(tmp_path / "whole.png", 100)


@pytest.mark.parametrize("kind", [name for name in codec_names() if name in OTHERS])
def test_formats_that_would_be_compressed_anew_are_not_cropped(tmp_path, kind):
    path = tmp_path / "a.png"
    ramp().save(path, kind)
    with pytest.raises(ImageError, match="no crop is written in; crop it by hand"):
        crop(path)
    assert "which no crop is written in" in crop_obstacle(path, 10**6)


def test_a_broken_disk_is_no_fault_of_the_picture(tmp_path, monkeypatch):
    ramp().save(tmp_path / "a.png")

    def fail(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(OSError, match="Input/output error"):
        crop(tmp_path / "a.png")
    monkeypatch.setattr(Image.Image, "save", lambda *_, **__: 1 / 0)
    with pytest.raises(ImageError, match="ZeroDivisionError"):
        crop(tmp_path / "a.png")


def test_a_crop_keeps_its_colours_and_its_profile(tmp_path):
    profile = rgb_profile("display p3")
    ramp().save(tmp_path / "a.png", icc_profile=profile)
    cropped = crop(tmp_path / "a.png")
    assert cropped.info["icc_profile"] == profile
    assert np.array_equal(np.asarray(cropped), np.asarray(ramp().crop((20, 0, 60, 60))))


def test_a_gif_keeps_its_palette_its_transparency_and_its_comment(tmp_path):
    path = tmp_path / "a.gif"
    ramp().quantize(16).save(path, transparency=3, comment=b"a comment")
    cropped = crop(path)
    with Image.open(path) as original:
        expected = original.convert("RGBA").crop((20, 0, 60, 60))
    assert np.array_equal(np.asarray(cropped.convert("RGBA")), np.asarray(expected))
    assert cropped.info["comment"] == b"a comment"
