import codecs

import pytest
from hypothesis import given

from prefml.decisions.xmp.encoded import decode_xml
from prefml.exceptions import ForeignFileError

from .sidecars import sidecars


@given(sidecars())
def test_what_is_decoded_is_encoded_to_the_same_bytes(drawn):
    raw, _, _ = drawn
    text = decode_xml(raw)
    assert text.encode(text.utf8) == raw


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
        (b"", "utf-32-le"),
        (b"", "utf-32-be"),
        (b"", "utf-8"),
    ],
)
def test_the_encoding_is_found_with_and_without_a_mark(mark, encoding):
    text = decode_xml(mark + "<a>Mädchen 日本</a>".encode(encoding))
    assert text.utf8.decode() == "<a>Mädchen 日本</a>"
    assert (text.encoding, text.mark) == (encoding, mark)


def test_a_declared_encoding_of_single_bytes_counts():
    raw = '<?xml version="1.0" encoding="windows-1252"?><a>10 €</a>'.encode("cp1252")
    assert "10 €" in decode_xml(raw).utf8.decode()


@pytest.mark.parametrize(
    "raw",
    [
        b"<a>\xff\xfe\xfd</a>",
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
        b'<?xml version="1.0" encoding="zip"?><a/>',
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        "<a/>".encode("utf-16") + b"x",
    ],
)
def test_what_cannot_be_decoded_is_refused(raw):
    with pytest.raises(ForeignFileError):
        decode_xml(raw)


def test_an_encoding_tells_which_letters_it_has():
    text = decode_xml(b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>')
    assert text.holds("ä")
    assert not text.holds("日")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_end_as_in_the_original(end):
    assert decode_xml(f"<a>{end}</a>".encode()).line_end == end
