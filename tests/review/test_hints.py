import pytest

from prefml.exceptions import LogError
from prefml.review.hints import HINTS_NAME, read_hints, see_hint
from prefml.review.requests import HINTS


def test_at_first_use_no_hint_was_seen(client):
    assert client.get("hints") == {"seen": []}


def test_what_was_seen_is_kept_in_the_order_of_the_hints(client, workspace):
    assert client.post("see_hint", hint="undo") == {"seen": ["undo"]}
    assert client.post("see_hint", hint="decide") == {"seen": ["decide", "undo"]}
    assert client.post("see_hint", hint="decide") == {"seen": ["decide", "undo"]}
    assert client.get("hints") == {"seen": ["decide", "undo"]}
    assert read_hints(workspace, begun=True).seen == ["decide", "undo"]


def test_where_something_was_decided_before_nothing_is_hinted_at(client):
    group_id = client.get("load_batch", size=1)["groups"][0]["group_id"]
    client.post("decide", group_id=group_id, action="rejected")
    assert client.get("hints") == {"seen": list(HINTS)}
    # The page that was opened before goes on with the other two.
    assert client.post("see_hint", hint="decide") == {"seen": ["decide"]}
    assert client.get("hints") == {"seen": ["decide"]}


@pytest.mark.parametrize("body", [None, [], {}, {"hint": "more"}, {"hint": 1}, {"hint": ["undo"]}])
def test_an_unknown_hint_is_refused(client, workspace, body):
    answer = client.send("see_hint", body)
    assert (answer.status_code, set(answer.json)) == (400, {"error"})
    assert not (workspace.sandbox / HINTS_NAME).exists()


@pytest.mark.parametrize("content", ["", "{", "[]", "[" * 100_000, '{"seen": ["more"]}'])
def test_a_damaged_file_is_named_with_what_to_do(client, workspace, content):
    path = workspace.sandbox / HINTS_NAME
    path.write_text(content)
    answer = client.http.get("/api/automation/hints")
    assert answer.status_code == 400
    assert f"rm '{path}'" in answer.json["error"]
    with pytest.raises(LogError):
        see_hint(workspace, "undo")
    assert path.read_text() == content
