import csv
import json

import pytest

from prefml.proposals import read_decided, read_lines, suggestions_path, write_lines
from prefml.review import create_app

from .conftest import Client
from .drawn_workspace import BOX, suggestion, write_suggestions

FIRST, SECOND, THIRD = "valley/g000", "harbour/g001", "harbour/g002"


def exported(workspace):
    return list(read_decided(workspace).values())


def test_nothing_is_decided_by_default(client):
    groups = client.get("load_batch", size=100)["groups"]
    assert [group["state"] for group in groups] == ["pending"] * 6
    assert all(group["decision"] is None for group in groups)


def test_load_batch_gives_the_next_undecided_groups(client):
    client.post("decide", group_id=FIRST, action="rejected")
    ids = [group["group_id"] for group in client.get("load_batch", size=2)["groups"]]
    assert ids == [SECOND, THIRD]


def test_named_groups_are_given_whatever_their_state(client):
    client.post("decide", group_id=FIRST, action="rejected")
    groups = client.get("load_batch", id=[THIRD, FIRST, "unknown"])["groups"]
    assert [(group["group_id"], group["state"]) for group in groups] == [
        (THIRD, "pending"),
        (FIRST, "rejected"),
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("all", [0, 1, 2, 3, 4, 5]),
        ("pending", [1, 2, 3, 4]),
        ("uncertain", [3]),
        ("crops", [0, 2, 3, 4, 5]),
        ("flagged", [2, 4]),
        ("skipped", [5]),
    ],
)
def test_filters_choose_groups(client, name, expected):
    ids = client.get("queue")["group_ids"]
    client.post("decide", group_id=ids[0], action="approved")
    client.post("decide", group_id=ids[5], action="skipped")
    client.post("tag", group_id=ids[4], image_tags={"0": ["long_hand"]})
    assert client.get("queue", filter=name)["group_ids"] == [ids[n] for n in expected]


def test_a_project_narrows_every_filter(client):
    ids = client.get("queue", project="valley")["group_ids"]
    assert ids == ["valley/g000", "valley/g003"]
    assert client.get("queue")["projects"] == ["harbour", "valley"]


def test_a_skipped_group_waits_in_its_filter_only(client):
    client.post("decide", group_id=FIRST, action="skipped")
    assert client.get("queue", filter="skipped")["first_pending"] == FIRST
    assert client.get("queue")["first_pending"] == SECOND


def test_undo_and_redo_go_through_every_decision(client):
    for group_id, action in ((FIRST, "approved"), (SECOND, "rejected"), (FIRST, "skipped")):
        client.post("decide", group_id=group_id, action=action)
    seen = [client.post("undo")["group_ids"] for _ in range(4)]
    assert seen == [[FIRST], [SECOND], [FIRST], []]
    assert client.get("progress")["pending"] == 6
    assert [client.post("redo")["group_ids"] for _ in range(4)] == [[FIRST], [SECOND], [FIRST], []]
    assert client.group(FIRST)["state"] == "skipped"


def test_undo_works_after_a_restart(workspace):
    app = create_app(workspace)
    Client(app).post("decide", group_id=FIRST, action="rejected")
    app.extensions["prefml"].close()
    app = create_app(workspace)
    client = Client(app)
    assert client.group(FIRST)["state"] == "rejected"
    assert client.post("undo")["groups"][0]["state"] == "pending"
    app.extensions["prefml"].close()


def test_a_repeated_undo_of_one_request_takes_back_one_decision(client):
    client.post("decide", group_id=FIRST, action="approved")
    client.post("decide", group_id=SECOND, action="approved")
    for _ in range(2):
        answer = client.post("undo", event_id="undo-once-1")
        assert answer["group_ids"] == [SECOND]
    assert client.group(FIRST)["state"] == "approved"


