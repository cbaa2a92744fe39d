from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions.quarantine import RowRefusedError
from prefml.decisions.tables import csv_line, named_fields, read_table
from prefml.exceptions import LogError


@pytest.fixture
def read(tmp_path):
    def read_bytes(raw):
        path = tmp_path / "log.csv"
        path.write_bytes(raw)
        return read_table(path)

    return read_bytes


def fields_of(table):
    return [record.fields for record in table.records]


def test_a_byte_order_mark_and_crlf_are_no_part_of_the_fields(read):
    table = read(b"\xef\xbb\xbfa, b \r\n1,2\r\n")
    assert table.header == ("a", "b")
    assert fields_of(table) == [["1", "2"]]


def test_undecodable_bytes_and_nul_make_one_record_unstorable(read):
    table = read(b"a,b\n1,2\n\xff,2\n1,\x002\n3,4\n")
    assert [record.decodable for record in table.records] == [True, False, False, True]


@pytest.mark.parametrize("raw", [b"a\n1\n\xff\n", b"a\n1\n\x00\n"], ids=["not UTF-8", "NUL"])
def test_either_alone_makes_a_record_unstorable(read, raw):
    assert [record.decodable for record in read(raw).records] == [True, False]


def test_blank_lines_count_as_lines_but_not_as_records(read):
    table = read(b'\na\n\n"x\ny"\n\nz\n')
    assert [(record.line, record.fields) for record in table.records] == [
        (4, ["x\ny"]),
        (7, ["z"]),
    ]


def test_huge_fields_are_read_and_the_limit_put_back(read):
    usual = csv.field_size_limit()
    table = read(b"a\n" + b"x" * 500_000 + b"\n")
    assert len(table.records[0].fields[0]) == 500_000
    assert csv.field_size_limit() == usual


def known(header):
    return list(header) == ["a", "b"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_header_that_is_looked_for_tells_separator_and_encoding(tmp_path, separator, encoding):
    path = tmp_path / "log"
    path.write_bytes(f"a{separator}b\nö{separator}2\n".encode(encoding))
    assert read_table(path, known).records == [(2, ["ö", "2"], True)]


@pytest.mark.parametrize("told", ["sep=;", "SEP=;", '"sep=;"', "sep=;;;;"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_first_line_that_tells_the_separator_is_no_header(tmp_path, told, end):
    path = tmp_path / "log"
    path.write_bytes(end.join([told, "a;b", "1;2", ""]).encode())
    assert read_table(path, known).records == [(3, ["1", "2"], True)]


def test_a_header_that_is_not_looked_for_is_read_with_commas(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"x;y\n1;2\n")
    assert read_table(path, known).header == ("x;y",)


def test_half_a_character_at_the_end_of_utf_16_makes_a_row_unstorable(tmp_path):
    path = tmp_path / "log"
    path.write_bytes("a,b\n1,2\n3,4".encode("utf-16") + b"x")
    assert [record.decodable for record in read_table(path, known).records] == [True, False]


def test_an_empty_file_has_no_header(read):
    assert read(b"").header == ()
    assert read(b"\n\n").records == []


def test_a_file_that_cannot_be_read_is_an_error_of_ours(tmp_path):
    with pytest.raises(LogError) as caught:
        read_table(tmp_path)
    said = f"{tmp_path}: Is a directory; expected a readable file; run: ls -l {tmp_path}"
    assert str(caught.value) == said


@given(st.lists(st.lists(st.text(), min_size=1), min_size=1))
def test_records_are_those_of_the_csv_module(tmp_path_factory, rows):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    raw = text.getvalue().encode("utf-8", "surrogatepass")
    path = tmp_path_factory.mktemp("csv") / "log.csv"
    path.write_bytes(raw)
    with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        expected = [fields for fields in csv.reader(file) if fields]
    assert fields_of(read_table(path)) == expected[1:]


def test_a_line_is_kept_without_its_end():
    assert csv_line(" a,b X \r\n") == " a,b X "
    assert csv_line(["a", "b c"]) == "a,b c"


@given(st.lists(st.text(), min_size=2))
def test_a_record_written_as_a_line_parses_to_itself(fields):
    assert next(csv.reader(io.StringIO(csv_line(fields), newline=""))) == fields


def test_fields_are_named_by_their_columns():
    assert named_fields(("a", "b"), ["1", ""]) == {"a": "1", "b": ""}


@pytest.mark.parametrize("fields", [[], ["1"], ["1", "2", "3"]])
def test_more_or_fewer_fields_than_columns_are_refused(fields):
    with pytest.raises(RowRefusedError, match=rf"^wrong_fields: {len(fields)} fields?, 2 columns$"):
        named_fields(("a", "b"), fields)
