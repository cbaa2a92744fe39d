"""Check that chunks are found without unpacking a PNG."""

import io

from PIL import Image

from prefml.imaging.png import chunk_heads, with_metadata_first


def written(**options):
    buffer = io.BytesIO()
    Image.effect_noise((300, 300), 50).save(buffer, "PNG", **options)
    return buffer


def test_the_chunks_of_a_file_are_named_in_order_up_to_its_end():
    file = written(dpi=(72, 72))
    file.seek(0, 2)
    file.write(b"\0\0\0\0tEXt what follows is no part of it")
    names = [name for name, _ in chunk_heads(file)]
    assert names[:2] == [b"IHDR", b"pHYs"]
    assert names[-1] == b"IEND"
    assert set(names[2:-1]) == {b"IDAT"}


def test_a_file_that_is_cut_off_ends_where_it_is_cut():
    assert list(chunk_heads(io.BytesIO(written().getvalue()[:20]))) == [(b"IHDR", 13)]


def test_metadata_are_read_from_a_copy_that_has_no_pixels():
    exif = Image.Exif()
    exif[274] = 8
    file = written(exif=exif)
    copy = with_metadata_first(file)
    assert len(copy.getvalue()) < 200 < len(file.getvalue())
    with Image.open(copy) as image:
        assert image.size == (300, 300)
        assert Image.Image.getexif(image)[274] == 8