def test_submit_writes_the_format_and_a_table(client, workspace):
    client.post("decide", group_id=FIRST, action="approved", shown={"position": 0, "seconds": 1.5})
    client.post("decide", group_id=SECOND, action="rejected")
    client.post("decide", group_id=THIRD, action="skipped")
    client.post("tag", group_id=FIRST, image_tags={"2": ["long_hand"]})
    answer = client.post("submit_batch")
    assert answer["counts"] == {"approved": 1, "rejected": 1}
    assert answer["progress"]["unsubmitted"] == 0
    first, second = exported(workspace)
    assert (first["group_id"], first["action"]) == (FIRST, "approved")
    assert first["final_choice"].endswith("_stage2_upscaled.png")
    assert first["crop_coords"] == BOX
    assert first["shown"] == {"position": 0, "seconds": 1.5}
    assert first["tags"] == ["long_hand"]
    assert (second["action"], second["final_choice"]) == ("rejected", None)
    with (workspace.sandbox / "approved_decisions.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["action"] for row in rows] == ["approved", "rejected"]
    assert [rows[0]["crop_x1"], rows[1]["crop_x1"]] == ["0.1", ""]


def test_an_undone_decision_leaves_the_export(client, workspace):
    client.post("decide", group_id=FIRST, action="approved")
    client.post("submit_batch")
    assert client.post("undo")["progress"]["unsubmitted"] == 1
    client.post("submit_batch")
    assert exported(workspace) == []


def test_lines_that_something_else_wrote_stay_in_the_export(client, workspace):
    path = workspace.sandbox / "approved_decisions.jsonl"
    path.write_text(json.dumps({"group_id": "elsewhere", "action": "rejected"}) + "\n")
    client.post("decide", group_id=FIRST, action="approved")
    client.post("submit_batch")
    assert [row["group_id"] for row in exported(workspace)] == ["elsewhere", FIRST]


def test_decisions_of_earlier_suggestions_stay_in_the_export(client, workspace):
    client.post("decide", group_id=FIRST, action="approved")
    write_suggestions(workspace.root, [suggestion("new", ["images/a.png"], 0)])
    assert client.get("queue")["group_ids"] == ["new"]
    client.post("decide", group_id="new", action="rejected")
    client.post("submit_batch")
    assert [row["group_id"] for row in exported(workspace)] == [FIRST, "new"]


def test_a_batch_inside_the_budget_is_approved_and_undone_as_one(unaudited):
    client = Client(create_app(unaudited))
    ids = client.get("budget")["group_ids"]
    assert ids == ["harbour/g004", "harbour/g005"]
    client.post("approve_batch", group_ids=ids)
    assert client.get("progress")["approved"] == 2
    assert client.get("budget")["group_ids"] == []
    assert client.post("undo")["group_ids"] == ids
    assert client.get("progress")["approved"] == 0
    client.app.extensions["prefml"].close()


def test_a_bulk_approval_tells_which_groups_it_withheld_and_hides_their_suggestions(client):
    offer = client.get("budget")
    assert (sorted(offer["asked"]), offer["why"]) == (offer["group_ids"], "")
    changed = client.post("approve_batch", group_ids=offer["group_ids"], event_id="only-once")
    again = client.post("approve_batch", group_ids=offer["group_ids"], event_id="only-once")
    assert changed["asked"] == again["asked"] == offer["asked"]
    for group in changed["groups"]:
        assert (group["state"], group["suggested"], group["crop"]["box"]) == ("pending", None, None)
    assert "answered first" in client.get("budget")["why"] or not client.get("budget")["group_ids"]
    answer = client.send("decide", {"group_id": offer["asked"][0], "action": "approved"})
    assert answer.status_code == 400


@pytest.mark.parametrize("extra", [FIRST, "unknown"])
def test_a_batch_with_a_group_outside_the_budget_is_refused_whole(client, extra):
    answer = client.send("approve_batch", {"group_ids": ["harbour/g004", extra]})
    assert answer.status_code == 400
    assert client.get("progress")["approved"] == 0


def test_a_tagged_group_needs_a_look_of_its_own(client):
    client.post("tag", group_id="harbour/g004", image_tags={"0": ["long_hand"]})
    assert client.get("budget")["group_ids"] == ["harbour/g005"]


@pytest.mark.parametrize(
    "body",
    [None, [], "x", 3, {}, {"group_id": FIRST}, {"group_id": FIRST, "action": "maybe"},
     {"group_id": 3, "action": "approved"}, {"group_id": FIRST, "action": ["approved"]},
     {"group_id": FIRST, "action": "overridden"},
     {"group_id": FIRST, "action": "overridden", "final_choice": 99},
     {"group_id": FIRST, "action": "overridden", "final_choice": 0, "crop_coords": [0, 0, 1]},
     {"group_id": FIRST, "action": "overridden", "final_choice": 0, "crop_coords": "all"},
     {"group_id": FIRST, "action": "overridden", "final_choice": 0, "crop_coords": [0, 0, 1, 9e9]},
     {"group_id": FIRST, "action": "approved", "shown": {"seconds": "long"}},
     {"group_id": FIRST, "action": "approved", "shown": {"new": 1}},
     {"group_id": FIRST, "action": "approved", "event_id": "a b"},
     {"group_id": FIRST, "action": "approved", "other": 1}],
)  # fmt: skip
def test_a_decision_that_makes_no_sense_is_refused_and_not_kept(client, body):
    answer = client.send("decide", body)
    assert answer.status_code == 400
    assert set(answer.json) == {"error"}
    assert client.get("progress")["pending"] == 6


def test_an_unknown_group_is_not_found(client):
    answer = client.send("decide", {"group_id": "nobody", "action": "approved"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "query",
    ["size=0", "size=201", "size=x", "size=-1", "size=1e3", "size=²", "filter=none", "picture=full",
     "size=" + "9" * 5000],
)  # fmt: skip
def test_a_query_that_makes_no_sense_is_refused(client, query):
    assert client.http.get(f"/api/automation/load_batch?{query}").status_code == 400


@pytest.mark.parametrize("data", [b"{", b"\xff\xfe", b"[" * 100_000, b'{"group_id": NaN'])
def test_a_body_that_is_not_json_is_refused(client, data):
    headers = {"X-CSRF-Token": client.token, "Content-Type": "application/json"}
    answer = client.http.post("/api/automation/decide", data=data, headers=headers)
    assert answer.status_code == 400
    assert set(answer.json) == {"error"}


def test_a_form_is_refused(client):
    headers = {"X-CSRF-Token": client.token}
    answer = client.http.post("/api/automation/decide", data={"a": "b"}, headers=headers)
    assert answer.status_code == 400


def test_a_body_that_is_too_large_is_refused(client):
    answer = client.send("approve_batch", {"group_ids": ["x" * 1000] * 3000})
    assert answer.status_code == 413


def test_ten_thousand_groups_are_listed_fast_enough(client, workspace):
    rows = [suggestion(f"g{n}", ["images/a.png", "images/b.png"], 0) for n in range(10_000)]
    write_suggestions(workspace.root, rows)
    assert len(client.get("queue")["group_ids"]) == 10_000
    assert client.post("decide", group_id="g9999", action="approved")["progress"]["total"] == 10_000


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("decide", {"group_id": FIRST, "action": "rejected"}),
        ("tag", {"group_id": FIRST, "image_tags": {"0": ["long_hand"]}}),
        ("approve_batch", {"group_ids": ["harbour/g004"]}),
    ],
)
def test_a_change_with_a_query_that_makes_no_sense_changes_nothing(client, path, body):
    assert client.send(f"{path}?picture=huge", body).status_code == 400
    assert client.get("progress")["can_undo"] is False


