import json
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.proposals.decisions import CropSource, Decision
from prefml.proposals.suggestions import to_row

shares = st.floats(0, 1)
plain = st.dictionaries(st.text(max_size=6), st.none() | st.integers() | st.text(max_size=6))


def decision(**fields):
    given = {
        "group_id": "g",
        "action": "overridden",
        "final_choice": "new/p/a.png",
        "crop_coords": (0.1, 0.0, 0.6, 0.5),
        "timestamp": "2025-01-01T00:00:00Z",
        "project_id": "p",
        "images": ["new/p/a.png", "new/p/b.png"],
        "final_index": 0,
        "crop_by_hand": False,
        "crop_source": "edited",
        "tags": [],
        "image_tags": {},
        "suggested_choice": None,
        "suggestion": {},
        "reask_of": None,
        "shown": {},
        "session_id": "s",
        "event": 1,
    }
    return Decision(**given | fields)


@given(
    box=st.none() | st.tuples(shares, shares, shares, shares),
    source=st.none() | st.sampled_from(get_args(CropSource)),
    suggestion=plain,
    shown=plain,
)
def test_a_decision_is_read_back_as_it_was_written(box, source, suggestion, shown):
    made = decision(crop_coords=box, crop_source=source, suggestion=suggestion, shown=shown)
    line = json.dumps(to_row(made), allow_nan=False)
    assert msgspec.json.decode(line, type=Decision) == made


def test_a_line_begins_with_the_fields_of_the_format():
    assert list(to_row(decision()))[:5] == [
        "group_id", "action", "final_choice", "crop_coords", "timestamp",
    ]  # fmt: skip


@pytest.mark.parametrize("fields", [{"action": "perhaps"}, {"crop_source": "dream"}])
def test_a_word_that_nobody_defined_is_none_of_a_decision(fields):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(to_row(decision(**fields)), Decision)
