from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.encoders.spec import EncoderSpec
from prefml.exceptions import SidecarError
from prefml.sidecars.schema import (
    KEYS,
    KINDS,
    Provenance,
    open_parquet,
    open_writer,
    part_schema,
    read_provenance,
    select_columns,
)

from .conftest import MeanColour

PROVENANCE = Provenance(MeanColour().spec, "abc", ("x", "y"), "g")
names = st.lists(st.text(min_size=1), unique=True, max_size=5).map(tuple)


def content(**changed):
    return {**json.loads(PROVENANCE.to_metadata()[b"prefml"]), **changed}


def metadata(document):
    return {b"prefml": json.dumps(document).encode()}


def test_provenance_survives_the_schema():
    assert read_provenance("file", part_schema(PROVENANCE).metadata) == PROVENANCE


@given(st.text(), names, st.text())
def test_provenance_is_read_as_it_was_written(cues, cue_names, generation):
    provenance = Provenance(MeanColour().spec, cues, cue_names, generation)
    assert read_provenance("file", provenance.to_metadata()) == provenance


def test_a_changed_encoder_description_is_refused():
    changed = content(encoder={**content()["encoder"], "normalize": "l2"})
    with pytest.raises(SidecarError, match="identity"):
        read_provenance("file", metadata(changed))


@pytest.mark.parametrize(
    "document",
    [
        content(schema="prefml/sidecar/2"),
        content(encoder=[]),
        content(encoder=None),
        content(cue_names="xy"),
        content(cue_names={"x": 1}),
        {name: value for name, value in content().items() if name != "cues"},
        [],
        7,
    ],
    ids=["newer", "list", "null", "text", "table", "no cues", "no table", "number"],
)
def test_metadata_of_another_form_is_refused_with_what_to_run(document):
    with pytest.raises(SidecarError, match=r"^a/file: not a sidecar of this .*run: prefml embed"):
        read_provenance("a/file", metadata(document))


def test_files_that_state_no_version_of_decoding_are_of_the_first():
    document = {name: value for name, value in content().items() if name != "decoding"}
    assert read_provenance("file", metadata(document)).decoding == 1


def test_a_version_of_decoding_that_is_no_number_is_refused():
    with pytest.raises(SidecarError, match="not a sidecar of this version"):
        read_provenance("file", metadata(content(decoding="2")))


@pytest.mark.parametrize("found", [None, {}, {b"pandas": b"{}"}])
def test_a_file_that_prefml_did_not_write_is_refused(found):
    with pytest.raises(SidecarError, match="expected a file written by prefml"):
        read_provenance("file", found)


@given(st.data())
def test_damaged_metadata_is_a_sidecar_error(data):
    text = PROVENANCE.to_metadata()[b"prefml"]
    cut = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(cut + 1, len(text)))
    broken = text[:cut] + data.draw(st.binary(max_size=5)) + text[end:]
    try:
        found = read_provenance("file", {b"prefml": broken})
    except SidecarError as error:
        assert error.run == "prefml embed"  # noqa: PT017
    else:
        assert isinstance(found.encoder, EncoderSpec)


def test_the_three_files_together_have_the_columns_of_a_part_and_all_have_the_keys():
    whole = part_schema(PROVENANCE)
    own = []
    for kind in KINDS:
        part = select_columns(whole, kind)
        assert part.names[: len(KEYS)] == list(KEYS)
        assert part.metadata == whole.metadata
        own += part.names[len(KEYS) :]
    assert list(KEYS) + own == whole.names


def rows(count=3):
    columns = {
        "project": ["p"] * count, "filename": [f"{i}.png" for i in range(count)],
        "path": [f"p/{i}.png" for i in range(count)], "file_size": range(count),
        "mtime_ns": range(count), "embedding": [[float(i)] * 3 for i in range(count)],
        "phash": ["0" * 16] * count, "stage": [1.0] * count, "x": [0.5] * count,
        "y": [0.25] * count,
    }  # fmt: skip
    return pa.table(columns, schema=part_schema(PROVENANCE))


@pytest.fixture
def part(tmp_path):
    path = tmp_path / "part.parquet"
    with open_writer(path, part_schema(PROVENANCE)) as file:
        file.write_table(rows())
    return path


def test_rows_are_read_back_as_written_with_their_provenance(part):
    with open_parquet(part) as file:
        assert read_provenance(part, file.schema_arrow.metadata) == PROVENANCE
        assert file.read().equals(rows())


def test_only_text_is_compressed(part):
    group = pq.read_metadata(part).row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]
    packed = {column.path_in_schema for column in columns if column.compression != "UNCOMPRESSED"}
    assert packed == {*KEYS, "phash"}


def test_a_flipped_bit_in_the_numbers_is_noticed(part):
    raw = part.read_bytes()
    place = raw.index(np.full(3, 2, np.float32).tobytes())
    part.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
    with open_parquet(part) as file, pytest.raises(OSError, match="checksum"):
        file.read()


def test_a_missing_file_is_told_from_a_damaged_one(tmp_path):
    with pytest.raises(SidecarError, match=r"^no .*x.parquet; .*run: prefml embed"):
        open_parquet(tmp_path / "x.parquet")
    (tmp_path / "y.parquet").write_bytes(b"PAR1")
    with pytest.raises(SidecarError, match=r"y.parquet: .*expected a parquet file; run: prefml"):
        open_parquet(tmp_path / "y.parquet")