def test_an_undo_with_a_query_that_makes_no_sense_takes_nothing_back(client):
    client.post("decide", group_id=FIRST, action="rejected")
    assert client.send("undo?picture=huge").status_code == 400
    assert client.get("progress")["rejected"] == 1


def test_the_id_of_another_kind_of_request_is_refused(client):
    client.post("decide", group_id=FIRST, action="rejected", event_id="event-of-decide")
    answer = client.send("undo", {"event_id": "event-of-decide"})
    assert (answer.status_code, client.get("progress")["rejected"]) == (400, 1)


@pytest.mark.parametrize("path", ["undo", "redo", "submit_batch"])
def test_a_request_that_says_nothing_may_come_without_a_body(client, path):
    assert client.send(path).status_code == 200
    assert client.send(path, {}).status_code == 200
    assert client.send(path, {"more": 1}).status_code == 400


BUDGET = ["harbour/g004", "harbour/g005"]


@pytest.fixture
def rewrite(workspace):
    """Suggest something else for a group, as another run of `prefml suggest` does."""

    def write(group_id, **fields):
        rows = read_lines(suggestions_path(workspace)).rows
        changed = [row | fields if row["group_id"] == group_id else row for row in rows]
        kept = [row for row in changed if row["images"]]
        write_lines(suggestions_path(workspace), kept)

    return write


NEW_CROP = {"needs_crop": True, "crop_coords": [0.3, 0.3, 0.9, 0.9], "confidence": 0.9}


def test_a_decision_on_a_suggestion_that_changed_is_refused_with_the_new_one(client, rewrite):
    before = client.group(FIRST)
    rewrite(FIRST, step2_crop=NEW_CROP)
    body = {"group_id": FIRST, "action": "approved", "suggestion_version": before["version"]}
    answer = client.send("decide", body)
    assert answer.status_code == 409
    assert "has changed since it was shown" in answer.json["error"]
    assert answer.json["group_ids"] == [FIRST]
    (now,) = answer.json["groups"]
    assert (now["state"], now["crop"]["box"]) == ("pending", [0.3, 0.3, 0.9, 0.9])
    assert answer.json["progress"]["can_undo"] is False
    again = client.post("decide", **{**body, "suggestion_version": now["version"]})
    assert again["groups"][0]["decision"]["crop_coords"] == [0.3, 0.3, 0.9, 0.9]


@pytest.mark.parametrize("action", ["approved", "overridden", "rejected", "skipped"])
def test_every_kind_of_decision_is_refused_on_another_suggestion(client, action):
    body = {"group_id": FIRST, "action": action, "final_choice": 0, "suggestion_version": "other"}
    assert client.send("decide", body).status_code == 409
    assert client.get("progress")["pending"] == 6


