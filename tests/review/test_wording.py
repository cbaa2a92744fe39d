import pytest

from prefml.review.events import Event, SubmitBody
from prefml.review.wording import describe_event

FIRST = "valley/g000"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"action": "approved"}, "picture 3, cropped"),
        ({"action": "overridden", "final_choice": 0, "crop_coords": None}, "picture 1, whole"),
        ({"action": "overridden", "final_choice": 0, "crop_by_hand": True},
         "picture 1, to crop by hand"),
        ({"action": "rejected"}, "none is good"),
        ({"action": "skipped"}, "skip"),
    ],
)  # fmt: skip
def test_undo_and_redo_name_the_decision(client, body, words):
    assert client.post("decide", group_id=FIRST, **body)["what"] == ""
    assert client.post("undo")["what"] == words
    assert client.post("redo")["what"] == words


def test_tags_changes_of_sets_and_batches_are_named(client):
    client.post("tag", group_id=FIRST, image_tags={"0": ["long_hand"]})
    assert client.post("undo")["what"] == "tags"
    client.post("regroup", group_id=FIRST, images=[0])
    assert client.post("undo")["what"] == "change of sets"
    ids = client.get("budget")["group_ids"]
    client.post("approve_batch", group_ids=ids)
    assert client.post("undo")["what"] == f"batch of {len(ids)} sets"
    assert client.post("redo")["what"] == f"batch of {len(ids)} sets"


def test_where_nothing_is_left_nothing_is_named(client):
    assert client.post("undo")["what"] == client.post("redo")["what"] == ""


def test_what_cannot_be_taken_back_has_no_name():
    assert describe_event(Event(1, "e" * 8, "", "s", "submit", SubmitBody({}))) == ""
