"""Edited EXIF says nothing about the whole frame, and all else byte for byte."""

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from prefml.apply.exif import bytes_of_numbers, without_whole_frame

SIZE = (30, 40)
ORDERS = ["<", ">"]
SHORT, LONG, ASCII, UNDEFINED = 3, 4, 2, 7
TEXT = "Mädchen 日本".encode() + b"\0"
SMALL = b"\xff\xd8 a small copy of the whole \xff\xd9"


def block(order, first, second=(), below=(), small=b"", prefix=b"Exif\0\0"):
    """Return EXIF of entries (tag, type, count, content) in the first, Exif and second directory.

    The Exif directory follows the first, then the second and its small copy.
    """
    mark = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    first = list(first) + ([(0x8769, LONG, 1, b"Exif")] if below else [])
    second = list(second) + ([(0x0201, LONG, 1, b"smal"), (0x0202, LONG, 1, struct.pack(
        order + "I", len(small)))] if small else [])  # fmt: skip
    lengths = [2 + 12 * len(one) + 4 + sum(len(e[3]) for e in one if len(e[3]) > 4)
               for one in (first, below, second)]  # fmt: skip
    starts = [8, 8 + lengths[0], 8 + lengths[0] + lengths[1]]
    places = {b"Exif": starts[1], b"smal": starts[2] + lengths[2]}
    out = mark
    for entries, start in zip((first, below, second), starts, strict=True):
        at, table, values = start + 2 + 12 * len(entries) + 4, b"", b""
        for tag, kind, count, content in entries:
            field = struct.pack(order + "I", places.get(content, at))
            if len(content) <= 4 and content not in places:
                field = content.ljust(4, b"\0")
            elif content not in places:
                values, at = values + content, at + len(content)
            table += struct.pack(order + "HHI", tag, kind, count) + field
        following = starts[2] if start == 8 and second else 0
        out += struct.pack(order + "H", len(entries)) + table
        out += struct.pack(order + "I", following) + values
    return prefix + out + small


def read(exif):
    found = Image.Exif()
    found.load(exif)
    return found


def number(order, value, kind=SHORT):
    return struct.pack(order + ("H" if kind == SHORT else "I"), value)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", [SHORT, LONG])
def test_sizes_are_put_in_place_in_both_directories(order, kind):
    sizes = [(tag, kind, 1, number(order, 9, kind)) for tag in (0x0100, 0x0101)]
    inner = [(tag, kind, 1, number(order, 9, kind)) for tag in (0xA002, 0xA003)]
    found = read(without_whole_frame(block(order, sizes, below=inner), SIZE, turned=False))
    frame = found.get_ifd(ExifTags.IFD.Exif)
    assert (found[0x0100], found[0x0101], frame[0xA002], frame[0xA003]) == (30, 40, 30, 40)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("turned", [True, False])
def test_the_orientation_goes_with_the_turn_and_every_other_byte_stays(order, turned):
    first = [(0x010F, ASCII, len(TEXT), TEXT), (0x0112, SHORT, 1, number(order, 6)),
             (0x013B, ASCII, len(TEXT), TEXT)]  # fmt: skip
    maker = [(0x927C, UNDEFINED, 30, bytes(range(30)))]
    before = block(order, first, below=maker)
    after = without_whole_frame(before, SIZE, turned)
    assert len(after) == len(before)
    assert (0x0112 in read(after)) != turned
    assert after.count(TEXT) == 2
    assert read(after).get_ifd(ExifTags.IFD.Exif)[0x927C] == bytes(range(30))
    # Maker notes know where they stand.
    assert after.index(bytes(range(30))) == before.index(bytes(range(30)))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("behind", [b"", b"what follows"])
def test_the_small_copy_is_gone_and_what_follows_it_is_not(order, behind):
    before = block(order, [(0x010F, ASCII, len(TEXT), TEXT)], [(0x0103, SHORT, 1, b"\6\0")],
                   small=SMALL) + behind  # fmt: skip
    assert read(before).get_ifd(ExifTags.IFD.IFD1)
    after = without_whole_frame(before, SIZE, turned=False)
    assert SMALL not in after
    assert not read(after).get_ifd(ExifTags.IFD.IFD1)
    assert TEXT in after
    assert after.endswith(behind)


def test_a_size_of_a_type_that_no_size_has_is_removed_and_others_stay():
    entries = [(0x0100, ASCII, 3, b"80\0"), (0x0101, SHORT, 3, b"\1\0\2\0\3\0"),
               (0x010F, ASCII, len(TEXT), TEXT)]  # fmt: skip
    found = read(without_whole_frame(block("<", entries), SIZE, turned=False))
    assert set(found) == {0x010F}


def test_a_size_too_large_for_its_type_is_as_large_as_it_can_be():
    entries = [(0x0100, SHORT, 1, b"\1\0")]
    assert read(without_whole_frame(block("<", entries), (70_000, 1), False))[0x0100] == 65535


def test_exif_without_its_prefix_stays_without():
    entries = [(0x0112, SHORT, 1, number("<", 6))]
    after = without_whole_frame(block("<", entries, prefix=b""), SIZE, turned=True)
    assert after.startswith(b"II*\0")
    assert 0x0112 not in read(b"Exif\0\0" + after)


@pytest.mark.parametrize("data", [b"", b"Exif\0\0", b"Exif\0\0XX*\0", b"II*\0", b"II*\0\x08\0\0\0"])
def test_what_is_no_exif_stays_as_it_is(data):
    assert without_whole_frame(data, SIZE, turned=True) == data


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ORDERS), st.binary(max_size=120), st.booleans(), st.data())
def test_damage_is_no_reason_to_fail_and_makes_nothing_longer(order, tail, turned, data):
    first = [(0x0112, SHORT, 1, number(order, 6))]
    second, below = [(0x0103, SHORT, 1, b"6")], [(0xA002, SHORT, 1, b"\1\0")]
    exif = bytearray(block(order, first, second, below, SMALL))
    for _ in range(data.draw(st.integers(0, 6))):
        exif[data.draw(st.integers(8, len(exif) - 1))] = data.draw(st.integers(0, 255))
    found = bytes(exif[: data.draw(st.integers(0, len(exif)))]) + tail
    assert len(without_whole_frame(found, SIZE, turned)) <= len(found)


@pytest.mark.parametrize("order", ORDERS)
def test_bytes_that_are_declared_as_numbers_are_read_as_bytes(order):
    content = b"\x1c\x02\x05\0\4name\0\0\0"
    tiff = block(order, [(0x83BB, LONG, 3, content)], prefix=b"")
    assert bytes_of_numbers(tiff, 0x83BB) == content
    assert bytes_of_numbers(tiff, 0x010F) is None
    assert bytes_of_numbers(tiff[:30], 0x83BB) is None
    assert bytes_of_numbers(b"no TIFF", 0x83BB) is None


def test_what_pillow_writes_is_edited_too():
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    exif.get_ifd(ExifTags.IFD.Exif)[0xA002] = 80
    found = read(without_whole_frame(exif.tobytes(), SIZE, turned=True))
    assert (found.get(0x0112), found[0x010F]) == (None, "Maker")
    assert found.get_ifd(ExifTags.IFD.Exif)[0xA002] == 30
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "JPEG", exif=exif)
