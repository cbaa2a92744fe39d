import os

import pytest

from prefml.exceptions import LogError, WorkspaceError
from prefml.review.requests import Decide, Tag
from prefml.review.service import ReviewService
from prefml.workspace import Workspace

from .drawn_workspace import suggestion, write_suggestions

FIRST, SECOND, FLAGGED, UNCERTAIN, BUDGET = (
    "valley/g000", "harbour/g001", "harbour/g002", "valley/g003", "harbour/g004",
)  # fmt: skip


@pytest.fixture
def service(workspace):
    made = ReviewService(workspace)
    yield made
    made.close()


def test_a_decision_is_counted_and_leaves_the_queue(service):
    service.decide(Decide(FIRST, "rejected"))
    assert (service.progress().rejected, service.progress().pending) == (1, 5)
    assert FIRST not in service.next_ids(10)
    assert service.decided_states() == {FIRST: "rejected"}


def test_a_repeated_request_is_recorded_once(service):
    first = service.decide(Decide(FIRST, "rejected", event_id="only-once"))
    again = service.decide(Decide(FIRST, "approved", event_id="only-once"))
    assert (first.seq, again.seq) == (1, 1)
    assert service.progress().rejected == 1


def test_the_id_of_a_decision_is_none_for_an_undo_or_a_submission(service):
    service.decide(Decide(FIRST, "rejected", event_id="only-once"))
    for move in (service.undo, service.redo, service.submit):
        with pytest.raises(LogError, match="used before, by decide"):
            move("only-once")
    assert service.progress().rejected == 1


def test_a_group_that_nobody_suggested_cannot_be_decided_or_tagged(service):
    for call in (service.decide, service.tag):
        request = Decide("x", "rejected") if call == service.decide else Tag("x", {})
        with pytest.raises(KeyError):
            call(request)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("uncertain", {UNCERTAIN}), ("flagged", {FLAGGED}), ("skipped", set())],
)
def test_a_filter_chooses_by_what_is_suggested(service, name, expected):
    assert set(service.queue(name)) == expected


def test_a_tag_flags_a_group_and_takes_it_out_of_the_budget(service):
    assert BUDGET in service.budget_ids()
    service.tag(Tag(BUDGET, {"0": ["long_hand"]}))
    assert BUDGET not in service.budget_ids()
    assert set(service.queue("flagged")) == {FLAGGED, BUDGET}


def test_what_is_decided_cannot_be_approved_in_a_batch(service):
    service.decide(Decide(BUDGET, "rejected"))
    with pytest.raises(LogError, match=BUDGET):
        service.approve_batch([BUDGET])


def test_an_empty_batch_is_no_event(service):
    assert service.approve_batch([]) is None
    assert service.undo() == []


def test_a_group_named_twice_in_a_batch_is_approved_once(service):
    event = service.approve_batch([BUDGET, BUDGET])
    assert event.groups() == [BUDGET]


def test_undo_and_redo_name_the_groups_that_they_change(service):
    service.decide(Decide(FIRST, "rejected"))
    service.tag(Tag(SECOND, {"0": ["long_hand"]}))
    assert [service.undo(), service.undo(), service.undo()] == [[SECOND], [FIRST], []]
    assert [service.redo(), service.redo(), service.redo()] == [[FIRST], [SECOND], []]
    assert service.progress().can_undo
    assert not service.progress().can_redo


def test_new_suggestions_are_read_and_a_lost_file_keeps_the_old_ones(service, workspace):
    write_suggestions(workspace.root, [suggestion("new", ["images/a.png"], 0)])
    service.refresh()
    assert service.queue() == ["new"]
    os.remove(workspace.sandbox / "automation_decisions.jsonl")
    service.refresh()
    assert service.queue() == ["new"]


def test_unknown_groups_are_left_out_and_the_others_come_in_the_order_asked(service):
    found = service.load_groups([SECOND, "unknown", FIRST])
    assert [group.group_id for group in found] == [SECOND, FIRST]


def test_a_submission_counts_what_it_wrote(service):
    for group_id, action in ((FIRST, "approved"), (SECOND, "rejected"), (UNCERTAIN, "skipped")):
        service.decide(Decide(group_id, action))
    assert service.progress().unsubmitted == 2
    assert service.submit() == {"approved": 1, "rejected": 1}
    assert service.progress().unsubmitted == 0


def test_without_suggestions_there_is_nothing_to_review(tmp_path):
    with pytest.raises(WorkspaceError, match="prefml suggest"):
        ReviewService(Workspace.open(tmp_path))
