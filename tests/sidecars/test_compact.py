from __future__ import annotations

import pyarrow.parquet as pq

from .conftest import same


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
