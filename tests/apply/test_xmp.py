"""Edited XMP says the copy's size and holds no small copy, and is otherwise the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.apply.xmp import without_whole_frame

THUMBNAILS = (
    b"<xmp:Thumbnails><rdf:Alt><rdf:li><xmpGImg:image>/9j/4AAQ</xmpGImg:image></rdf:li></rdf:Alt>"
    b"</xmp:Thumbnails>"
)


@pytest.mark.parametrize("mark", ['{}="{}"', "{}='{}'", "<{0}>{1}</{0}>"])
def test_sizes_follow_as_attributes_and_as_elements(mark):
    names = ("exif:PixelXDimension", "exif:PixelYDimension", "tiff:ImageWidth", "tiff:ImageLength")

    def written(width, height):
        lengths = (width, height, width, height)
        return "".join(map(mark.format, names, lengths)).encode()

    assert without_whole_frame(written(4000, 3000), (30, 40)) == written(30, 40)


def test_small_copies_go_and_what_stands_around_them_stays():
    around = b'<x xmp:Rating="5">' + THUMBNAILS + "Mädchen</x>".encode()
    assert without_whole_frame(around, (1, 1)) == '<x xmp:Rating="5">Mädchen</x>'.encode()


@given(st.binary(max_size=200).filter(lambda data: b":" not in data))
def test_what_says_nothing_about_the_frame_stays_byte_for_byte(data):
    assert without_whole_frame(data, (1, 1)) == data
