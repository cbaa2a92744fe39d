import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from prefml.proposals.suggestions import (
    CropSuggestion,
    EncoderStamp,
    ModelStamp,
    Selection,
    Suggestion,
    to_row,
)

shares = st.floats(0, 1)
texts = st.text(max_size=8)
selections = st.builds(
    Selection, texts, texts, st.none() | shares, st.just(msgspec.UNSET) | st.lists(shares)
)
crops = st.builds(
    CropSuggestion,
    st.none() | st.booleans(),
    st.none() | st.tuples(shares, shares, shares, shares),
    texts,
    st.none() | shares,
)


def suggestion(**fields):
    given = {
        "group_id": "g",
        "images": ["new/p/a.png", "new/p/b.png"],
        "step1_selection": Selection("new/p/a.png", "sharper", 0.75, [0.75, 0.25]),
        "step2_crop": CropSuggestion(False, None, "kept whole", 0.5, 0.5, []),
        "project_id": "p",
        "alternatives": [],
        "probabilities": [0.75, 0.25],
        "none_probability": None,
        "reasons": ["sharper"],
        "duplicates": [],
        "flags": [],
        "within_budget": False,
        "budget": 0.05,
        "model": {"ranker": ModelStamp("0" * 64, None)},
        "encoder": EncoderStamp("builtin-1", "abc"),
        "created": "2025-01-01T00:00:00+00:00",
    }
    return Suggestion(**given | fields)


@given(selection=selections, crop=crops, again=st.just(msgspec.UNSET) | texts)
def test_a_suggestion_is_read_back_as_it_was_written(selection, crop, again):
    made = suggestion(step1_selection=selection, step2_crop=crop, reask_of=again)
    line = json.dumps(to_row(made), allow_nan=False)
    assert msgspec.json.decode(line, type=Suggestion) == made


def test_what_does_not_apply_is_no_field_of_the_line():
    row = to_row(suggestion(step1_selection=Selection("new/p/a.png", "a single picture")))
    assert "reask_of" not in row
    assert row["step1_selection"] == {
        "chosen": "new/p/a.png", "reason": "a single picture", "confidence": None,
    }  # fmt: skip


def test_a_line_begins_with_the_fields_of_the_format():
    assert list(to_row(suggestion()))[:4] == [
        "group_id", "images", "step1_selection", "step2_crop",
    ]  # fmt: skip
