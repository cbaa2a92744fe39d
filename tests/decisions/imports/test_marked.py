from prefml.decisions.imports.marked import Marked, MarkedPicture
from prefml.decisions.xmp.marks import Marks


def test_a_picture_without_marks_has_none():
    assert MarkedPicture("a.png").marks == Marks()


def test_sources_count_apart():
    one, other = Marked(), Marked()
    one.passed_over["no_name"] += 1
    assert other.passed_over == {}
