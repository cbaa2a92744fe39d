import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from prefml.imaging.formats import codec_names
from prefml.imaging.signature import is_picture


@pytest.mark.parametrize("kind", codec_names())
def test_every_format_that_is_decoded_is_recognised_whatever_its_name(tmp_path, kind):
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "BMP" if kind == "DIB" else kind)
    path = tmp_path / "prefml.toml"
    path.write_bytes(buffer.getvalue())
    assert is_picture(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'encoder = "builtin"\n',
        b"SQLite format 3\0",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"PAR1\x15\x04",
        b'{"group_id": "a"}\n',
    ],
)
def test_configuration_databases_and_programs_are_no_pictures(tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    assert not is_picture(path)


@given(st.text(st.characters(codec="ascii"), max_size=40))
def test_text_of_ascii_letters_is_no_picture_unless_it_opens_like_one(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "text.png"
    path.write_bytes(text.encode())
    known = ("BM", "GIF87a", "GIF89a", "8BPS", "FUJIFILM", "IIRO", "IIRS", "FOVb")
    opens = (
        text.startswith(known) or text[4:8] == "ftyp" or "\0" in text[:4] or text[8:12] == "WEBP"
    )
    assert opens or not is_picture(path)


def test_a_missing_file_is_no_picture(tmp_path):
    assert not is_picture(tmp_path / "none.png")
