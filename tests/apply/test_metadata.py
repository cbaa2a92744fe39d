"""Check that a cropped copy keeps what a picture says, and that the rest is named beforehand."""

import io
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from prefml.apply.cropped import write_cropped
from prefml.apply.metadata import lost_metadata
from prefml.exceptions import ImageError

BOX = (0.25, 0.25, 0.75, 0.75)
WIDTH, HEIGHT = ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight


def noise(mode="RGB", size=(80, 60), seed=0):
    channels = len(Image.new(mode, (1, 1)).getbands())
    shape = (size[1], size[0], channels) if channels > 1 else (size[1], size[0])
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    return Image.fromarray(pixels)


def crop(source, box=BOX):
    target = source.with_name("out" + source.suffix)
    write_cropped(source, target, box, 10**8)
    return target


def jpeg_with(path, *segments):
    """Write a JPEG with further application segments behind its first."""
    buffer = io.BytesIO()
    noise().save(buffer, "JPEG", quality=90)
    data = buffer.getvalue()
    extra = b"".join(
        struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
        for marker, content in segments
    )
    path.write_bytes(data[:2] + extra + data[2:])
    return path


def photoshop(*resources):
    """Return the content of a Photoshop segment: number and data of each resource."""
    blocks = b"".join(
        b"8BIM" + struct.pack(">HH", number, 0) + struct.pack(">I", len(data)) + data
        + b"\0" * (len(data) % 2)
        for number, data in resources
    )  # fmt: skip
    return b"Photoshop 3.0\0" + blocks


@settings(max_examples=25, deadline=None)
@given(st.booleans(), st.booleans(), st.integers(0, 99))
def test_a_lossless_webp_stays_lossless_wherever_its_pixels_stand(
    tmp_path_factory, icc, alpha, seed
):
    path = tmp_path_factory.mktemp("webp") / "a.webp"
    image = noise("RGBA" if alpha else "RGB", seed=seed)
    if alpha:
        image.putalpha(image.getchannel("A").point(lambda v: 0 if v < 128 else v))
    profile = b"\0" * 300 if icc else None
    image.save(path, lossless=True, exact=True, icc_profile=profile)
    with Image.open(crop(path)) as part:
        np.testing.assert_array_equal(np.asarray(part), np.asarray(image)[15:45, 20:60])
        assert part.info.get("icc_profile") == profile


def test_iptc_is_kept_and_photoshops_small_copy_is_not(tmp_path):
    iptc = b"\x1c\x02\x78\x00\x05title"
    segment = photoshop((1028, iptc), (1036, b"thumbnail" * 9), (1061, b"digest"))
    with Image.open(crop(jpeg_with(tmp_path / "a.jpg", (0xED, segment)))) as part:
        resources = part.info["photoshop"]
    assert resources[1028] == iptc
    assert resources[1061] == b"digest"
    assert 1036 not in resources


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=80))
def test_a_damaged_photoshop_segment_is_no_reason_to_fail(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("jpeg") / "a.jpg"
    jpeg_with(path, (0xED, b"Photoshop 3.0\x008BIM" + data))
    # Pillow itself may be unable to read it, and then says so.
    with suppress(ImageError), Image.open(crop(path)) as part:
        assert part.size == (40, 30)


def test_exif_thumbnail_goes_and_pixel_sizes_follow(tmp_path):
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Maker"
    exif[ExifTags.Base.Orientation] = 6
    frame = exif.get_ifd(ExifTags.IFD.Exif)
    frame[WIDTH], frame[HEIGHT] = 80, 60
    noise().save(path, exif=exif)
    with Image.open(crop(path)) as part:
        found = part.getexif()
        frame = found.get_ifd(ExifTags.IFD.Exif)
        assert part.size == (30, 40)
        assert (frame[WIDTH], frame[HEIGHT]) == part.size
        assert found[ExifTags.Base.Make] == "Maker"
        assert ExifTags.Base.Orientation not in found
        assert not found.get_ifd(ExifTags.IFD.IFD1)


def with_thumbnail():
    """Return EXIF of two directories; the second holds a small JPEG."""
    buffer = io.BytesIO()
    noise(size=(16, 12)).save(buffer, "JPEG")
    small = buffer.getvalue()
    make = b"Maker\0"
    first = struct.pack("<H", 1) + struct.pack("<HHII", 0x010F, 2, len(make), 8 + 18)
    first += struct.pack("<I", 8 + 18 + len(make))
    at = 8 + 18 + len(make) + 30
    second = struct.pack("<H", 2) + struct.pack("<HHII", 0x0201, 4, 1, at)
    second += struct.pack("<HHII", 0x0202, 4, 1, len(small)) + struct.pack("<I", 0)
    return b"Exif\0\0II*\0\x08\0\0\0" + first + make + second + small, small


def test_the_small_copy_in_exif_does_not_outlive_the_crop(tmp_path):
    exif, small = with_thumbnail()
    path = tmp_path / "a.jpg"
    noise().save(path, exif=exif)
    assert small in path.read_bytes()
    target = crop(path)
    assert small not in target.read_bytes()
    with Image.open(target) as part:
        assert part.getexif()[ExifTags.Base.Make] == "Maker"


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("width", [719, 1720, 3072, 160])
@pytest.mark.parametrize("suffix", [".bmp", ".tif", ".png"])
def test_eight_bits_are_eight_bits_at_any_width(tmp_path, mode, width, suffix):
    path = tmp_path / f"a{suffix}"
    options = {"compression": "tiff_lzw"} if suffix == ".tif" else {}
    noise(mode, (width, 16)).save(path, **options)
    with Image.open(crop(path)) as part:
        assert part.size == (width - 2 * (width // 4), 8) or abs(part.size[0] - width / 2) <= 1


def png(name, data):
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


def png_with(path, *chunks):
    info = PngInfo()
    info.add_text("parameters", "a portrait")
    noise().save(path, pnginfo=info)
    data = path.read_bytes()
    at = 8 + 25
    path.write_bytes(data[:at] + b"".join(png(*chunk) for chunk in chunks) + data[at:])
    return path


def test_private_chunks_that_are_safe_to_copy_are_kept(tmp_path):
    path = png_with(tmp_path / "a.png", (b"teST", b"unsafe"), (b"teSt", b"anything"))
    data = crop(path).read_bytes()
    assert b"teSt" in data
    assert b"anything" in data
    assert b"unsafe" not in data
    assert lost_metadata(path) == ("chunk 'teST'",)


def test_signatures_that_no_crop_can_keep_are_named(tmp_path):
    jpeg = jpeg_with(tmp_path / "a.jpg", (0xEB, b"JP\0\x01" + b"x" * 20), (0xE2, b"MPF\0II*\0"))
    assert lost_metadata(jpeg) == ("a signature", "further pictures in the file")
    assert lost_metadata(png_with(tmp_path / "a.png", (b"caBX", b"x"))) == ("a signature",)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tif"])
def test_of_a_plain_picture_nothing_is_lost(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    noise().save(path)
    assert lost_metadata(path) == ()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "WEBP", "TIFF"]), st.data())
def test_a_damaged_picture_is_cropped_or_refused_as_one(tmp_path_factory, kind, data):
    path = tmp_path_factory.mktemp("damaged") / "a.bin"
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.XResolution] = 72.5
    exif.get_ifd(ExifTags.IFD.Exif)[WIDTH] = 80
    noise(size=(40, 30)).save(buffer, kind, exif=exif)
    content = bytearray(buffer.getvalue())
    # Within the first part lie headers and EXIF.
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(4, min(len(content), 400) - 1))] = data.draw(
            st.integers(0, 255)
        )
    path.write_bytes(content)
    lost_metadata(path)
    with suppress(ImageError):
        crop(path)


