from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import count

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefml.sidecars.compact import Selection, compact, select_rows
from prefml.sidecars.find import ImageFile
from prefml.sidecars.layout import list_fragments, list_parts, part_name
from prefml.sidecars.plan import ReusableRow
from prefml.sidecars.schema import Provenance, part_schema
from prefml.sidecars.sources import Source, find_sources, write_part
from prefml.sidecars.store import read_columns, read_sidecars

from .conftest import MeanColour, draw, files_of, same

PROVENANCE = Provenance(MeanColour().spec, "abc", ())


def source(*names):
    return Source(PROVENANCE, pa.table({"path": pa.array(names, pa.string())}), {})


def image(name, folder="old"):
    return ImageFile("p", name, f"{folder}/{name}", 1, 1)


places = st.dictionaries(
    st.sampled_from("abcdefgh"), st.tuples(st.integers(0, 3), st.integers(0, 9))
)


@given(places, st.permutations("abcdefgh"))
def test_each_picture_is_selected_from_the_row_it_has_with_its_present_path(rows, order):
    sources = [source(str(number)) for number in range(4)]
    found = select_rows(
        sources,
        [image(name, "new") for name in order],
        {("p", name): ReusableRow(*place, True, True) for name, place in rows.items()},
    )
    assert [one.source for one in found] == [
        sources[number] for number in sorted({number for number, _ in rows.values()})
    ]
    for one in found:
        assert one.rows.tolist() == sorted(one.rows.tolist())
    selected = {
        (path, sources.index(one.source), int(row))
        for one in found
        for row, path in zip(one.rows, one.paths, strict=True)
    }
    assert selected == {(f"new/{name}", *place) for name, place in rows.items()}


def test_a_picture_that_is_gone_is_not_selected():
    rows = {("p", name): ReusableRow(0, n, True, True) for n, name in enumerate("ab")}
    (found,) = select_rows([source("old/a", "old/b")], [image("b")], rows)
    assert (found.rows.tolist(), found.paths) == ([1], ["old/b"])


def test_all_rows_of_a_source_are_selected_in_order():
    found = Selection.of_all(source("a", "b"))
    assert (found.rows.tolist(), found.paths) == ([0, 1], ["a", "b"])


def test_many_rows_are_written_in_several_groups_and_read_back_the_same(
    workspace, build, read, monkeypatch
):
    build()
    before = read()
    monkeypatch.setattr("prefml.sidecars.compact.ROW_GROUP", 2)
    build(force=True)
    for path in files_of(workspace.sidecars, "cues"):
        assert pq.ParquetFile(path).num_row_groups > 1
    assert same(before, read())
    # A row group none of whose pictures is left is passed over.
    for path in before.index["path"][:5]:
        (workspace.root / path).unlink()
    report = build()
    assert (report.images, report.computed, report.reused) == (5, 0, 5)
    assert read().index["path"].to_list() == before.index["path"][5:].to_list()


def written(folder):
    """Tell files that were written anew; times of reading may change."""
    found = {path: path.stat() for path in folder.rglob("*/p1/*")}
    return {path: (one.st_ino, one.st_size, one.st_mtime_ns) for path, one in found.items()}


def test_new_pictures_touch_their_project_alone(workspace, build):
    build()
    before = written(workspace.sidecars)
    assert len(before) == 3
    draw(workspace.root / "images/p0/new.png", 50)
    assert build().computed == 1
    assert written(workspace.sidecars) == before


def test_a_project_whose_pictures_are_gone_leaves_nothing(workspace, build):
    build()
    shutil.rmtree(workspace.root / "images/p1")
    build()
    assert not list(workspace.sidecars.rglob("p1"))


PLACE = count()


def batch(folder, project, names):
    """Write rows that tell their names."""
    schema = part_schema(PROVENANCE)
    rows = pa.table(rows_of(project, names), schema=schema)
    return write_part(folder, part_name(1 + next(PLACE)), schema, rows)


