import json

import msgspec
import pytest

from prefml.review import answers


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("load_batch", answers.LoadBatch),
        ("queue", answers.Queue),
        ("progress", answers.Progress),
        ("budget", answers.Budget),
    ],
)
def test_an_answer_is_what_its_structure_says(client, path, kind):
    client.post("decide", group_id="valley/g000", action="approved")
    answer = client.get(path, **({"filter": "all"} if path == "load_batch" else {}))
    assert as_json(msgspec.convert(answer, kind)) == answer


def as_json(document):
    return json.loads(msgspec.json.encode(document))


def test_changes_and_submissions_answer_what_their_structures_say(client):
    changed = client.post("tag", group_id="valley/g000", image_tags={"0": ["long_hand"]})
    assert as_json(msgspec.convert(changed, answers.Changed)) == changed
    client.post("decide", group_id="valley/g000", action="rejected")
    submitted = client.post("submit_batch")
    assert as_json(msgspec.convert(submitted, answers.Submitted)) == submitted


def test_a_refusal_is_an_error_in_words(client):
    refused = client.send("decide", {"group_id": "valley/g000"}).json
    assert "action" in msgspec.convert(refused, answers.Error).error


@pytest.mark.parametrize("box", [[0, 0, 1], [0, 0, 1, 1.5], [0, 0, 1, "1"]])
def test_a_box_is_four_edges_inside_the_picture(box):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"box": box, "probability": None}, answers.CropAlternative)
