from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.sidecars.compact import Selection, holds_exactly, select_rows
from prefml.sidecars.find import ImageFile
from prefml.sidecars.plan import ReusableRow
from prefml.sidecars.schema import Provenance
from prefml.sidecars.sources import Source

from .conftest import MeanColour, same

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


@pytest.mark.parametrize(
    ("paths", "holds"), [(["a", "b"], True), (["a"], False), (["a", "new/b"], False)]
)
def test_a_source_holds_a_selection_if_all_its_rows_and_paths_are_in_it(paths, holds):
    one = source("a", "b")
    selection = replace(Selection.of_all(one), paths=paths)
    assert holds_exactly([one], [selection]) == holds


def test_two_sources_hold_nothing_exactly():
    one = source("a")
    assert not holds_exactly([one, source()], [Selection.of_all(one)])
    assert not holds_exactly([one], [])


def test_many_rows_are_written_in_several_groups_and_read_back_the_same(
    workspace, build, read, monkeypatch
):
    build()
    before = read()
    monkeypatch.setattr("prefml.sidecars.compact.ROW_GROUP", 4)
    build(force=True)
    assert pq.ParquetFile(workspace.sidecars / "cues.parquet").num_row_groups == 3
    assert same(before, read())
    # A row group none of whose pictures is left is passed over.
    for path in before.index["path"][:5]:
        (workspace.root / path).unlink()
    report = build()
    assert (report.images, report.computed, report.reused) == (5, 0, 5)
    assert read().index["path"].to_list() == before.index["path"][5:].to_list()
