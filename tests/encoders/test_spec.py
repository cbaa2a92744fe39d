import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.encoders.spec import CHOICES, EncoderSpec
from prefml.exceptions import EncoderError

channel = st.floats(0.01, 10, allow_nan=False)
specs = st.builds(
    EncoderSpec,
    id=st.text(),
    dim=st.integers(1, 65536),
    size=st.integers(1, 65536),
    resize=st.sampled_from(CHOICES["resize"]),
    interpolation=st.sampled_from(CHOICES["interpolation"]),
    crop=st.sampled_from(CHOICES["crop"]),
    mean=st.tuples(channel, channel, channel),
    std=st.tuples(channel, channel, channel),
    normalize=st.sampled_from(CHOICES["normalize"]),
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    source=st.text(),
    license=st.text(),
    precision=st.sampled_from(CHOICES["precision"]),
)
SPEC = EncoderSpec(
    "x", 8, 32, "stretch", "bicubic", "none", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), "l2", "0" * 64
)


@given(specs)
def test_a_spec_survives_json(spec):
    again = EncoderSpec.from_dict(json.loads(json.dumps(spec.to_dict())))
    assert again == spec
    assert again.identity == spec.identity


@pytest.mark.parametrize("name", ["source", "license"])
def test_origin_is_no_part_of_the_identity(name):
    assert dataclasses.replace(SPEC, **{name: "elsewhere"}).identity == SPEC.identity


@pytest.mark.parametrize(
    "change",
    [
        {"id": "y"},
        {"dim": 9},
        {"size": 33},
        {"resize": "shortest-side"},
        {"interpolation": "lanczos"},
        {"crop": "center"},
        {"mean": (0.1, 0.0, 0.0)},
        {"std": (1.0, 1.0, 2.0)},
        {"normalize": "none"},
        {"sha256": "1" * 64},
        {"precision": "int8"},
    ],
)
def test_whatever_changes_vectors_changes_the_identity(change):
    assert dataclasses.replace(SPEC, **change).identity != SPEC.identity


def test_identity_stays_what_it_was():
    assert SPEC.identity == "7edefd067bf4d830"


def test_unknown_fields_are_ignored():
    assert EncoderSpec.from_dict(SPEC.to_dict() | {"colour": "red"}) == SPEC


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", 3),
        ("dim", 0),
        ("dim", True),
        ("dim", 1e9),
        ("size", "224"),
        ("resize", "longest"),
        ("interpolation", None),
        ("crop", "left"),
        ("mean", [0, 0]),
        ("mean", "000"),
        ("mean", [0, 0, float("nan")]),
        ("mean", [0, 0, 10**400]),
        ("std", [1, 1, 0]),
        ("normalize", "l1"),
        ("sha256", "abc"),
        ("sha256", "Z" * 64),
    ],
)
def test_a_wrong_field_is_refused_by_name(field, value):
    with pytest.raises(EncoderError, match=field):
        EncoderSpec.from_dict(SPEC.to_dict() | {field: value})


def test_missing_fields_are_named():
    with pytest.raises(EncoderError, match="without dim, std"):
        EncoderSpec.from_dict({k: v for k, v in SPEC.to_dict().items() if k not in ("dim", "std")})


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_a_description_that_is_no_table_is_refused(value):
    with pytest.raises(EncoderError, match="table"):
        EncoderSpec.from_dict(value)
