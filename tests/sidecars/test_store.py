from __future__ import annotations

import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefml.exceptions import SidecarError
from prefml.sidecars import compact
from prefml.sidecars.store import Sidecars, read_columns, read_sidecars

from .conftest import MeanColour, files_of, same

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
        (metadata, *_) = {
            pq.read_schema(path).metadata[b"prefml"] for path in files_of(workspace.sidecars, kind)
        }
        content = json.loads(metadata)
        assert content["encoder"]["normalize"] == "none"
        assert content["encoder_identity"] == encoder.spec.identity


def test_embedding_is_a_fixed_size_list_of_float32(workspace, build):
    build()
    schema = pq.read_table(workspace.sidecars / "embeddings.parquet").schema
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
    shutil.copy(files_of(workspace.sidecars, kind)[0], workspace.root / "old.parquet")
    build(force=True)
    shutil.copy(workspace.root / "old.parquet", files_of(workspace.sidecars, kind)[0])
    with pytest.raises(SidecarError, match=r"different runs.*run: prefml embed"):
        read_sidecars(workspace.sidecars)


@pytest.mark.parametrize("kind", FILES)
def test_file_with_other_rows_is_refused(workspace, build, kind):
    build()
    path = files_of(workspace.sidecars, kind)[0]
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)
    with pytest.raises(SidecarError, match="different runs"):
        read_sidecars(workspace.sidecars)


@pytest.mark.parametrize("kind", FILES)
def test_file_without_its_columns_is_refused(workspace, build, kind):
    build()
    path = files_of(workspace.sidecars, kind)[0]
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
            files_of(workspace.sidecars, kind)[0],
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

    rewritten(files_of(workspace.sidecars, "embeddings")[0], spoil)
    with pytest.raises(SidecarError, match=r"embeddings that are not finite.*prefml embed"):
        read()


def test_rows_of_some_projects_are_read_from_their_files_alone(workspace, build, read):
    build()
    whole = read()
    for kind in FILES:
        for path in (workspace.sidecars / f"{kind}.parquet" / "p1").iterdir():
            path.write_bytes(b"damaged")
    one = read_sidecars(workspace.sidecars, ["p0", "nowhere"])
    own = (whole.index["project"] == "p0").to_numpy()
    assert one.index.equals(whole.index[own].reset_index(drop=True))
    assert np.array_equal(one.embeddings, whole.embeddings[own])
    assert np.array_equal(one.hashes, whole.hashes[own])
    assert one.cues.equals(whole.cues[own].reset_index(drop=True))
    with pytest.raises(SidecarError, match=r"p1.*prefml embed"):
        read_sidecars(workspace.sidecars, ["p0", "p1"])


@pytest.mark.parametrize("projects", [[], ["nowhere"]])
def test_where_projects_have_no_rows_the_encoder_is_known_all_the_same(build, workspace, projects):
    build()
    found = read_sidecars(workspace.sidecars, projects)
    assert (len(found), found.embeddings.shape) == (0, (0, 3))
    assert found.encoder == MeanColour().spec
    assert found.positions(["p0"], ["x.png"]).tolist() == [-1]


@pytest.fixture
def short_groups(monkeypatch):
    """Write row groups of two rows, so that a project has several."""
    monkeypatch.setattr(compact, "ROW_GROUP", 2)
    monkeypatch.setattr(compact, "VECTORS_PER_GROUP", 1)


def test_rows_of_some_pictures_are_those_of_all(short_groups, workspace, build, read):
    build()
    whole = read()
    assert pq.ParquetFile(files_of(workspace.sidecars, "embeddings")[0]).num_row_groups == 5

    @settings(deadline=None, max_examples=40)
    @given(st.sets(st.integers(0, 9)))
    def check(chosen):
        rows = sorted(chosen)
        paths = [*whole.index["path"].iloc[rows], "images/nowhere.png"]
        some = read_sidecars(workspace.sidecars, paths=paths)
        assert some.index.equals(whole.index.iloc[rows].reset_index(drop=True))
        assert np.array_equal(some.embeddings, whole.embeddings[rows])
        assert np.array_equal(some.hashes, whole.hashes[rows])
        assert some.cues.equals(whole.cues.iloc[rows].reset_index(drop=True))

    check()


