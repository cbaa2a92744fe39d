import hashlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefml.apply import execute, undo
from prefml.apply.journal import (
    FORMAT,
    applied_groups,
    journal_folder,
    read_journals,
    start_journal,
)
from prefml.apply.plan import Step
from prefml.exceptions import ApplyError
from prefml.workspace import Workspace

STEPS = (
    Step("folder", "", "selected/p", "folder", ""),
    Step("crop", "new/p/a.png", "selected/p/a.png", "winner", "g", (0.1, 0.0, 0.6, 0.5), "0" * 64),
    Step("move", "new/p/b.png", "delete_staging/p/b.png", "loser", "h", sha256="1" * 64),
)


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "sandbox").mkdir()
    return Workspace.open(tmp_path)


def started(workspace):
    return start_journal(workspace, STEPS, {"g": "t0", "h": "t1"})


def read(workspace):
    (journal,) = read_journals(workspace)
    return journal


events = st.lists(
    st.one_of(
        st.tuples(st.just("done"), st.integers(0, 2)),
        st.tuples(st.just("made"), st.integers(0, 2)),
        st.tuples(st.just("dropped"), st.sampled_from("gh")),
        st.tuples(st.just("state"), st.sampled_from(["running", "undoing"])),
    ),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=events)
def test_a_journal_that_is_read_stands_where_it_was_left(workspace, events):
    journal = started(workspace)
    for kind, value in events:
        if kind == "made":
            journal.record_made(value, "f" * 64)
        elif kind == "dropped":
            journal.record_dropped(value, "no picture")
        else:
            getattr(journal, f"record_{kind}")(value)
    found = read(workspace)
    journal.remove()
    assert found == journal


def test_journals_are_numbered_on_and_read_in_their_order(workspace):
    first, second = started(workspace), started(workspace)
    assert [path.name for path in (first.path, second.path)] == ["000001.jsonl", "000002.jsonl"]
    assert [one.path for one in read_journals(workspace)] == [first.path, second.path]


def test_the_sets_of_all_journals_count_but_those_that_were_dropped(workspace):
    journal = started(workspace)
    journal.record_dropped("h", "no picture")
    assert applied_groups([journal]) == {"g": "t0"}


def test_the_folder_goes_with_the_last_journal(workspace):
    first, second = started(workspace), started(workspace)
    first.remove()
    assert journal_folder(workspace).is_dir()
    second.remove()
    assert not journal_folder(workspace).exists()


@pytest.mark.parametrize("at", [1, 5, 12])
def test_a_torn_record_is_passed_over_and_the_next_is_read(workspace, at):
    journal = started(workspace)
    with journal.path.open("a") as file:
        file.write("\n" + json.dumps({"made": 1, "sha256": "f" * 64})[:at])
    journal.record_done(0)
    found = read(workspace)
    assert (found.made, found.done) == ({}, {0})


def test_a_record_of_a_kind_that_a_later_version_added_is_passed_over(workspace):
    journal = started(workspace)
    with journal.path.open("a") as file:
        file.write('\n{"paused": true}')
    assert read(workspace) == journal


@pytest.mark.parametrize(
    "record",
    [
        {"done": 3},
        {"done": -1},
        {"done": True},
        {"done": "0"},
        {"done": None},
        {"made": 1},
        {"made": 1, "sha256": 5},
        {"dropped": "g"},
        {"dropped": 5, "reason": "x"},
        {"state": "paused"},
        {"state": None},
        [1],
        7,
    ],
)
def test_a_record_that_cannot_be_meant_is_refused(workspace, record):
    journal = started(workspace)
    with journal.path.open("a") as file:
        file.write(f"\n{json.dumps(record)}")
    with pytest.raises(ApplyError, match="not a journal of this version"):
        read_journals(workspace)


def test_a_finished_run_without_its_records_is_refused(workspace):
    started(workspace).record_state("finished")
    with pytest.raises(ApplyError, match="lacks records"):
        read_journals(workspace)


def rewrite(path, **changes):
    """Change the head of a journal, with a hash that fits."""
    head, *records = path.read_text().split("\n")
    facts = json.loads(head) | changes
    facts.pop("sha256")
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    path.write_text("\n".join([json.dumps(facts | {"sha256": digest}), *records]))


def test_a_head_that_was_changed_is_refused(workspace):
    path = started(workspace).path
    path.write_text(path.read_text().replace("new/p/a.png", "new/p/b.png"))
    with pytest.raises(ApplyError, match="changed since it was written"):
        read_journals(workspace)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": FORMAT + 1},
        {"groups": ["g"]},
        {"groups": {"g": 3}},
        {"steps": {}},
        {"steps": [{"kind": "move"}]},
        {"steps": [{"kind": "move", "source": "a", "target": "b", "role": "loser", "group": "g",
                    "more": 1}]},
        {"steps": [{"kind": "crop", "source": "a", "target": "b", "role": "winner", "group": "g",
                    "box": [0, 0, 1]}]},
    ],
)  # fmt: skip
def test_a_head_that_prefml_never_wrote_is_refused(workspace, changes):
    rewrite(started(workspace).path, **changes)
    with pytest.raises(ApplyError, match="not a journal of this version"):
        read_journals(workspace)


def test_the_lines_of_a_journal_are_those_of_its_format(workspace):
    journal = started(workspace)
    journal.record_made(1, "f" * 64)
    journal.record_done(1)
    head, made, done = journal.path.read_text().split("\n")
    assert list(json.loads(head)) == ["format", "started", "groups", "steps", "sha256"]
    assert made == json.dumps({"made": 1, "sha256": "f" * 64})
    assert done == json.dumps({"done": 1})


def test_a_foreign_journal_is_not_guessed_at(reviewed):
    workspace = reviewed.write()
    (reviewed.root / "sandbox/journal").mkdir()
    (reviewed.root / "sandbox/journal/000001.jsonl").write_text(json.dumps({"format": 99}))
    with pytest.raises(ApplyError, match="not a journal"):
        execute(workspace)


@pytest.mark.parametrize(
    "change", [{"target": "../x.jpg"}, {"source": "/etc/passwd"}, {"kind": "erase"}]
)
def test_a_whole_journal_of_steps_that_no_plan_has_is_refused(reviewed, change):
    workspace = reviewed.write()
    execute(workspace)
    path = reviewed.root / "sandbox/journal/000001.jsonl"
    head, *records = path.read_text().split("\n")
    facts = json.loads(head)
    del facts["sha256"]
    facts["steps"][0] |= change
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    path.write_text("\n".join([json.dumps(facts | {"sha256": digest}), *records]))
    with pytest.raises(ApplyError, match="not a journal of this version"):
        undo(workspace)
