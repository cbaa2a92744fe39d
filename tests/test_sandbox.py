import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.sandbox import index_of, read_lines, write_lines

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(rows=st.lists(st.dictionaries(text, text, max_size=3), max_size=5))
def test_lines_come_back_as_they_were_written(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("lines") / "x.jsonl"
    write_lines(path, rows)
    assert list(read_lines(path).rows) == rows


def test_a_missing_file_has_no_lines(tmp_path):
    assert read_lines(tmp_path / "none.jsonl").rows == ()


def test_bad_lines_are_named_and_the_others_read(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"group_id": "a"}\n{"gro\n[1]\n\n{"group_id": "a", "n": 2}\n')
    found = read_lines(path)
    assert found.bad == ("x.jsonl line 2: not JSON", "x.jsonl line 3: not an object")
    assert found.by_group() == {"a": {"group_id": "a", "n": 2}}


@pytest.mark.parametrize(
    ("choice", "index"),
    [
        ("new/a.png", 0),
        ("b.png", 1),
        ("elsewhere/b.png", 1),
        (1, 1),
        (2, None),
        (-1, None),
        (True, None),
        (None, None),
        ("c.png", None),
        (["new/a.png"], None),
    ],
)
def test_a_choice_is_a_path_a_name_or_a_position(choice, index):
    assert index_of(choice, ["new/a.png", "new/b.png"]) == index


def test_a_name_that_two_images_share_names_neither():
    assert index_of("a.png", ["x/a.png", "y/a.png"]) is None
