import pytest

from prefml.boxes import Box
from prefml.decisions.imports.table import read_marks_table
from prefml.decisions.xmp.marks import Marks
from prefml.exceptions import ForeignFileError


@pytest.fixture
def read(tmp_path):
    def call(text, name="a.csv"):
        (tmp_path / name).write_text(text)
        return read_marks_table(tmp_path / name)

    return call


def test_ratings_labels_and_picks_are_read(read):
    found = read("image,rating,label,pick\na.png,5,Red,\nb.png,,,-1\nc.png,,,picked\n")
    assert [one.marks for one in found.pictures] == [
        Marks(5, "Red"), Marks(flag="rejected"), Marks(flag="picked"),
    ]  # fmt: skip


def test_what_exiftool_writes_is_read(read):
    found = read("SourceFile,XMP-xmp:Rating,XMP-xmpDM:Pick\n./a/b.png,3,1\n")
    (one,) = found.pictures
    assert (one.path, one.marks) == ("./a/b.png", Marks(3, flag="picked"))


def test_crops_sizes_sets_and_projects_are_read(read):
    (one,) = read(
        "path;kept;set;project;crop_x1;crop_y1;crop_x2;crop_y2;width;height\n"
        "a.png;yes;s1;p;0.1;0.2;0.9;0.8;40;60\n"
    ).pictures
    assert (one.marks.box, one.size) == (Box(0.1, 0.2, 0.9, 0.8), (40, 60))
    assert (one.stack, one.project, one.marks.flag) == ("s1", "p", "picked")


def test_a_crop_at_an_angle_and_one_that_is_none_are_told(read):
    head = "image,CropLeft,CropTop,CropRight,CropBottom,CropAngle\n"
    turned, none, whole = read(head + "a.png,0,0,1,.5,3\nb.png,0,0,x,1,\nc.png,,,,,\n").pictures
    assert turned.marks.crop_problem == "turned_crop"
    assert none.marks.crop_problem == "unreadable_crop"
    assert whole.marks == Marks()


def test_rows_that_cannot_be_read_are_counted(read):
    found = read("image,rating,kept\na.png,many,\nb.png,1\n,3,\nc.png,,perhaps\n")
    assert [one.problem for one in found.pictures] == ["unreadable"] * 2
    assert found.passed_over == {"unreadable_row": 1, "no_name": 1}


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "image\na.png\n", "image,image,rating\na,b,1\n"]
)
def test_a_table_without_the_columns_is_refused(read, text):
    with pytest.raises(ForeignFileError, match="columns"):
        read(text)


def test_another_kind_of_file_is_refused(read):
    with pytest.raises(ForeignFileError, match="csv"):
        read("image,rating\na.png,1\n", "a.ods")


def test_a_flag_that_contradicts_another_is_told(read):
    (one,) = read("image,pick,kept\na.png,1,no\n").pictures
    assert one.problem == "unreadable"
