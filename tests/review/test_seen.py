import pickle
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from prefml.proposals import read_decided, write_lines
from prefml.review import create_app
from prefml.review.groups import parse_group
from prefml.review.seen import SeenVersions, StaleSuggestionError
from prefml.workspace import Workspace

from .conftest import Client
from .drawn_workspace import BOX, OTHER_BOX, suggestion

IMAGES = ["images/p/a.png", "images/p/b.png", "images/p/c.png"]
GROUP = parse_group(suggestion("g", IMAGES, 1))
OTHER = replace(GROUP, chosen=2)


def stale(groups, stated, told=None):
    """Return the groups that are refused."""
    seen = SeenVersions()
    seen.note(told or {})
    try:
        seen.check({group.group_id: group for group in groups}, stated)
    except StaleSuggestionError as error:
        return error.group_ids
    return []


def test_the_version_of_today_is_accepted_and_any_other_refused():
    assert stale([GROUP], {"g": GROUP.version}) == []
    assert stale([GROUP], {"g": OTHER.version}) == ["g"]


def test_without_a_version_the_one_that_was_told_first_counts():
    assert stale([GROUP], {"g": None}) == []
    assert stale([GROUP], {"g": None}, {"g": GROUP.version}) == []
    assert stale([GROUP], {"g": None}, {"g": OTHER.version}) == ["g"]


def test_what_is_told_later_does_not_stand_for_what_was_told_first():
    seen = SeenVersions()
    seen.note({"g": OTHER.version})
    seen.note({"g": GROUP.version})
    with pytest.raises(StaleSuggestionError):
        seen.check({"g": GROUP}, {"g": None})
    seen.check({"g": GROUP}, {"g": GROUP.version})


def test_of_a_group_that_is_not_suggested_only_a_stated_version_is_stale():
    assert stale([], {"g": GROUP.version}) == ["g"]
    assert stale([], {"g": None}) == []


def test_every_stale_group_is_named_and_the_first_of_them_in_words():
    with pytest.raises(StaleSuggestionError, match="group a and 1 more has changed") as caught:
        SeenVersions().check({}, {"a": "1", "b": "2"})
    assert caught.value.group_ids == ["a", "b"]
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


# What can be suggested: a choice, a crop, and what is odd about it.
CONTENTS = st.tuples(st.integers(0, 2), st.sampled_from([BOX, OTHER_BOX, None]), st.booleans())
GROUPS = ("a", "b", "c")
NAMES = st.sampled_from(GROUPS)
ACTIONS = st.sampled_from(["approved", "overridden", "rejected", "skipped"])


def row_of(name, content, run):
    chosen, box, odd = content
    crop = {"needs_crop": box is not None, "crop_coords": box, "confidence": 0.7}
    images = [f"images/p/{name}{number}.png" for number in range(3)]
    return suggestion(
        name, images, chosen, step2_crop=crop, flags=["odd"] * odd, created=f"run {run}"
    )


def content_of(suggested):
    """Return what is suggested by what an exported line says of it."""
    return (
        suggested["step1_selection"]["chosen"],
        suggested["step2_crop"]["crop_coords"],
        bool(suggested["flags"]),
    )


class Interleaved(RuleBasedStateMachine):
    """`prefml suggest` writes the file at any time between load, decision, undo and submission."""

    @initialize(contents=st.tuples(CONTENTS, CONTENTS, CONTENTS))
    def start(self, contents):
        self.folder = tempfile.TemporaryDirectory()
        self.workspace = Workspace.open(Path(self.folder.name))
        self.workspace.sandbox.mkdir()
        self.filed = dict(zip(GROUPS, contents, strict=True))
        self.runs = self.sent = 0
        self.write()
        self.app = create_app(self.workspace)
        self.client = Client(self.app)
        # What `load_batch` told the client of the first group, to tell it the token.
        self.screen, self.first = {}, {"a": self.filed["a"]}
        self.requests, self.shown_by_event = [], {}

    def write(self):
        self.runs += 1
        rows = [row_of(name, content, self.runs) for name, content in self.filed.items()]
        write_lines(self.workspace.sandbox / "automation_decisions.jsonl", rows)

    @rule(name=NAMES, content=CONTENTS)
    def suggest(self, name, content):
        self.filed[name] = content
        self.write()

    @rule(name=NAMES)
    def suggest_no_more(self, name):
        self.filed.pop(name, None)
        self.write()

    @rule(name=NAMES)
    def load(self, name):
        groups = self.client.get("load_batch", id=name)["groups"]
        assert len(groups) == (name in self.filed)
        for group in groups:
            self.told(group)
            self.screen[name] = (group["version"], self.filed[name])

    def told(self, group):
        self.first.setdefault(group["group_id"], self.filed[group["group_id"]])

    @rule(name=NAMES, action=ACTIONS, states_version=st.booleans())
    def decide(self, name, action, states_version):
        self.sent += 1
        version, on_screen = self.screen.get(name, (None, self.first.get(name)))
        body = {"group_id": name, "action": action, "event_id": f"request-{self.sent}"}
        if not states_version:
            on_screen = self.first.get(name)
        elif version:
            body["suggestion_version"] = version
        if action in ("approved", "overridden"):
            body["final_choice"] = on_screen[0] if on_screen else 0
            body["crop_coords"] = on_screen[1] if on_screen else None
        self.send(name, action, body, on_screen)

    def send(self, name, action, body, on_screen):
        before = self.events()
        answer = self.client.send("decide", body)
        if name not in self.filed:
            assert answer.status_code == (409 if "suggestion_version" in body else 404)
        elif on_screen not in (None, self.filed[name]):
            assert answer.status_code == 409
            assert answer.json["group_ids"] == [name]
            assert [group["group_id"] for group in answer.json["groups"]] == [name]
        else:
            assert answer.status_code == 200
            self.accepted(name, action, body, on_screen)
        if answer.status_code != 200:
            assert self.events() == before
        for group in answer.json.get("groups", ()):
            self.told(group)

    def events(self):
        with self.app.extensions["prefml"].store.ledger() as ledger:
            return ledger.last_seq

    def accepted(self, name, action, body, on_screen):
        event = self.app.extensions["prefml"].store.append("decide", None, body["event_id"])
        self.requests.append(body)
        self.shown_by_event[event.seq] = (self.filed[name], body.get("suggestion_version"))
        (change,) = event.body.changes
        if on_screen and action in ("approved", "overridden"):
            assert change.state == "approved"

    @rule(at=st.integers(0, 99))
    def repeat(self, at):
        """A request whose answer was lost is sent again, whatever was suggested since."""
        if self.requests:
            body = self.requests[at % len(self.requests)]
            self.load(body["group_id"])
            before = self.events()
            assert self.client.send("decide", body).status_code == 200
            assert self.events() == before

    @rule(move=st.sampled_from(["undo", "redo"]))
    def move(self, move):
        for group in self.client.post(move)["groups"]:
            self.told(group)

    @rule()
    def submit(self):
        """What is exported is what was on the screen."""
        self.client.post("submit_batch")
        for line in read_decided(self.workspace).values():
            on_screen, version = self.shown_by_event[line["event"]]
            assert content_of(line["suggestion"]) == on_screen
            assert line["suggestion_version"] == version

    def teardown(self):
        if hasattr(self, "app"):
            self.submit()
            self.app.extensions["prefml"].close()
            self.folder.cleanup()


TestInterleaved = Interleaved.TestCase
TestInterleaved.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
