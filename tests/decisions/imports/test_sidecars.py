import pytest

from prefml.decisions.imports.sidecars import SidecarFolder, read_sidecar
from prefml.decisions.xmp import MOST_BYTES, new_packet
from prefml.decisions.xmp.marks import FIELDS, Marks
from prefml.exceptions import ForeignFileError

RATING = FIELDS["rating"]


@pytest.fixture
def folder(tmp_path):
    def make(pictures, **sidecars):
        for name, rating in sidecars.items():
            raw = rating if isinstance(rating, bytes) else new_packet({RATING: str(rating)})
            (tmp_path / name.replace("_", ".")).write_bytes(raw)
        return SidecarFolder(tmp_path, pictures)

    return make


def read(sidecars, picture, embedded=b""):
    return sidecars.read(picture, lambda: embedded)


def test_both_names_are_read(folder):
    sidecars = folder(["a.png", "b.png"], a_png_xmp=3, b_xmp=4)
    assert read(sidecars, "a.png") == (Marks(3), "")
    assert read(sidecars, "b.png") == (Marks(4), "")


def test_a_stem_that_two_pictures_have_tells_of_neither(folder):
    sidecars = folder(["a.png", "a.jpg"], a_xmp=3)
    assert read(sidecars, "a.png") == (Marks(), "")
    assert sidecars.strays == ["a.xmp"]
    assert not sidecars.is_only_one_of_its_stem("a.png")
    assert folder(["a.png", "b.jpg"]).is_only_one_of_its_stem("a.png")


def test_a_sidecar_goes_before_the_packet_in_the_picture(folder):
    inside = new_packet({RATING: "1"})
    sidecars = folder(["a.png", "b.png", "c.png"], a_png_xmp=3, b_png_xmp=new_packet({}))
    assert read(sidecars, "a.png", inside) == (Marks(3), "")
    assert read(sidecars, "b.png", inside) == (Marks(1), "")
    assert read(sidecars, "c.png", inside) == (Marks(1), "")


def test_two_sidecars_count_where_they_agree(folder):
    assert read(folder(["a.png"], a_png_xmp=3, a_xmp=3), "a.png") == (Marks(3), "")
    assert read(folder(["a.png"], a_png_xmp=3, a_xmp=4), "a.png") == (Marks(), "two_sidecars")


@pytest.mark.parametrize("raw", [b"", b"<a/>", b"<!DOCTYPE a><a/>", new_packet({RATING: "9"})])
def test_a_sidecar_that_cannot_be_read_is_told(folder, raw):
    assert read(folder(["a.png"], a_png_xmp=raw), "a.png") == (Marks(), "unreadable")


def test_sidecars_without_a_picture_and_in_upper_case_are_known(folder, tmp_path):
    (tmp_path / "A.PNG.XMP").write_bytes(new_packet({RATING: "2"}))
    sidecars = folder(["A.PNG"], b_png_xmp=3)
    assert read(sidecars, "A.PNG") == (Marks(2), "")
    assert sidecars.strays == ["b.png.xmp"]


def test_a_folder_and_a_huge_file_are_no_sidecars(folder, tmp_path):
    (tmp_path / "a.png.xmp").mkdir()
    assert read(folder(["a.png"]), "a.png") == (Marks(), "unreadable")
    huge = tmp_path / "b.png.xmp"
    with huge.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(ForeignFileError, match="bytes"):
        read_sidecar(huge)


def test_a_folder_that_is_not_there_has_no_sidecars(tmp_path):
    assert SidecarFolder(tmp_path / "none", ["a.png"]).of("a.png") == []
