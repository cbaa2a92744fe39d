"""What stands beside the pixels of GIF, BMP and WebP files is kept, or named beforehand."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from prefml.apply.containers import lost_of_bmp, lost_of_gif, lost_of_webp, webp_chunks
from prefml.apply.cropped import write_cropped
from prefml.apply.metadata import lost_metadata

SIZE, BOX = (32, 24), (0.25, 0.25, 0.75, 0.75)
PROFILE, XMP = "the colour profile", "XMP"
# Application extensions of GIF -> what is said of them.
EXTENSIONS = {b"NETSCAPE2.0": None, b"XMP DataXMP": XMP, b"ICCRGBG1012": PROFILE,
              b"MGK8BIM0000": "extension 'MGK8BIM0000'"}  # fmt: skip
CHUNKS = {b"EXIF": None, b"XMP ": None, b"ABCD": "chunk 'ABCD'", b"mine": "chunk 'mine'"}


def noise(mode="RGB"):
    shape = (SIZE[1], SIZE[0], len(mode))
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, shape, np.uint8))


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def blocks(data):
    """Return data in blocks of at most 255 bytes, and an empty one at the end."""
    parts = [data[at : at + 255] for at in range(0, len(data), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def gif(extensions, behind=()):
    """Return a GIF with application extensions before and behind its picture."""
    data = saved(noise().quantize(32), "GIF")
    first = 13 + (3 << 1 + (data[10] & 7))
    before, after = (
        b"".join(b"!\xff\x0b" + name + blocks(b"content " * 50) for name in names)
        for names in (extensions, behind)
    )
    return data[:first] + before + data[first:-1] + after + data[-1:]


def webp(chunks, frame=False, **options):
    """Return a WebP with further chunks behind its pixels, and these in a frame or not."""
    pixels = saved(noise("RGBA"), "WEBP", **options)[12:]
    width, height = (struct.pack("<I", side - 1)[:3] for side in SIZE)
    head = struct.pack("<4sIBxxx", b"VP8X", 10, 0x12 if frame else 0x10) + width + height
    if frame:
        pixels = pixels[18:] if pixels.startswith(b"VP8X") else pixels
        content = bytes(6) + width + height + b"\x64\0\0\2" + pixels
        pixels = b"ANIM\6\0\0\0" + bytes(6) + struct.pack("<4sI", b"ANMF", len(content)) + content
    elif pixels.startswith(b"VP8X"):
        head = b""
    further = b"".join(name + b"\3\0\0\0abc\0" for name in chunks)
    body = b"WEBP" + head + pixels + further
    return b"RIFF" + struct.pack("<I", len(body)) + body


def written(folder, name, data):
    path = folder / name
    path.write_bytes(data)
    return path


names = st.lists(st.sampled_from(list(EXTENSIONS)), max_size=4)


@settings(max_examples=50, deadline=None)
@given(names, names)
def test_extensions_of_a_gif_are_named_wherever_they_stand(tmp_path_factory, before, behind):
    path = written(tmp_path_factory.mktemp("gif"), "a.gif", gif(before, behind))
    named = [said for name in (*before, *behind) if (said := EXTENSIONS[name])]
    assert list(lost_of_gif(path)) == named
    assert lost_metadata(path) == tuple(dict.fromkeys(named))
    write_cropped(path, path.with_name("b.gif"), BOX, 10**6)
    assert lost_metadata(path.with_name("b.gif")) == ()


def test_text_that_is_drawn_beside_a_gif_is_named(tmp_path):
    data = gif([])
    first = 13 + (3 << 1 + (data[10] & 7))
    words = b"!\x01\x0c" + bytes(12) + blocks(b"hello")
    assert lost_metadata(written(tmp_path, "a.gif", data[:first] + words + data[first:])) == (
        "text beside the picture",
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(list(CHUNKS)), unique=True), st.booleans(), st.booleans())
def test_chunks_of_a_webp_are_named_and_lossless_pixels_stay_so_in_a_frame_too(
    tmp_path_factory, chunks, frame, lossless
):
    data = webp(chunks, frame, lossless=lossless, exact=True)
    path = written(tmp_path_factory.mktemp("webp"), "a.webp", data)
    assert list(lost_of_webp(path)) == [said for name in chunks if (said := CHUNKS[name])]
    assert lost_metadata(path) == tuple(lost_of_webp(path))
    assert any(name == b"VP8L" for name, _ in webp_chunks(path)) is lossless
    target = path.with_name("b.webp")
    write_cropped(path, target, BOX, 10**6)
    if lossless:
        with Image.open(path) as before, Image.open(target) as after:
            np.testing.assert_array_equal(np.asarray(after), np.asarray(before)[6:18, 8:24])


@pytest.mark.parametrize(("space", "said"), [(b"DEBM", [PROFILE]), (b"KNIL", [PROFILE]),
                                             (b"BGRs", []), (bytes(4), [])])  # fmt: skip
def test_the_profile_of_a_bmp_is_named(tmp_path, space, said):
    data = saved(noise(), "BMP")
    fifth = struct.pack("<I", 124) + data[18:54] + bytes(16) + space + bytes(64)
    head = data[:10] + struct.pack("<I", 138) + fifth
    path = written(tmp_path, "a.bmp", head + data[54:])
    with Image.open(path) as image:
        np.testing.assert_array_equal(np.asarray(image), np.asarray(noise()))
    assert list(lost_of_bmp(path)) == said
    assert lost_metadata(path) == tuple(said)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([b"GIF89a", b"RIFF0000WEBP", b"BM"]), st.binary(max_size=300))
def test_damage_is_no_reason_to_fail(tmp_path_factory, head, data):
    path = written(tmp_path_factory.mktemp("damaged"), "a", head + data)
    assert all(isinstance(name, str) for name in lost_metadata(path))
