import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.exceptions import ModelFileError
from prefml.models import manifest as module
from prefml.models.manifest import (
    FORMAT,
    OLDEST,
    check_format,
    check_manifest,
    library_versions,
    manifest_path,
    read_manifest,
)

MIN_DECISIONS = {
    "format": FORMAT,
    "kind": "crop",
    "class": "some.Model",
    "sha256": "0" * 64,
    "versions": {"numpy": "2.0"},
    "encoder": None,
}
ENCODER = {"id": "builtin-1", "identity": "0123", "name": "builtin", "dim": 7}
KNOWN = set(module.Manifest.__struct_encode_fields__) - {"document"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a manifest and returns the path of its model."""

    def run(content):
        path = tmp_path / "crop.joblib"
        manifest_path(path).write_text(json.dumps(content))
        return path

    return run


def test_what_is_not_told_is_none_or_empty(write):
    found = read_manifest(write(MIN_DECISIONS))
    assert (found.class_name, found.encoder, found.cues) == ("some.Model", None, None)
    assert (found.counts, found.fold_scores, found.left_out) == ({}, {}, {})


def test_the_encoder_keeps_what_only_its_file_says(write):
    found = read_manifest(write(MIN_DECISIONS | {"encoder": ENCODER}))
    assert (found.encoder.id, found.encoder.identity, found.encoder.name) == (
        "builtin-1", "0123", "builtin",
    )  # fmt: skip
    assert found.document["encoder"]["dim"] == 7


@given(st.dictionaries(st.text(max_size=8).filter(lambda name: name not in KNOWN), JSON))
def test_entries_that_are_not_declared_are_kept_as_they_are(further):
    content = MIN_DECISIONS | further
    assert check_manifest(content, "here").document == content


@given(name=st.sampled_from(sorted(KNOWN)), value=JSON)
def test_any_value_in_any_entry_is_taken_as_declared_or_refused_with_what_to_run(name, value):
    refusal = ""
    try:
        found = check_manifest(MIN_DECISIONS | {name: value}, "here")
    except ModelFileError as error:
        refusal = error.run
    if refusal:
        assert refusal in ("prefml train", "pip install -U prefml")
    else:
        assert getattr(found, "class_name" if name == "class" else name) == value


@pytest.mark.parametrize("name", MIN_DECISIONS)
def test_what_is_missing_is_named(write, name):
    content = {key: value for key, value in MIN_DECISIONS.items() if key != name}
    with pytest.raises(ModelFileError, match=rf"lacks {name}; expected a manifest; run: prefml"):
        read_manifest(write(content))


@pytest.mark.parametrize(
    ("entries", "place"),
    [
        ({"class": 3}, "class"),
        ({"sha256": "0" * 63}, "sha256"),
        ({"sha256": "0" * 64 + "\n"}, "sha256"),
        ({"encoder": ENCODER | {"name": None}}, "encoder.name"),
        ({"cues": 1}, "cues"),
        ({"fold_scores": {"top1": "high"}}, "fold_scores"),
        ({"counts": ["sets"]}, "counts"),
    ],
)
def test_what_is_of_the_wrong_kind_is_told_with_its_place(write, entries, place):
    with pytest.raises(ModelFileError, match=rf"\$\.{place}.*run: prefml train"):
        read_manifest(write(MIN_DECISIONS | entries))


def test_a_message_does_not_grow_with_the_file(write):
    name = "n" * 5000
    with pytest.raises(ModelFileError) as caught:
        read_manifest(write(MIN_DECISIONS | {"encoder": {name: 1}, "written": [name] * 9}))
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("number", [0, -1, FORMAT + 1, True, 2.0, "3", None, [3]])
def test_only_whole_numbers_up_to_the_newest_are_formats(number):
    with pytest.raises(ModelFileError, match=f"a format up to {FORMAT}; run: pip install"):
        check_format(number, FORMAT, "here")


def test_a_format_of_before_names_the_way_to_one_of_today(write):
    with pytest.raises(ModelFileError, match=r"of an earlier prefml.*run: prefml train"):
        read_manifest(write(MIN_DECISIONS | {"format": OLDEST - 1}))


def test_a_library_that_is_not_installed_is_written_down_as_missing(monkeypatch):
    monkeypatch.setattr(module, "LIBRARIES", ("prefml", "numpy", "no-such-library"))
    found = library_versions()
    assert (found["numpy"], found["no-such-library"]) == (np.__version__, "missing")
