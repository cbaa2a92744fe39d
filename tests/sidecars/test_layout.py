from __future__ import annotations

import unicodedata
from urllib.parse import unquote

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.sidecars.compact import Selection, compact
from prefml.sidecars.layout import (
    COMMIT,
    Commit,
    Fragment,
    data_set,
    has_single_files,
    list_fragments,
    list_parts,
    next_file,
    next_number,
    part_name,
    project_folder,
)
from prefml.sidecars.schema import KINDS, Provenance, part_schema
from prefml.sidecars.sources import write_part

from .conftest import MeanColour

PROVENANCE = Provenance(MeanColour().spec, "abc", ("sharpness",), "0123456789abcdef")
AWKWARD = (
    "alpha", "Alpha", "ALPHA", "a b", "a=b", "project=a", "2024", "1e3", "true", "_x", ".x", "..",
    "x.parquet", "a/b", "a\\b", "a%20b", "É", "E\u0301", "é", "雪" * 100, "雪" * 99 + "月", "~", "",
)  # fmt: skip
projects = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)


def put(folder, *names):
    """Write a row for each of some projects."""
    n = len(names)
    columns = {
        "project": names, "filename": [f"{i}.png" for i in range(n)],
        "path": [f"images/{i}.png" for i in range(n)], "file_size": range(n),
        "mtime_ns": range(n), "embedding": [[float(i)] * 3 for i in range(n)],
        "phash": [f"{i:016x}" for i in range(n)], "stage": [1.0] * n, "sharpness": [0.5] * n,
    }  # fmt: skip
    schema = part_schema(PROVENANCE)
    part = write_part(folder, part_name(1), schema, pa.table(columns, schema=schema))
    compact(folder, PROVENANCE, [Selection.of_all(part)], list_parts(folder))


@given(st.lists(projects, unique=True))
def test_no_two_projects_share_a_folder_on_any_file_system(names):
    folders = [project_folder(name) for name in (*names, *AWKWARD) if name]
    alike = {unicodedata.normalize("NFD", folder).casefold() for folder in folders}
    assert len(alike) == len({name for name in (*names, *AWKWARD) if name})


@given(projects.filter(bool))
def test_a_folder_has_a_name_that_every_file_system_takes_and_that_tells_the_project(name):
    folder = project_folder(name)
    assert folder.isascii()
    assert folder[0] not in "._"
    assert len(folder) <= 200
    assert not set(folder) & set('/\\:*?"<>|= ')
    assert "~" in folder or unquote(folder) == name


def test_pandas_and_pyarrow_read_any_projects_as_one_data_set(tmp_path):
    names = [name for name in AWKWARD if name]
    put(tmp_path, *names)
    for kind in KINDS:
        frame = pd.read_parquet(data_set(tmp_path, kind)).sort_values("file_size")
        assert frame["project"].to_list() == names
        assert frame.columns[0] == "project"
        assert ds.dataset(data_set(tmp_path, kind)).count_rows() == len(names)


def test_pyarrow_finds_a_project_by_its_folder_alone(tmp_path):
    put(tmp_path, "Ä b", "c", "2024")
    by_project = ds.partitioning(pa.schema([("project", pa.string())]))
    found = ds.dataset(data_set(tmp_path, "hashes"), partitioning=by_project)
    for name in ("Ä b", "c", "2024"):
        (fragment,) = found.get_fragments(filter=ds.field("project") == name)
        assert fragment.to_table()["project"].to_pylist() == [name]


def test_fragments_are_listed_by_name_with_their_files(tmp_path):
    put(tmp_path, "b", "a")
    found = list_fragments(tmp_path)
    assert [one.folder for one in found] == ["a", "b"]
    for one in found:
        assert {kind: path.relative_to(tmp_path) for kind, path in one.files.items()} == {
            kind: data_set(tmp_path, kind).relative_to(tmp_path) / f"{one.name}.parquet"
            for kind in KINDS
        }


@pytest.mark.parametrize("hidden", ["a/.x.parquet", ".a/x.parquet", "_a/x.parquet", "a/_x.parquet"])
def test_what_pyarrow_passes_over_is_no_fragment(tmp_path, hidden):
    put(tmp_path, "a")
    place = data_set(tmp_path, "cues") / hidden
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"not parquet")
    assert len(list_fragments(tmp_path)) == 1
    assert len(pd.read_parquet(data_set(tmp_path, "cues"))) == 1


def test_single_files_are_one_fragment_without_a_name(tmp_path):
    for kind in KINDS:
        data_set(tmp_path, kind).touch()
    assert has_single_files(tmp_path)
    assert list_fragments(tmp_path) == [
        Fragment("", {kind: data_set(tmp_path, kind) for kind in KINDS})
    ]


def test_a_commit_counts_wherever_its_files_are(tmp_path):
    put(tmp_path, "a")
    (old,) = list_fragments(tmp_path)
    new = "b/0123456789abcdef-7"
    for kind in KINDS:
        next_file(tmp_path, new, kind).touch()
    assert list_fragments(tmp_path) == [old]
    Commit([new], [old.name]).write(tmp_path)
    for kind in KINDS:
        (found,) = list_fragments(tmp_path)
        assert found.name == new
        assert all(path.exists() for path in found.files.values())
        place = data_set(tmp_path, kind) / f"{new}.parquet"
        place.parent.mkdir()
        next_file(tmp_path, new, kind).rename(place)
    (found,) = list_fragments(tmp_path)
    assert found.files["cues"] == data_set(tmp_path, "cues") / f"{new}.parquet"


@given(st.data())
def test_a_damaged_commit_note_is_none_or_what_was_written(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp()
    note = Commit(["a/b-1"], ["a/c-2", "d-3"], ["part-00000001.parquet"], True)
    note.write(folder)
    assert Commit.read(folder) == note
    raw = (folder / COMMIT).read_bytes()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, len(raw)))
    (folder / COMMIT).write_bytes(raw[:start] + data.draw(st.binary(max_size=9)) + raw[end:])
    assert Commit.read(folder) in (None, note)


@pytest.mark.parametrize("name", ["../x", "a/../x", "/x", "a/b/c", "", ".x", "a\\..\\x"])
def test_a_commit_note_that_leads_elsewhere_is_none(tmp_path, name):
    Commit([], [name]).write(tmp_path)
    assert Commit.read(tmp_path) is None


@given(st.lists(st.tuples(st.integers(0, 10**8 - 1), st.sampled_from(["", "w1", "ab-2"]))))
def test_the_next_number_is_above_all_in_use(tmp_path_factory, used):
    folder = tmp_path_factory.getbasetemp()
    paths = [folder / part_name(number, writer) for number, writer in used]
    number = next_number([*paths, folder / "part-.parquet", folder / "cues.parquet"])
    assert number == 1 + max((number for number, _ in used), default=0)


@given(st.sets(st.integers(0, 10**8 - 1)))
def test_parts_sort_by_name_as_by_number(numbers):
    assert sorted(map(part_name, numbers)) == [part_name(number) for number in sorted(numbers)]
