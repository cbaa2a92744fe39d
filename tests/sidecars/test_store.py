from __future__ import annotations

import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.exceptions import SidecarError
from prefml.sidecars.store import Sidecars, read_sidecars

from .conftest import MeanColour

FILES = ("embeddings", "hashes", "cues")


def test_rows_are_sorted_by_unique_keys(build, read):
    build()
    keys = read().index[["project", "filename"]]
    assert keys.equals(keys.sort_values(["project", "filename"], ignore_index=True))
    assert not keys.duplicated().any()


def test_types_are_those_promised(build, read):
    build()
    sidecars = read()
    assert sidecars.embeddings.dtype == np.float32
    assert sidecars.embeddings.shape == (len(sidecars), sidecars.encoder.dim)
    assert sidecars.hashes.shape == (len(sidecars),)
    assert set(sidecars.cues.dtypes) == {np.dtype(np.float32)}


def test_encoder_with_preprocessing_and_normalisation_is_recorded(workspace, build, read):
    encoder = MeanColour()
    build(encoder)
    assert read().encoder == encoder.spec
    for kind in FILES:
        metadata = pq.read_schema(workspace.sidecars / f"{kind}.parquet").metadata
        content = json.loads(metadata[b"prefml"])
        assert content["encoder"]["normalize"] == "none"
        assert content["encoder_identity"] == encoder.spec.identity


def test_embedding_is_a_fixed_size_list_of_float32(workspace, build):
    build()
    schema = pq.read_schema(workspace.sidecars / "embeddings.parquet")
    assert schema.field("embedding").type == pa.list_(pa.float32(), 3)


def test_positions_find_each_picture_in_its_project_only(build, read):
    build()
    sidecars = read()
    name = sidecars.index["filename"]
    project = sidecars.index["project"]
    assert np.array_equal(sidecars.positions(project, name), np.arange(len(sidecars)))
    swapped = project.map({"p0": "p1", "p1": "p0"})
    assert (sidecars.positions(swapped, name) == -1).all()


def test_position_of_a_longer_name_is_missing(build, read):
    build()
    name = read().index["filename"][0]
    assert read().positions(["p0", "p0", "p"], [f"a{name}", name, name]).tolist() == [-1, 0, -1]


def test_no_keys_have_no_positions(build, read):
    build()
    assert read().positions([], []).shape == (0,)


@given(st.lists(st.tuples(st.sampled_from("pqr"), st.sampled_from("abcdef")), max_size=12))
def test_positions_agree_with_a_dictionary(keys):
    import pandas as pd

    known = [("p", "a"), ("p", "b"), ("q", "a"), ("r", "f")]
    index = pd.DataFrame(known, columns=["project", "filename"])
    empty = np.zeros((len(known), 3), np.float32)
    hashes = np.array(["0" * 16] * len(known))
    sidecars = Sidecars(index, empty, hashes, pd.DataFrame(), MeanColour().spec, "")
    found = sidecars.positions([key[0] for key in keys], [key[1] for key in keys])
    table = {key: place for place, key in enumerate(known)}
    assert found.tolist() == [table.get(key, -1) for key in keys]


def test_missing_sidecars_say_what_to_run(tmp_path):
    with pytest.raises(SidecarError, match=r"no .*embeddings\.parquet.*run: prefml embed"):
        read_sidecars(tmp_path / "data" / "sidecar")


@pytest.mark.parametrize("kind", FILES)
def test_file_of_another_run_is_refused(workspace, build, kind):
    build()
    old = workspace.sidecars / f"{kind}.parquet"
    shutil.copy(old, workspace.root / "old.parquet")
    build(force=True)
    shutil.copy(workspace.root / "old.parquet", old)
    with pytest.raises(SidecarError, match=r"different runs.*run: prefml embed"):
        read_sidecars(workspace.sidecars)


@pytest.mark.parametrize("kind", FILES)
def test_file_with_other_rows_is_refused(workspace, build, kind):
    build()
    path = workspace.sidecars / f"{kind}.parquet"
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)
    with pytest.raises(SidecarError, match="different runs"):
        read_sidecars(workspace.sidecars)


@pytest.mark.parametrize("kind", FILES)
def test_file_without_its_columns_is_refused(workspace, build, kind):
    build()
    path = workspace.sidecars / f"{kind}.parquet"
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(table.column_names[-1]), path)
    with pytest.raises(SidecarError, match=f"{table.column_names[-1]}.*prefml embed"):
        read_sidecars(workspace.sidecars)


def rewritten(path, change):
    table = pq.read_table(path)
    pq.write_table(change(table), path)


def test_a_picture_that_occurs_twice_is_refused(workspace, build, read):
    build()
    for kind in FILES:
        rewritten(
            workspace.sidecars / f"{kind}.parquet",
            lambda table: table.take([0, *range(len(table) - 1)]),
        )
    with pytest.raises(SidecarError, match=r"occurs twice.*prefml embed"):
        read()


def test_embeddings_that_are_not_finite_are_refused(workspace, build, read):
    build()

    def spoil(table):
        spoilt = pa.array([[np.nan] * 3] * len(table), table.schema.field("embedding").type)
        at = table.column_names.index("embedding")
        return table.set_column(at, table.schema.field("embedding"), spoilt)

    rewritten(workspace.sidecars / "embeddings.parquet", spoil)
    with pytest.raises(SidecarError, match=r"embeddings that are not finite.*prefml embed"):
        read()
