from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from prefml.exceptions import SidecarError
from prefml.sidecars.compact import Selection, compact
from prefml.sidecars.layout import data_set, list_fragments, list_parts, part_name, parts_folder
from prefml.sidecars.schema import KINDS, Provenance, part_schema
from prefml.sidecars.sources import find_sources, open_fragment, open_part, write_part

from .conftest import MeanColour

PROVENANCE = Provenance(MeanColour().spec, "abc", ("sharpness",))
OTHER = Provenance(MeanColour("other").spec, "abc", ("sharpness",))


def rows(*numbers):
    columns = {
        "project": ["p"] * len(numbers), "filename": [f"{n}.png" for n in numbers],
        "path": [f"images/p/{n}.png" for n in numbers], "file_size": list(numbers),
        "mtime_ns": list(numbers), "embedding": [[float(n)] * 3 for n in numbers],
        "phash": [f"{n:016x}" for n in numbers], "stage": [1.0] * len(numbers),
        "sharpness": [n / 2 for n in numbers],
    }  # fmt: skip
    return pa.table(columns, schema=part_schema(PROVENANCE))


def write(folder, number, *numbers, provenance=PROVENANCE):
    return write_part(folder, part_name(number), part_schema(provenance), rows(*numbers))


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Return a folder with one fragment, in row groups of two rows."""
    monkeypatch.setattr("prefml.sidecars.compact.ROW_GROUP", 2)
    parts = [write(tmp_path, 1, 1, 2), write(tmp_path, 2, 3, 4), write(tmp_path, 3, 5)]
    compact(tmp_path, PROVENANCE, list(map(Selection.of_all, parts)), list_parts(tmp_path))
    return tmp_path


def test_a_part_is_read_back_as_it_was_written(tmp_path):
    written = write(tmp_path, 1, 7, 8)
    found = open_part(parts_folder(tmp_path) / "part-00000001.parquet")
    assert found.provenance == written.provenance == PROVENANCE
    assert found.keys.equals(written.keys)
    whole = pa.concat_tables([found.keys]).to_pydict()
    for kind in KINDS:
        whole |= found.read(kind).to_pydict()
    assert whole == rows(7, 8).to_pydict()
    found.close()


def opened(store):
    (fragment,) = list_fragments(store)
    return open_fragment(fragment)


def test_a_fragment_is_read_by_row_groups_and_rows(store):
    source = opened(store)
    for kind in KINDS:
        assert source.groups(kind) == 3
        assert [source.start(kind, group) for group in range(4)] == [0, 2, 4, 5]
    assert source.read_group("hashes", 1).to_pydict() == {"phash": [f"{3:016x}", f"{4:016x}"]}
    for index in (4, 0, 3, 2, 1):
        assert source.row("hashes", index).to_pydict() == {"phash": [f"{index + 1:016x}"]}
        assert source.row("cues", index).to_pydict() == {
            "stage": [1.0],
            "sharpness": [(index + 1) / 2],
        }
    source.close()


def test_neighbouring_rows_are_read_from_the_disk_once(store, monkeypatch):
    source, read = opened(store), []
    monkeypatch.setattr(
        source,
        "read_group",
        lambda kind, group: read.append(group) or type(source).read_group(source, kind, group),
    )
    for index in (0, 1, 0, 2, 3):
        source.row("cues", index)
    assert read == [0, 1]
    source.close()


def test_a_file_that_was_replaced_since_its_keys_were_read_is_refused(tmp_path):
    source = write(tmp_path, 1, 1, 2)
    write(tmp_path, 1, 1, 2, provenance=OTHER)
    with pytest.raises(SidecarError, match=r"was replaced while it was read.*the same command"):
        source.read("cues")


def test_what_earlier_runs_left_is_found_oldest_first(store):
    write(store, 12, 6)
    write(store, 4, 7)
    (parts_folder(store) / "part-x.parquet").touch()
    (parts_folder(store) / ".part-00000009.parquet.tmp").touch()
    sources, problems = find_sources(store)
    assert [source.keys["filename"].to_pylist() for source in sources[1:]] == [["7.png"], ["6.png"]]
    assert sources[0].keys.num_rows == 5
    assert problems == []


def test_what_is_damaged_is_left_out_with_its_reason(store):
    write(store, 4, 6)
    write(store, 5, 7)
    (parts_folder(store) / part_name(4)).write_bytes(b"PAR1")
    next(data_set(store, "hashes").rglob("*.parquet")).unlink()
    sources, problems = find_sources(store)
    assert [source.keys["filename"].to_pylist() for source in sources] == [["7.png"]]
    assert ["no hashes.parquet beside" in problems[0], part_name(4) in problems[1]] == [True, True]


def test_an_empty_folder_has_no_sources(tmp_path):
    assert find_sources(tmp_path / "nowhere") == ([], [])


def test_a_part_of_another_type_is_refused_with_the_column(tmp_path):
    write(tmp_path, 1, 1)
    path = parts_folder(tmp_path) / part_name(1)
    table = pq.read_table(path)
    at = table.column_names.index("file_size")
    pq.write_table(table.set_column(at, "file_size", table["file_size"].cast(pa.int32())), path)
    with pytest.raises(SidecarError, match=r"no column file_size of type int64.*prefml embed"):
        open_part(path)