def tiff_with(path, **options):
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Maker"
    frame = exif.get_ifd(ExifTags.IFD.Exif)
    frame[WIDTH], frame[ExifTags.Base.LensModel] = 80, "a lens"
    frame.update(options.pop("frame", {}))
    noise().save(path, exif=exif.tobytes(), **options)
    return path


def test_what_a_crop_of_a_tiff_cannot_keep_is_named_beforehand(tmp_path):
    assert lost_metadata(tiff_with(tmp_path / "a.tif")) == ()
    noted = tiff_with(tmp_path / "b.tif", frame={0x927C: bytes(range(40))})
    assert lost_metadata(noted) == ("the addresses in maker notes",)


def test_the_directories_of_a_tiff_hold_in_its_crop_what_they_held(tmp_path):
    with Image.open(crop(tiff_with(tmp_path / "a.tif"))) as part:
        frame = part.getexif().get_ifd(ExifTags.IFD.Exif)
        assert (frame[WIDTH], frame[ExifTags.Base.LensModel]) == (40, "a lens")


def test_a_tiff_with_addresses_of_further_pictures_says_so_and_drops_them(tmp_path):
    info = ImageFileDirectory_v2()
    info[330] = 8
    noise().save(tmp_path / "a.tif", tiffinfo=info)
    assert lost_metadata(tmp_path / "a.tif") == ("further pictures in the file",)
    with Image.open(crop(tmp_path / "a.tif")) as part:
        assert 330 not in part.tag_v2


def test_every_comment_of_a_photograph_is_kept(tmp_path):
    path = jpeg_with(tmp_path / "a.jpg", (0xFE, b"first"), (0xFE, b"second"))
    data = crop(path).read_bytes()
    assert [data.count(word) for word in (b"first", b"second")] == [1, 1]
    assert data.index(b"first") < data.index(b"second")


def test_colours_that_are_stored_as_red_green_and_blue_stay_so(tmp_path):
    path = tmp_path / "a.jpg"
    noise().save(path, quality=90, keep_rgb=True)
    with Image.open(path) as whole, Image.open(crop(path)) as part:
        assert part.info["adobe_transform"] == whole.info["adobe_transform"] == 0
        difference = np.asarray(part, int) - np.asarray(whole, int)[15:45, 20:60]
        assert np.abs(difference).mean() < 4


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("unit", [0, 1, 2], ids=["ratio", "inch", "centimetre"])
def test_the_resolution_of_a_photograph_stays_in_its_unit(tmp_path, unit, turned):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6 if turned else 1
    path = tmp_path / "a.jpg"
    noise().save(path, exif=exif)
    data = path.read_bytes()
    path.write_bytes(data[:13] + struct.pack(">BHH", unit, 28, 14) + data[18:])
    with Image.open(crop(path)) as part:
        assert part.info["jfif_unit"] == unit
        assert part.info["jfif_density"] == ((14, 28) if turned else (28, 14))


@pytest.mark.parametrize("packing", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "lzma", "jpeg"])
def test_a_packed_tiff_loses_no_level(tmp_path, packing):
    path = tmp_path / "a.tif"
    noise().save(path, compression=packing)
    with Image.open(path) as whole, Image.open(crop(path)) as part:
        assert np.array_equal(np.asarray(part), np.asarray(whole)[15:45, 20:60])
        kept = part.info["compression"] == packing
    assert lost_metadata(path) == (() if kept else ("its compression",))
    assert kept is (packing != "jpeg")
