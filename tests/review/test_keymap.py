import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefml.exceptions import LogError
from prefml.review.keymap import KEYS_NAME, read_keys, write_keys
from prefml.review.requests import SetKeys
from prefml.workspace import Workspace

KEY = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=24)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return Workspace.open(tmp_path_factory.mktemp("ws"))


def test_without_a_file_the_keys_are_as_delivered(client):
    assert client.get("keys") == {"keys": {}}


def test_keys_that_change_places_are_kept(client, workspace):
    assert client.post("set_keys", keys={"a": "j", "j": "a"}) == {"keys": {"a": "j", "j": "a"}}
    assert client.get("keys") == {"keys": {"a": "j", "j": "a"}}
    assert (workspace.sandbox / KEYS_NAME).is_file()
    client.post("set_keys", keys={})
    assert client.get("keys") == {"keys": {}}


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"keys": []}, {"keys": {"a": 1}}, {"keys": {"a": ""}}, {"keys": {"a": "j"}},
     {"keys": {"a": "j", "b": "j"}}, {"keys": {"a": "j", "j": "a\0"}}, {"keys": {}, "more": 1},
     {"keys": {"a" * 25: "b", "b": "a" * 25}}, {"keys": {str(n): str(n) for n in range(101)}}],
)  # fmt: skip
def test_keys_that_make_no_sense_are_refused_and_not_kept(client, workspace, body):
    answer = client.send("set_keys", body)
    assert (answer.status_code, set(answer.json)) == (400, {"error"})
    assert not (workspace.sandbox / KEYS_NAME).exists()


def test_a_form_is_refused(client):
    answer = client.http.post(
        "/api/automation/set_keys", data={"keys": "{}"}, headers={"X-CSRF-Token": client.token}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("content", ["", "{", "[]", "\0", "[" * 100_000, '{"keys": {"a": "b"}}'])
def test_a_damaged_file_is_named_with_what_to_do(client, workspace, content):
    (workspace.sandbox / KEYS_NAME).write_text(content)
    answer = client.http.get("/api/automation/keys")
    assert answer.status_code == 400
    assert "rm '" in answer.json["error"]
    client.post("set_keys", keys={})
    assert client.get("keys") == {"keys": {}}


@settings(max_examples=30)
@given(keys=st.lists(KEY, unique=True, max_size=20), turn=st.integers(0, 19))
def test_whatever_change_of_places_is_kept_is_read_again(empty, keys, turn):
    places = dict(zip(keys, keys[turn:] + keys[:turn], strict=True))
    write_keys(empty, SetKeys(places))
    assert read_keys(empty).keys == places
    assert json.loads((empty.sandbox / KEYS_NAME).read_text("utf-8")) == {"keys": places}


def test_two_meanings_of_a_key_are_refused(empty):
    with pytest.raises(LogError, match="two meanings"):
        write_keys(empty, SetKeys({"a": "b", "c": "b"}))
