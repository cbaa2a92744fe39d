import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from prefml.exceptions import LogError
from prefml.review.requests import (
    FILTERS,
    TAGS,
    ApproveBatch,
    BudgetQuery,
    ChangeQuery,
    Decide,
    Empty,
    LoadBatchQuery,
    QueueQuery,
    Shown,
    Tag,
    read_body,
    read_query,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
BODIES = (ApproveBatch, Decide, Empty, Tag)
QUERIES = (BudgetQuery, ChangeQuery, LoadBatchQuery, QueueQuery)


def decide(**fields):
    body = {"group_id": "g", "action": "approved", **fields}
    return read_body(Decide, json.dumps(body).encode())


def read_or_refused(kind, raw):
    try:
        return read_body(kind, raw)
    except LogError as error:
        return error


nearly_decided = st.dictionaries(
    st.sampled_from(["shown", "crop_coords", "final_choice", "event_id"]), json_values
).map(lambda fields: {"group_id": "g", "action": "skipped", **fields})


@pytest.mark.parametrize("kind", BODIES)
@given(value=json_values | nearly_decided)
def test_any_json_is_read_or_refused(kind, value):
    raw = json.dumps(value).encode("utf-8", "surrogatepass")
    assert isinstance(read_or_refused(kind, raw), (kind, LogError))


@pytest.mark.parametrize("kind", BODIES)
@given(raw=st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(kind, raw):
    assert isinstance(read_or_refused(kind, raw), (kind, LogError))


def test_what_is_left_out_is_told_from_what_is_null():
    assert decide().crop_coords is msgspec.UNSET
    assert decide(crop_coords=None).crop_coords is None
    assert msgspec.to_builtins(decide().shown) == {}
    assert msgspec.to_builtins(decide(shown={"suggested_position": None}).shown) == {
        "suggested_position": None
    }


def test_a_crop_may_be_numbers_or_their_text():
    assert decide(crop_coords=[0, 0.5, "1", "x"]).crop_coords == [0, 0.5, "1", "x"]


@pytest.mark.parametrize("choice", [0, 10**9 - 1, "a.png", "x" * 4096, None])
def test_a_choice_is_a_position_a_name_or_nothing(choice):
    assert decide(final_choice=choice).final_choice == choice


@pytest.mark.parametrize(
    "fields",
    [
        {"final_choice": True},
        {"final_choice": -1},
        {"final_choice": 10**9},
        {"final_choice": 0.0},
        {"final_choice": ""},
        {"final_choice": "x" * 4097},
        {"final_choice": ["a.png"]},
        {"crop_coords": [0, 0, 1]},
        {"crop_coords": [0, 0, 1, 1, 1]},
        {"crop_coords": [0, 0, 1, None]},
        {"crop_coords": [0, 0, 1, True]},
        {"crop_coords": [0, 0, 1, 1e9]},
        {"crop_coords": [0, 0, 1, ""]},
        {"crop_coords": [0, 0, 1, "1" * 65]},
        {"crop_coords": "0 0 1 1"},
        {"crop_by_hand": 1},
        {"crop_by_hand": None},
        {"shown": None},
        {"shown": {"bulk": True}},
        {"shown": {"position": -1}},
        {"shown": {"position": 1.5}},
        {"shown": {"seconds": 1e9}},
        {"shown": {"key": ""}},
        {"shown": {"key": "x" * 65}},
        {"shown": {"order": [0] * 100}},
        {"shown": {"hidden": "no"}},
        {"event_id": None},
        {"event_id": "short"},
        {"event_id": "x" * 65},
        {"event_id": "with space"},
        {"event_id": "abcdefgh\n"},
        {"group_id": ""},
        {"group_id": "x" * 1025},
        {"group_id": "a\0b"},
        {"group_id": "\ud800"},
        {"action": "pending"},
        {"more": 1},
    ],
)
def test_a_field_that_makes_no_sense_is_refused(fields):
    with pytest.raises(LogError):
        decide(**fields)


@pytest.mark.parametrize("raw", [b'{"event_id": NaN}', b"null", b"[]", b"{", b"\xff", b"[" * 10**5])
def test_a_body_that_is_no_object_is_refused(raw):
    with pytest.raises(LogError):
        read_body(Empty, raw)


def test_no_body_is_one_without_fields():
    assert read_body(Empty, b"") == Empty()
    with pytest.raises(LogError, match="missing required field `group_id`"):
        read_body(Decide, b"")


def test_an_endless_name_of_a_field_does_not_make_an_endless_error():
    with pytest.raises(LogError) as caught:
        read_body(Empty, json.dumps({"x" * 10**6: 1}).encode())
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("tags", [[], {"0": "long_hand"}, {"0": ["ugly"]}, {"0": [1]}, None])
def test_tags_that_nobody_defined_are_refused(tags):
    with pytest.raises(LogError):
        read_body(Tag, json.dumps({"group_id": "g", "image_tags": tags}).encode())


def test_every_tag_that_is_defined_may_be_set():
    body = {"group_id": "g", "image_tags": {"0": list(TAGS)}}
    assert read_body(Tag, json.dumps(body).encode()).image_tags == {"0": list(TAGS)}


def query(kind, **parameters):
    return read_query(kind, MultiDict(parameters))


def test_a_query_that_says_nothing_has_the_defaults():
    assert query(LoadBatchQuery) == LoadBatchQuery(20, "pending", "", [], "view")
    assert query(QueueQuery) == QueueQuery(project="", filter="all")


@pytest.mark.parametrize(("text", "size"), [("1", 1), ("007", 7), ("200", 200)])
def test_a_size_is_a_whole_number_in_digits(text, size):
    assert query(LoadBatchQuery, size=text).size == size


@pytest.mark.parametrize(
    "text", ["", "0", "201", "1e2", "5.0", "+5", " 5", "²", "\u0665", "9" * 5000]
)
def test_any_other_size_is_refused(text):
    with pytest.raises(LogError, match="the query"):
        query(LoadBatchQuery, size=text)


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_is_known_and_no_other(name):
    assert query(QueueQuery, filter=name).filter == name
    with pytest.raises(LogError):
        query(QueueQuery, filter=f"{name}s")


def test_named_groups_come_in_their_order():
    assert query(LoadBatchQuery, id=["b", "a", "b"]).id == ["b", "a", "b"]


@pytest.mark.parametrize("kind", QUERIES)
@given(given_=st.dictionaries(st.text(max_size=8), st.text(max_size=8)))
def test_parameters_that_a_query_does_not_know_are_passed_over(kind, given_):
    names = {field.name for field in msgspec.structs.fields(kind)}
    unknown = {name: text for name, text in given_.items() if name not in names}
    assert query(kind, **{f"x{name}": text for name, text in unknown.items()}) == query(kind)


def test_what_is_recorded_of_the_page_is_only_what_was_sent():
    assert msgspec.to_builtins(Shown(position=0, hidden=False)) == {"position": 0, "hidden": False}
