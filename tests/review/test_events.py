import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.exceptions import LogError
from prefml.review.events import (
    DecideBody,
    RegroupBody,
    SetMembers,
    SubmitBody,
    TagBody,
    UndoRedoBody,
    body_of,
    parse_event,
)

from .made_events import decided

edges = st.floats(0, 1)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)  # fmt: skip


def parsed(kind, body, at="2025-07-05T00:00:00Z"):
    raw = body if isinstance(body, str) else msgspec.json.encode(body).decode()
    return parse_event(1, "event-1", at, "s", kind, raw)


@given(
    box=st.none() | st.tuples(edges, edges, edges, edges),
    raw=st.dictionaries(st.text(max_size=6), json_values, max_size=3),
)
def test_a_decision_is_read_back_as_it_was_written(box, raw):
    body = DecideBody([decided("a", crop_coords=box, suggestion=raw, shown={"seconds": 1.5})])
    assert parsed("decide", body).body == body


@pytest.mark.parametrize(
    ("kind", "body"),
    [("undo", UndoRedoBody(3, ["a"])), ("redo", UndoRedoBody(3, [])), ("submit", SubmitBody({}))],
)
def test_every_kind_of_event_has_its_body(kind, body):
    assert parsed(kind, body).body == body


def test_decisions_and_tags_name_the_groups_that_they_change():
    assert parsed("decide", DecideBody([decided("a"), decided("b")])).groups() == ["a", "b"]
    tags = '{"changes": [{"group_id": "c", "image_tags": {"a.png": ["long_hand"]}}]}'
    assert parsed("tag", tags).groups() == ["c"]
    assert parsed("undo", UndoRedoBody(1, ["a"])).groups() == []


def test_a_change_of_sets_names_those_that_there_are_first_and_then_those_that_there_were():
    whole, parts = [SetMembers("g", "p", ["a", "b"], False)], [
        SetMembers("x", "p", ["a"]), SetMembers("y", "p", ["b"]),
    ]  # fmt: skip
    found = parsed("regroup", RegroupBody(whole, parts))
    assert found.body == RegroupBody(whole, parts)
    assert found.groups() == ["x", "y", "g"]


@pytest.mark.parametrize("after", [[["a"]], [["a", "b"], ["b"]], [["a"], ["c"]], [["a", "a"]]])
def test_a_change_of_sets_that_loses_or_doubles_a_picture_is_refused(after):
    sets = [{"group_id": str(i), "project_id": "p", "images": one} for i, one in enumerate(after)]
    before = [{"group_id": "g", "project_id": "p", "images": ["a", "b"]}]
    with pytest.raises(msgspec.ValidationError, match="same pictures"):
        parsed("regroup", msgspec.json.encode({"before": before, "after": sets}).decode())


def test_a_field_that_a_later_version_added_is_passed_over():
    assert parsed("submit", '{"counts": {"approved": 2}, "more": 1}').body == SubmitBody(
        {"approved": 2}
    )


def without(name):
    change = msgspec.to_builtins(decided("a"))
    del change[name]
    return change


@pytest.mark.parametrize("name", list(msgspec.to_builtins(decided("a"))))
def test_a_decision_that_lacks_a_field_is_refused(name):
    with pytest.raises(msgspec.ValidationError, match=f"missing required field `{name}`"):
        parsed("decide", msgspec.json.encode({"changes": [without(name)]}).decode())


@pytest.mark.parametrize(
    "fields",
    [
        {"final_index": 2},
        {"final_index": -1},
        {"final_index": True},
        {"suggested_index": 2},
        {"final_choice": "other.png"},
        {"crop_coords": [0, 0, 1, 1.01]},
        {"crop_coords": [0, 0, 1]},
        {"state": "perhaps"},
        {"images": ["a.png", 3]},
        {"suggestion": []},
        {"group_id": 3},
    ],
)
def test_a_decision_that_contradicts_itself_is_refused(fields):
    change = msgspec.to_builtins(decided("a")) | fields
    with pytest.raises(msgspec.ValidationError):
        parsed("decide", msgspec.json.encode({"changes": [change]}).decode())


@pytest.mark.parametrize(
    ("kind", "body", "error"),
    [
        ("decide", "{", msgspec.DecodeError),
        ("decide", "{}", msgspec.ValidationError),
        ("tag", '{"changes": [{"group_id": "a", "image_tags": {"i": "x"}}]}', msgspec.DecodeError),
        ("undo", '{"of": "1", "groups": []}', msgspec.ValidationError),
        ("submit", '{"counts": []}', msgspec.ValidationError),
        ("erase", "{}", KeyError),
        ("submit", '{"counts": {}, "x": ' + "[" * 100_000, RecursionError),
    ],
)
def test_a_body_that_the_review_never_writes_is_refused(kind, body, error):
    with pytest.raises(error):
        parsed(kind, body)


def test_a_time_that_is_none_is_refused():
    with pytest.raises(ValueError, match="yesterday"):
        parsed("submit", SubmitBody({}), at="yesterday")


def test_the_body_of_a_tag_is_no_decision():
    assert isinstance(parsed("tag", '{"changes": []}').body, TagBody)


def test_a_decision_of_before_there_were_versions_is_read_and_states_none():
    body = parsed("decide", DecideBody([decided("a")])).body
    assert body.changes[0].suggestion_version is msgspec.UNSET
    stated = DecideBody([decided("a", suggestion_version="abc")])
    assert parsed("decide", stated).body.changes[0].suggestion_version == "abc"


def test_an_id_that_was_used_for_another_kind_of_event_is_refused():
    event = parsed("submit", SubmitBody({}))
    assert body_of(SubmitBody, event) == SubmitBody({})
    with pytest.raises(LogError, match="used before, by submit"):
        body_of(UndoRedoBody, event)