def rows_of(project, names):
    n = len(names)
    return {
        "project": [project] * n, "filename": names, "path": [f"{project}/{x}" for x in names],
        "file_size": range(n), "mtime_ns": range(n), "phash": [f"{x:>016}" for x in names],
        "embedding": [[float(x)] * 3 for x in names], "stage": [float(x) for x in names],
    }  # fmt: skip


additions = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 30), st.integers(0, 30)), max_size=12
)


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(additions)
def test_rows_that_come_and_go_are_all_kept_in_few_fragments(tmp_path_factory, monkeypatch, steps):
    """In each step some rows of a project are added, and some of the others go."""
    folder = tmp_path_factory.mktemp("grown")
    monkeypatch.setattr("prefml.sidecars.compact.ROWS_PER_FRAGMENT", 16)
    monkeypatch.setattr("prefml.sidecars.compact.ROW_GROUP", 4)
    wanted: dict[str, list[str]] = {"a": [], "b": []}
    number = 0
    for step, (project, added, gone) in enumerate(steps):
        names = [str(number + i) for i in range(added)]
        number += added
        wanted[project] = wanted[project][gone:]
        sources, problems = find_sources(folder)
        assert not problems
        selections = [kept for one in sources if (kept := still(one, wanted)).paths]
        wanted[project] += names
        parts = [Selection.of_all(batch(folder, project, names))] if names else []
        made_with = replace(PROVENANCE, generation=f"{step:016x}")
        compact(folder, made_with, [*selections, *parts], list_parts(folder))
        found = read_sidecars(folder)
        assert sorted(zip(found.index["project"], found.index["filename"], strict=True)) == sorted(
            (p, name) for p, names in wanted.items() for name in names
        )
        assert (found.embeddings[:, 0] == found.index["filename"].astype(float)).all()
        assert (found.index["stage"] == found.index["filename"].astype(float)).all()
        for p, names in wanted.items():
            fragments = [one for one in list_fragments(folder) if one.folder == p]
            assert len(fragments) <= 2 + len(names) // 8 + len(names).bit_length()


def still(source, wanted):
    """Select the rows that are still wanted."""
    keys = zip(*(source.keys[name].to_pylist() for name in ("project", "filename")), strict=True)
    rows = [row for row, (project, name) in enumerate(keys) if name in wanted[project]]
    paths = source.keys["path"].to_pylist()
    return Selection(source, np.array(rows, np.int64), [paths[row] for row in rows])


def test_lists_of_numbers_stand_beside_the_cues_and_survive_every_rewriting(tmp_path):
    """Pictures have any number of faces, hands and masks, none included."""
    lists = {str(i): [float(i)] * i for i in range(6)}
    made_with = replace(PROVENANCE, list_names=("faces",))
    schema = part_schema(made_with)
    for turn, names in enumerate((["0", "3", "1"], ["5", "2"])):
        plain = pa.table(rows_of("a", names), schema=schema.remove(len(schema) - 1))
        table = plain.append_column(schema.field("faces"), pa.array([lists[x] for x in names],
                                    schema.field("faces").type))  # fmt: skip
        part = write_part(tmp_path, part_name(1), schema, table)
        earlier = [Selection.of_all(one) for one in find_sources(tmp_path)[0] if one.name]
        generation = replace(made_with, generation=f"{turn:016x}")
        compact(tmp_path, generation, [*earlier, Selection.of_all(part)], list_parts(tmp_path))
    found = read_columns(tmp_path, "cues", ["faces"])
    assert {name: list(values) for name, values in zip(found["filename"], found["faces"],
            strict=True)} == {name: lists[name] for name in "01235"}  # fmt: skip
    assert "faces" not in read_sidecars(tmp_path).cues
    assert pd.read_parquet(tmp_path / "cues.parquet")["faces"].map(len).sum() == 11
