"""Sets that are changed by hand: split, joined, moved between, undone and done again."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from prefml.exceptions import LogError
from prefml.proposals import read_suggestions, suggestions_path, write_lines
from prefml.proposals.corrections import corrected_rows, corrections_path, read_corrections
from prefml.review import create_app
from prefml.review.events import AuditDraw, DecideBody, Event, UndoRedoBody
from prefml.review.groups import Batch, corrected_batch, parse_group
from prefml.review.ledger import Ledger
from prefml.review.regroups import LARGEST, Regrouping
from prefml.review.requests import Regroup
from prefml.workspace import Workspace

from .conftest import Client
from .made_events import decided, event

FIRST, SECOND, THIRD = "valley/g000", "harbour/g001", "harbour/g002"


@pytest.fixture
def place(tmp_path):
    return Workspace.open(tmp_path)


def grouped(client):
    """Return the pictures of every set, by its id."""
    ids = client.get("queue")["group_ids"]
    answer = client.get("load_batch", id=ids)["groups"] if ids else []
    return {one["group_id"]: [image["name"] for image in one["images"]] for one in answer}


def split(client, group_id=SECOND, images=(0,), **fields):
    return client.post("regroup", group_id=group_id, images=list(images), **fields)


def test_a_split_makes_two_sets_that_await_a_suggestion_in_place_of_the_one(client):
    before = grouped(client)
    answer = split(client)
    rest, taken = answer["groups"]
    names = before[SECOND]
    assert [[i["name"] for i in g["images"]] for g in (rest, taken)] == [names[1:], names[:1]]
    for one in (rest, taken):
        assert one["awaiting"] is True
        assert (one["state"], one["confidence"], one["within_budget"]) == ("pending", None, False)
        assert all(image["probability"] is None for image in one["images"])
    assert rest["suggested"] is None
    ids = client.get("queue")["group_ids"]
    at = list(before).index(SECOND)
    assert set(ids[at : at + 2]) == {rest["group_id"], taken["group_id"]}
    assert SECOND not in ids
    assert answer["progress"]["total"] == len(before) + 1


def test_a_moved_picture_is_in_the_other_set_and_both_await(client):
    before = grouped(client)
    answer = split(client, images=[before[SECOND][2]], to=THIRD)
    rest, target = answer["groups"]
    assert [image["name"] for image in rest["images"]] == before[SECOND][:2]
    assert sorted(i["name"] for i in target["images"]) == sorted(
        [*before[THIRD], before[SECOND][2]]
    )
    assert rest["awaiting"]
    assert target["awaiting"]


def test_two_sets_are_joined_by_moving_all_pictures_of_one(client):
    before = grouped(client)
    answer = split(client, images=[0, 1, 2], to=THIRD)
    (joined,) = answer["groups"]
    names = [image["name"] for image in joined["images"]]
    assert names == sorted([*before[SECOND], *before[THIRD]])
    assert len(grouped(client)) == len(before) - 1


def test_undo_brings_back_the_sets_with_their_suggestions_and_redo_the_change(client):
    before, whole = grouped(client), client.group(SECOND)
    made = split(client)["group_ids"]
    back = client.post("undo")
    assert back["groups"] == [whole]
    assert grouped(client) == before
    again = client.post("redo")
    assert [one["group_id"] for one in again["groups"]] == made


def test_a_change_survives_a_restart_and_is_undone_after_it(client, workspace):
    split(client)
    after = grouped(client)
    client.app.extensions["prefml"].close()
    app = create_app(workspace)
    again = Client(app)
    assert grouped(again) == after
    again.post("undo")
    assert SECOND in grouped(again)
    app.extensions["prefml"].close()


def test_the_sets_are_kept_in_a_plain_file_at_once_and_not_those_that_were_undone(
    client, workspace
):
    answer = split(client)
    lines = [json.loads(line) for line in corrections_path(workspace).read_text().splitlines()]
    assert [line["group_id"] for line in lines] == answer["group_ids"]
    assert all(line["project_id"] == "harbour" and line["corrected"] for line in lines)
    client.post("undo")
    assert corrections_path(workspace).read_text() == ""
    client.post("redo")
    assert len(read_corrections(workspace).sets) == 2


def test_a_file_that_a_crash_left_behind_is_brought_up_to_date(client, workspace):
    split(client)
    text = corrections_path(workspace).read_text()
    client.app.extensions["prefml"].close()
    corrections_path(workspace).unlink()
    create_app(workspace).extensions["prefml"].close()
    assert corrections_path(workspace).read_text() == text


def test_corrections_outlive_their_event_table(client, workspace):
    split(client)
    after, text = grouped(client), corrections_path(workspace).read_text()
    client.app.extensions["prefml"].close()
    for path in workspace.sandbox.glob("review.sqlite3*"):
        path.unlink()
    app = create_app(workspace)
    assert grouped(Client(app)) == after
    assert corrections_path(workspace).read_text() == text
    app.extensions["prefml"].close()


def test_a_decision_on_a_set_is_withdrawn_with_its_members_and_comes_back_with_them(
    client, workspace
):
    client.post("decide", group_id=SECOND, action="approved")
    client.post("submit_batch")
    answer = split(client)
    assert {one["state"] for one in answer["groups"]} == {"pending"}
    assert answer["progress"]["unsubmitted"] == 1
    client.post("submit_batch")
    assert (workspace.sandbox / "approved_decisions.jsonl").read_text() == ""
    client.post("undo")
    assert client.group(SECOND)["state"] == "approved"
    client.post("submit_batch")
    assert SECOND in (workspace.sandbox / "approved_decisions.jsonl").read_text()


def test_sets_that_are_joined_again_are_undecided_and_have_their_old_suggestion(client):
    whole = client.group(SECOND)
    client.post("decide", group_id=SECOND, action="approved")
    rest, taken = split(client)["group_ids"]
    joined = split(client, rest, [0, 1], to=taken)["groups"][0]
    assert joined["state"] == "pending"
    assert joined["awaiting"] is False
    assert (joined["suggested"], joined["images"]) == (whole["suggested"], whole["images"])


def test_a_set_that_awaits_can_be_decided_and_is_no_approval_of_a_suggestion(client, workspace):
    rest, _ = split(client)["group_ids"]
    refused = client.send("decide", {"group_id": rest, "action": "approved"})
    assert refused.status_code == 400
    client.post("decide", group_id=rest, action="approved", final_choice=1)
    client.post("submit_batch")
    (line,) = (workspace.sandbox / "approved_decisions.jsonl").read_text().splitlines()
    row = json.loads(line)
    assert (row["action"], row["suggested_choice"], len(row["images"])) == ("overridden", None, 2)


def test_tags_go_along_with_their_pictures(client):
    client.post("tag", group_id=SECOND, image_tags={"0": ["long_hand"], "2": ["long_foot"]})
    rest, taken = split(client)["groups"]
    assert [image["tags"] for image in rest["images"]] == [[], ["long_foot"]]
    assert [image["tags"] for image in taken["images"]] == [["long_hand"]]
    client.post("undo")
    tags = [image["tags"] for image in client.group(SECOND)["images"]]
    assert tags == [["long_hand"], [], ["long_foot"]]


def test_a_repeated_request_changes_nothing(client):
    first = split(client, event_id="abcdefgh-1")
    again = split(client, event_id="abcdefgh-1")
    assert again["groups"] == first["groups"]


def test_a_change_of_a_set_that_was_suggested_anew_is_refused_and_the_new_one_shown(
    client, workspace
):
    version = client.group(SECOND)["version"]
    rows = read_suggestions(workspace)
    rows[SECOND]["none_probability"] = 0.5
    write_lines(suggestions_path(workspace), rows.values())
    stale = client.send(
        "regroup",
        {"group_id": SECOND, "images": [0], "suggestion_versions": {SECOND: version}},
    )
    assert stale.status_code == 409
    assert stale.json["groups"][0]["none_probability"] == 0.5
    assert SECOND in grouped(client)


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"group_id": SECOND, "images": [0, 1, 2]}, 400, "a set of their own"),
        ({"group_id": SECOND, "images": [0], "to": SECOND}, 400, "another set"),
        ({"group_id": SECOND, "images": [0], "to": FIRST}, 400, "two projects"),
        ({"group_id": SECOND, "images": [7]}, 400, "images of the group"),
        ({"group_id": SECOND, "images": ["x.png"]}, 400, "images of the group"),
        ({"group_id": SECOND, "images": []}, 400, "openapi"),
        ({"group_id": "nowhere", "images": [0]}, 404, "no such group"),
        ({"group_id": SECOND, "images": [0], "to": "nowhere"}, 404, "no such group"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(client, fields, status, words):
    before = grouped(client)
    refused = client.send("regroup", fields)
    assert refused.status_code == status
    assert words in refused.json["error"]
    assert grouped(client) == before


def test_a_change_is_guarded_as_a_decision_is(client):
    body = {"group_id": SECOND, "images": [0]}
    for headers in (
        {"X-CSRF-Token": "wrong"}, {"Origin": "http://elsewhere"}, {"Host": "elsewhere"},
        {"Sec-Fetch-Site": "cross-site"},
    ):  # fmt: skip
        assert client.send("regroup", body, **headers).status_code == 403
    assert SECOND in grouped(client)


def test_a_decided_set_whose_pictures_were_moved_away_stays(client, workspace):
    client.post("decide", group_id=SECOND, action="approved")
    name = read_suggestions(workspace)[SECOND]["images"][0]
    shutil.move(workspace.root / name, workspace.root / "elsewhere.png")
    refused = client.send("regroup", {"group_id": SECOND, "images": [0]})
    assert refused.status_code == 400
    assert "prefml apply --undo" in refused.json["error"]


def groups_of(*rows):
    return {row["group_id"]: parse_group(row) for row in rows}


def row(name, *images, project="p", **fields):
    return {"group_id": name, "project_id": project, "images": list(images), **fields}


def test_a_set_that_is_asked_again_or_was_withheld_stays(place):
    regrouping, request = Regrouping(place), Regroup("g", [0])
    again = groups_of(row("g", "a", "b", reask_of="s"))
    with pytest.raises(LogError, match="settled before"):
        regrouping.body(again, request, Ledger())
    drawn = AuditDraw("g", ["a", "b"], {}, {"probability": 1.0, "batch": "x"})
    ledger = Ledger([event(1, "decide", DecideBody([], [drawn]))])
    with pytest.raises(LogError, match="settled before"):
        regrouping.body(groups_of(row("g", "a", "b")), request, ledger)


def test_sets_are_joined_up_to_what_a_page_can_show(place):
    groups = groups_of(row("g", *map(str, range(60))), row("h", *map(str, range(60, 110))))
    request = Regroup("g", list(range(60)), "h")
    with pytest.raises(LogError, match=f"at most {LARGEST}"):
        Regrouping(place).body(groups, request, Ledger())


class Review(RuleBasedStateMachine):
    """Any sequence of changes keeps every picture exactly once, and undo is exact."""

    @initialize(
        sizes=st.lists(st.tuples(st.sampled_from("pq"), st.integers(1, 4)), min_size=2, max_size=5)
    )
    def begin(self, sizes):
        number = iter(range(100))
        self.rows = [
            row(f"g{i}", *(f"new/{project}/{next(number):02}.png" for _ in range(size)),
                project=project, created="2025-07-05T00:00:00+00:00",
                step1_selection={"chosen": 0})
            for i, (project, size) in enumerate(sizes)
        ]  # fmt: skip
        self.pictures = sorted(image for one in self.rows for image in one["images"])
        self.regrouping = Regrouping(Workspace.open(Path(__file__).parent))
        self.regrouping._check_settled = lambda group, ledger: None
        self.ledger, self.events = Ledger(), []
        self.past, self.future = [], []

    @property
    def groups(self):
        known = {one["group_id"]: parse_group(one) for one in self.rows}
        batch = Batch(known, (), tuple(self.rows))
        return corrected_batch(batch, self.regrouping.sets(self.ledger)).groups

    def partition(self):
        return {one.images for one in self.groups.values()}

    def happen(self, kind, body):
        happened = event(len(self.events) + 1, kind, body)
        self.events.append(happened)
        self.ledger.apply(happened)

    def change(self, kind, body):
        self.past.append((self.partition(), dict(self.ledger.states)))
        self.future = []
        self.happen(kind, body)

    @rule(data=st.data())
    def regroup(self, data):
        group = data.draw(st.sampled_from(list(self.groups.values())))
        beside = [one for one in self.groups.values() if one.project == group.project]
        to = data.draw(st.sampled_from([None, *(one.group_id for one in beside if one != group)]))
        positions = st.integers(0, len(group.images) - 1)
        images = data.draw(st.lists(positions, min_size=1, unique=True))
        if to is None and len(images) == len(group.images):
            return
        request = Regroup(group.group_id, images, to)
        self.change("regroup", self.regrouping.body(self.groups, request, self.ledger))

    @rule(data=st.data())
    def decide(self, data):
        group = data.draw(st.sampled_from(list(self.groups.values())))
        names = list(group.images)
        kept = {"images": names, "final_choice": names[0], "final_index": 0, "suggested_index": 0}
        self.change("decide", DecideBody([decided(group.group_id, **kept)]))

    @rule()
    def undo(self):
        target = self.ledger.to_undo
        if target is None:
            return
        now = self.partition(), dict(self.ledger.states)
        self.happen("undo", UndoRedoBody(target.seq, target.groups()))
        before, states = self.past.pop()
        self.future.append(now)
        assert self.partition() == before or self.was_suggested
        assert self.ledger.states == states

    @rule()
    def redo(self):
        target = self.ledger.to_redo
        if target is None:
            return
        self.past.append((self.partition(), dict(self.ledger.states)))
        self.happen("redo", UndoRedoBody(target.seq, target.groups()))
        after, states = self.future.pop()
        assert self.partition() == after or self.was_suggested
        assert self.ledger.states == states

    was_suggested = False

    @rule()
    def suggest(self):
        """Rate the sets as they are kept; those that undo brought back are formed anew."""
        kept = [one for one in self.regrouping.sets(self.ledger) if one.is_pinned]
        created = event(len(self.events) + 1, "submit", None).at
        self.rows = [
            one | {"created": created, "step1_selection": {"chosen": 0}, "awaiting": False}
            for one in corrected_rows(self.rows, kept)
        ]
        self.was_suggested = True
        pinned = {frozenset(one.images) for one in kept}
        for one in self.groups.values():
            assert not one.awaiting or frozenset(one.images) not in pinned

    @rule()
    def restart(self):
        """Read the events again, as after a crash."""
        self.ledger = Ledger(
            Event(e.seq, e.event_id, e.at, e.session_id, e.kind, e.body) for e in self.events
        )
        self.regrouping._seq = -1

    @invariant()
    def every_picture_is_there_once(self):
        if not hasattr(self, "rows"):
            return
        groups = self.groups.values()
        assert sorted(image for one in groups for image in one.images) == self.pictures

    @invariant()
    def projects_never_mix(self):
        for one in self.groups.values() if hasattr(self, "rows") else ():
            assert {image.split("/")[1] for image in one.images} == {one.project}

    @invariant()
    def no_decision_is_about_other_pictures(self):
        for one in self.groups.values() if hasattr(self, "rows") else ():
            entry = self.ledger.decision(one.group_id)
            assert entry is None or entry.change.images == list(one.images)


TestReview = Review.TestCase
TestReview.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)


def test_near_duplicates_are_no_set_to_be_changed(client, workspace):
    rows = list(read_suggestions(workspace).values())
    project = [row for row in rows if row["project_id"] == rows[0]["project_id"]]
    project[0]["near_duplicates"] = {"distance": [], "cosine": []}
    write_lines(suggestions_path(workspace), rows)
    client.get("queue")
    alike, other = project[0]["group_id"], project[1]["group_id"]
    for group_id, more in ((alike, {}), (other, {"to": alike}), (alike, {"to": other})):
        refused = client.send("regroup", {"group_id": group_id, "images": [0], **more})
        assert refused.status_code == 400
        assert "near duplicates" in refused.json["error"]