def test_of_other_pictures_not_even_a_damaged_value_is_read(short_groups, workspace, build, read):
    build()
    before = read()
    path = files_of(workspace.sidecars, "embeddings")[0]
    raw, last = bytearray(path.read_bytes()), pq.ParquetFile(path).metadata.row_group(4)
    raw[last.column(5).data_page_offset + last.column(5).total_compressed_size - 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(SidecarError, match="checksum"):
        read()
    own = before.index[before.index["project"] == "p0"]["path"].tolist()
    assert len(read_sidecars(workspace.sidecars, ["p0"], paths=own[:4])) == 4
    with pytest.raises(SidecarError, match=r"checksum.*run: prefml embed --verify"):
        read_sidecars(workspace.sidecars, ["p0"], paths=own[4:])


def test_some_cues_are_read_without_the_others(workspace, build, read):
    build()
    whole = read()
    names = list(whole.cues.columns[[2, 0]])
    some = read_sidecars(workspace.sidecars, cues=names)
    assert some.cues.equals(whole.cues[names])
    assert some.index.equals(whole.index)
    assert read_sidecars(workspace.sidecars, cues=()).cues.shape == (10, 0)
    with pytest.raises(SidecarError, match="no column nosuch of cues; expected one of"):
        read_sidecars(workspace.sidecars, cues=["nosuch"])


def test_rows_of_two_encoders_are_refused(workspace, build, read):
    build()
    for kind in FILES:
        shutil.move(workspace.sidecars / f"{kind}.parquet" / "p1", workspace.root / kind)
    build(MeanColour("other"), force=True)
    for kind in FILES:
        place = workspace.sidecars / f"{kind}.parquet" / "p1"
        shutil.rmtree(place)
        shutil.move(workspace.root / kind, place)
    with pytest.raises(SidecarError, match=r"two encoders.*prefml embed"):
        read()
    assert build(MeanColour("other")).computed == 5
    assert set(read().index["project"]) == {"p0", "p1"}


def test_rows_in_the_folder_of_another_project_are_refused(workspace, build, read):
    build()
    for kind in FILES:
        path = files_of(workspace.sidecars, kind)[0]
        path.rename(path.parents[1] / "p1" / path.name)
    with pytest.raises(SidecarError, match=r"rows of another project.*prefml embed"):
        read()
    assert build().computed == 5


@pytest.mark.parametrize("kind", FILES)
def test_a_flipped_bit_is_refused_and_what_is_named_mends_it(workspace, build, read, kind):
    build()
    before = read()
    path = files_of(workspace.sidecars, kind)[0]
    raw = bytearray(path.read_bytes())
    group = pq.ParquetFile(path).metadata.row_group(0)
    last = group.column(group.num_columns - 1)
    raw[last.data_page_offset + last.total_compressed_size - 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(SidecarError, match=r"checksum.*run: prefml embed --verify"):
        read()
    report = build(verify=True)
    assert (report.computed, len(report.repaired)) == (5, 1)
    assert same(read(), before)


def test_some_columns_are_read_with_their_keys_and_nothing_else(workspace, build, read):
    build()
    whole = read()
    name = whole.cues.columns[1]
    for kind in ("embeddings", "hashes"):
        assert len(read_columns(workspace.sidecars, kind, [])) == len(whole)
    found = read_columns(workspace.sidecars, "cues", [name, "stage"])
    assert list(found.columns) == ["project", "filename", name, "stage"]
    assert found[["project", "filename"]].equals(whole.index[["project", "filename"]])
    assert found[name].equals(whole.cues[name])
    own = read_columns(workspace.sidecars, "cues", [name], ["p1"])
    assert own[name].to_list() == whole.cues[name][whole.index["project"] == "p1"].to_list()


@pytest.mark.parametrize("name", ["embedding", "path", "nosuch"])
def test_a_column_of_another_data_set_is_refused(workspace, build, name):
    build()
    with pytest.raises(SidecarError, match=f"no column {name} of cues; expected one of stage"):
        read_columns(workspace.sidecars, "cues", [name])


def test_the_cues_that_every_picture_has_are_those_without_people(
    workspace, build, read, every_cue
):
    build()
    common = set(read().common_cues)
    assert {"face_count", "sharpness"} & set(every_cue) <= common
    assert not {name for name in common if name.startswith(("point_", "person_", "eyes_"))}