def test_a_decision_without_a_version_counts_while_what_was_told_has_not_changed(client, rewrite):
    client.group(FIRST)
    rewrite(SECOND, step2_crop=NEW_CROP)
    client.post("decide", group_id=FIRST, action="approved")
    client.post("undo")
    rewrite(FIRST, step2_crop=NEW_CROP)
    assert client.send("decide", {"group_id": FIRST, "action": "approved"}).status_code == 409
    # Nobody was told of the one before.
    client.post("decide", group_id=SECOND, action="approved")


def test_a_run_that_says_the_same_again_makes_nothing_stale(client, rewrite):
    version = client.group(FIRST)["version"]
    rewrite(FIRST, created="2031-01-01T00:00:00Z")
    client.post("decide", group_id=FIRST, action="approved", suggestion_version=version)


def test_a_request_that_was_accepted_stays_so_when_it_is_repeated(client, rewrite):
    version = client.group(FIRST)["version"]
    body = {"group_id": FIRST, "action": "approved", "suggestion_version": version}
    for images in (["images/x.png"], []):
        assert client.send("decide", body | {"event_id": "pressed-once"}).status_code == 200
        rewrite(FIRST, images=images)
    assert client.send("decide", body | {"event_id": "pressed-once"}).status_code == 200
    assert client.send("decide", body | {"event_id": "pressed-again"}).status_code == 409
    assert client.send("decide", {"group_id": FIRST, "action": "approved"}).status_code == 404


def test_a_redone_decision_keeps_what_was_on_the_screen(client, workspace, rewrite):
    version = client.group(FIRST)["version"]
    client.post("decide", group_id=FIRST, action="approved", suggestion_version=version)
    client.post("undo")
    rewrite(FIRST, step2_crop=NEW_CROP)
    client.post("redo")
    client.post("submit_batch")
    (line,) = exported(workspace)
    assert (line["action"], line["crop_coords"], line["suggestion_version"]) == (
        "approved", BOX, version,
    )  # fmt: skip
    assert line["suggestion"]["step2_crop"]["crop_coords"] == BOX


def test_an_exported_decision_whose_caller_stated_no_version_has_none(client, workspace):
    client.post("decide", group_id=FIRST, action="approved")
    client.post("submit_batch")
    assert exported(workspace)[0]["suggestion_version"] is None


def test_a_batch_with_one_suggestion_that_changed_is_refused_whole(unaudited, rewrite):
    client = Client(create_app(unaudited))
    versions = client.get("budget")["versions"]
    assert versions == {name: client.group(name)["version"] for name in BUDGET}
    rewrite(BUDGET[1], step2_crop=NEW_CROP)
    body = {"group_ids": BUDGET, "suggestion_versions": versions}
    answer = client.send("approve_batch", body)
    assert (answer.status_code, answer.json["group_ids"]) == (409, [BUDGET[1]])
    assert client.get("progress")["approved"] == 0
    client.post("approve_batch", **body | {"suggestion_versions": client.get("budget")["versions"]})
    client.post("submit_batch")
    now = [client.group(name)["version"] for name in BUDGET]
    assert [line["suggestion_version"] for line in exported(unaudited)] == now
    client.app.extensions["prefml"].close()


@pytest.mark.parametrize("fields", [{"within_budget": False}, {"images": []}])
def test_a_batch_whose_group_left_the_budget_is_stale_and_not_wrong(client, rewrite, fields):
    versions = client.get("budget")["versions"]
    rewrite(BUDGET[0], **fields)
    body = {"group_ids": BUDGET, "suggestion_versions": versions}
    assert client.send("approve_batch", body).status_code == 409


def test_a_batch_without_versions_counts_while_what_was_told_has_not_changed(client, rewrite):
    client.get("budget")
    rewrite(BUDGET[0], step2_crop=NEW_CROP)
    assert client.send("approve_batch", {"group_ids": BUDGET}).status_code == 409
    client.post("approve_batch", group_ids=BUDGET[1:])


def test_a_set_that_is_asked_about_once_more_is_no_part_of_a_batch(client, rewrite):
    rewrite(BUDGET[0], reask_of="valley/log/1")
    assert client.get("budget")["group_ids"] == BUDGET[1:]
    assert client.send("approve_batch", {"group_ids": BUDGET}).status_code == 400


def test_what_is_asked_once_more_is_counted_as_any_other_set(client, rewrite):
    """A count of the page that moved otherwise would tell which set it is."""
    rewrite(FIRST, reask_of="valley/log/1")
    before = client.get("progress")
    assert before["total"] == len(client.get("queue")["group_ids"]) == 6
    after = client.post("decide", group_id=FIRST, action="approved")["progress"]
    assert (after["pending"], after["approved"]) == (before["pending"] - 1, 1)
    assert client.post("submit_batch")["counts"] == {"approved": 1}
    assert "reask" not in json.dumps(client.group(FIRST))
