import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.exceptions import LogError
from prefml.proposals.lines import read_lines, rewrite_lines, write_lines

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


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
    ("line", "reason"),
    [
        (b'{"n": NaN}', "not JSON"),
        (b'{"n": 1e999}', "not JSON"),
        (b'{"n": -Infinity}', "not JSON"),
        (b'{"n": ' + b"9" * 400 + b"}", "not JSON"),
        (b'{"n": "\\ud800"}', "text with half a character or a NUL"),
        (b'{"n": "\\u0000"}', "text with half a character or a NUL"),
        (b'{"n": "\xff"}', "not UTF-8"),
        (b'{"n": ' + b"[" * 200 + b"]" * 200 + b"}", "nested too deeply"),
    ],
)
def test_what_could_not_be_written_again_is_a_bad_line(tmp_path, line, reason):
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"n": 1}\n' + line + b"\n")
    found = read_lines(path)
    assert found.rows == ({"n": 1},)
    assert found.bad == (f"x.jsonl line 2: {reason}",)


def test_lines_that_cannot_be_read_outlive_new_ones(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"n": 1}\n{"torn\n\xff\n')
    rewrite_lines(path, [{"n": 2}])
    assert path.read_bytes() == b'{"n": 2}\n{"torn\n\xff\n'


def test_a_text_that_only_looks_like_an_escape_is_kept(tmp_path):
    row = {"path": "C:\\u0041.png", "é": "\u2028"}
    write_lines(tmp_path / "x.jsonl", [row])
    assert list(read_lines(tmp_path / "x.jsonl").rows) == [json.loads(json.dumps(row))]


def test_a_folder_in_the_place_of_a_line_file_is_refused(tmp_path):
    with pytest.raises(LogError, match="not a regular file"):
        read_lines(tmp_path)


def test_a_line_file_that_cannot_be_read_is_one_clear_error(tmp_path, monkeypatch):
    path = tmp_path / "x.jsonl"
    path.write_text("{}\n")

    def fail(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "read_bytes", fail)
    with pytest.raises(LogError, match=r"x\.jsonl: Permission denied; expected a readable file"):
        read_lines(path)
