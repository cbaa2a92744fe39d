"""Sidecars as an earlier version of prefml wrote them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from prefml.sidecars.layout import data_set
from prefml.sidecars.schema import KINDS, open_writer, read_provenance


def as_single_files(folder: Path) -> None:
    """Write what a folder holds as the earlier version did: three files, the projects mixed."""
    for kind in KINDS:
        tables = [pq.read_table(path) for path in data_set(folder, kind).rglob("*.parquet")]
        provenance = replace(read_provenance("", tables[0].schema.metadata), generation="e" * 16)
        schema = tables[0].schema.with_metadata(provenance.to_metadata())
        bare = pa.concat_tables([one.replace_schema_metadata(None) for one in tables])
        rows = bare.sort_by([("filename", "ascending"), ("project", "ascending")])
        shutil.rmtree(data_set(folder, kind))
        with open_writer(data_set(folder, kind), schema) as file:
            file.write_table(rows.cast(schema), row_group_size=4)
