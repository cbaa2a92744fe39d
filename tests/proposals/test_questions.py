"""Questions, and the predictions that wait for their answers."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.proposals import single_writer
from prefml.proposals.questions import (
    Prediction,
    keep_predictions,
    predictions_path,
    read_asked,
    read_predictions,
)
from prefml.proposals.suggestions import Asked, to_row
from prefml.workspace import Workspace

# A line with a NUL is set apart when it is read; no file name holds one.
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
predictions = st.builds(
    Prediction, st.sampled_from("abcd"), NAMES, st.floats(0, 1), st.integers(0, 99)
)


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "sandbox").mkdir()
    return Workspace.open(tmp_path)


@given(st.builds(Asked, st.sampled_from(["random", "coverage", "uncertainty"]), st.just(0.25)))
def test_how_a_set_came_to_be_asked_is_read_as_it_was_written(asked):
    assert read_asked({"asked": json.loads(json.dumps(to_row(asked)))}) == asked


@pytest.mark.parametrize("asked", [None, 3, "random", {}, {"by": 4}, {"by": "hope"}, []])
def test_a_suggestion_of_any_other_kind_is_no_question(asked):
    assert read_asked({"asked": asked}) is None
    assert read_asked({}) is None


def test_a_probability_that_is_none_is_not_told():
    for value in (0, -1, 2, "much", True):
        assert read_asked({"asked": {"by": "random", "inclusion": value}}) == Asked("random", None)


@given(st.lists(st.lists(predictions, max_size=4), max_size=4))
def test_the_last_prediction_for_a_set_is_kept(tmp_path_factory, rounds):
    workspace = Workspace.open(tmp_path_factory.mktemp("kept"))
    last = {}
    for made in rounds:
        fresh = {one.group_id: one for one in made}
        keep_predictions(workspace, fresh)
        last |= fresh
    assert read_predictions(workspace) == last


def test_what_is_no_prediction_is_passed_over(workspace):
    good = Prediction("g", "new/p/a.png", 0.5, 12)
    lines = ["{", json.dumps({"group_id": "h"}), json.dumps(msgspec.to_builtins(good)), "[]"]
    predictions_path(workspace).write_text("\n".join(lines))
    assert read_predictions(workspace) == {"g": good}


def test_predictions_are_kept_while_the_writer_holds_the_sandbox(workspace):
    with single_writer(workspace, RuntimeError):
        keep_predictions(workspace, {"g": Prediction("g", "a.png", 1.0, 10)})
    assert read_predictions(workspace)["g"].answers == 10
