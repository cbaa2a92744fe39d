import json
from dataclasses import replace

import pytest

from prefml.decisions.evidence import read_evidence
from prefml.exceptions import LogError
from prefml.proposals import read_decided
from prefml.proposals.audits import audited_error, is_off
from prefml.review.requests import Decide, Tag
from prefml.review.service import ReviewService
from prefml.workspace import Workspace

from .drawn_workspace import suggestion, write_suggestions

MODEL = {"ranker": {"sha256": "r1", "written": None}}


def row(number, **fields):
    images = [f"images/p/{number:03}_a.png", f"images/p/{number:03}_b.png"]
    more = {"within_budget": True, "model": MODEL, "budget": 0.1}
    return suggestion(f"g{number:03}", images, 1, **more | fields)


@pytest.fixture
def make(tmp_path):
    """Return a function that opens a review of so many sets inside the budget."""
    opened = []

    def open_review(rows=60, audit=0.05):
        rows = [row(number) for number in range(rows)] if isinstance(rows, int) else rows
        write_suggestions(tmp_path, rows)
        workspace = Workspace.open(tmp_path)
        config = replace(workspace.config, audit=audit)
        opened.append(ReviewService(replace(workspace, config=config)))
        return opened[-1]

    yield open_review
    for service in opened:
        service.close()


def approve_all(service):
    return [one.group_id for one in service.approve_batch(service.budget_ids()).drawn()]


def answer(service, ids, wrong=0):
    for place, group_id in enumerate(ids):
        service.decide(Decide(group_id, "overridden", 0 if place < wrong else 1))


def test_twenty_of_a_batch_are_withheld_and_the_rest_is_approved(make):
    service = make()
    drawn = approve_all(service)
    assert len(drawn) == 20
    assert (service.progress().approved, service.progress().pending) == (40, 20)
    assert set(service.decided_states()).isdisjoint(drawn)


def test_what_is_offered_says_which_will_be_asked(make):
    service = make()
    offer = service.offer()
    assert (len(offer.group_ids), len(offer.asked), offer.why) == (60, 20, "")
    assert approve_all(service) == offer.asked


def test_a_batch_of_few_sets_is_asked_one_by_one(make):
    service = make(7)
    assert sorted(approve_all(service)) == sorted(service.queue())
    assert service.progress().approved == 0


def test_with_audits_switched_off_a_batch_is_approved_whole(make):
    service = make(7, audit=0)
    assert approve_all(service) == []
    assert service.progress().approved == 7


def test_the_withheld_come_first_in_the_order_of_their_draw_and_are_no_part_of_a_batch(make):
    service = make()
    drawn = approve_all(service)
    assert service.queue()[:20] == service.next_ids(20) == drawn
    assert service.budget_ids() == []
    with pytest.raises(LogError, match="inside the error budget"):
        service.approve_batch(drawn[:1])


def test_nothing_of_the_suggestion_is_told_before_the_answer_or_after(make):
    service = make()
    drawn = approve_all(service)
    for _ in range(2):
        (group,) = service.load_groups(drawn[:1])
        assert group.audited
        assert group.judges_crop
        assert (group.suggested, group.confidence, group.none_probability) == (None, None, None)
        assert {image.probability for image in group.images} == {None}
        assert (group.reasons, group.flags, group.within_budget) == ([], [], False)
        assert (group.crop.offered, group.crop.box, group.crop.reason) == (False, None, "")
        assert (group.crop.confidence, group.crop.alternatives) == (None, [])
        service.decide(Decide(drawn[0], "overridden", 1))


def test_an_undo_takes_the_draw_back_and_a_redo_brings_the_same_one(make):
    service = make()
    drawn = approve_all(service)
    assert set(service.undo()) >= set(drawn)
    assert len(service.budget_ids()) == 60
    (group,) = service.load_groups(drawn[:1])
    assert (group.audited, group.suggested) == (False, 1)
    service.redo()
    assert service.next_ids(20) == drawn


def test_to_undo_and_approve_again_draws_no_other_sets(make):
    service = make()
    drawn = approve_all(service)
    service.undo()
    assert approve_all(service) == drawn


def test_an_answer_is_undone_before_its_batch(make):
    service = make()
    drawn = approve_all(service)
    answer(service, drawn[:1])
    assert service.undo() == drawn[:1]
    assert service.load_groups(drawn[:1])[0].audited
    assert len(service.undo()) == 60


def test_a_draw_outlives_the_server_and_is_one_in_two_tabs(make):
    first = make()
    second = make()
    event = first.approve_batch(first.budget_ids(), "only-once")
    assert second.approve_batch(first.budget_ids(), "only-once").drawn() == event.drawn()
    third = make()
    assert third.next_ids(20) == [draw.group_id for draw in event.drawn()]


def test_the_next_batch_waits_for_the_answers(make):
    service = make()
    service.approve_batch([f"g{n:03}" for n in range(30)])
    drawn = service.next_ids(20)
    assert "20 sets of an earlier batch" in service.offer().why
    with pytest.raises(LogError, match="answered first"):
        service.approve_batch(["g040"])
    answer(service, drawn)
    assert service.offer().why == ""
    assert len(service.offer().group_ids) == 30


def test_a_skipped_set_is_not_answered(make):
    service = make()
    drawn = approve_all(service)
    service.decide(Decide(drawn[0], "skipped"))
    answer(service, drawn[1:])
    assert service.queue("skipped") == drawn[:1]
    assert service.load_groups(drawn[:1])[0].suggested is None


def test_a_new_suggestion_does_not_change_what_the_audit_is_about(make):
    service = make()
    drawn = approve_all(service)
    changed = [row(n, step1_selection={"chosen": f"images/p/{n:03}_a.png"}) for n in range(60)]
    write_suggestions(service.workspace.root, changed)
    service.refresh()
    answer(service, drawn)
    service.submit()
    lines = list(read_decided(service.workspace).values())
    assert (audited_error(lines, "r1").hits, audited_error(lines, "r1").n) == (0, 20)


def test_the_lines_tell_what_was_audited_and_what_was_passed(make):
    service = make()
    drawn = approve_all(service)
    answer(service, drawn)
    service.submit()
    lines = read_decided(service.workspace)
    kinds = {group_id: read_evidence(line).choice for group_id, line in lines.items()}
    assert {key for key, kind in kinds.items() if kind == "audited"} == set(drawn)
    assert list(kinds.values()).count("passed") == 40
    assert {lines[key]["audit"]["probability"] for key in drawn} == {20 / 60}
    assert len({lines[key]["audit"]["batch"] for key in drawn}) == 1
    assert "audit" not in lines[next(key for key in lines if key not in drawn)]


def test_batches_are_off_when_too_many_answers_differ_until_there_is_a_new_model(make):
    service = make()
    service.approve_batch([f"g{n:03}" for n in range(30)])
    answer(service, service.next_ids(20), wrong=9)
    offer = service.offer()
    assert (offer.group_ids, offer.asked) == ([], [])
    assert "Batches are off: of 20 sets that were asked one by one, 9" in offer.why
    assert "prefml train" in offer.why
    with pytest.raises(LogError, match="Batches are off"):
        service.approve_batch(["g040"])
    other = {"ranker": {"sha256": "r2", "written": None}}
    write_suggestions(service.workspace.root, [row(n, model=other) for n in range(60)])
    service.refresh()
    assert len(service.budget_ids()) == 30


def test_an_error_within_the_budget_leaves_batches_on(make):
    service = make()
    service.approve_batch([f"g{n:03}" for n in range(30)])
    answer(service, service.next_ids(20), wrong=3)
    assert len(service.budget_ids()) == 30


def test_audits_of_before_count_although_the_event_table_is_gone(make):
    service = make()
    service.approve_batch([f"g{n:03}" for n in range(30)])
    answer(service, service.next_ids(20), wrong=9)
    service.submit()
    service.close()
    for path in service.workspace.sandbox.glob("review.sqlite3*"):
        path.unlink()
    again = make([row(n) for n in range(100, 160)])
    assert "Batches are off" in again.offer().why


def test_a_bulk_approval_says_nothing_about_the_pace(make):
    service = make(21)
    approve_all(service)
    with service.store.ledger() as ledger:
        assert ledger.times == []


def test_a_tag_on_an_audited_set_is_kept_and_it_is_still_asked(make):
    service = make()
    drawn = approve_all(service)
    service.tag(Tag(drawn[0], {"0": ["long_hand"]}))
    assert service.load_groups(drawn[:1])[0].images[0].tags == ["long_hand"]
    assert service.next_ids(1) == drawn[:1]


def test_a_drawn_set_whose_pictures_are_gone_does_not_hold_up_the_next_batch(make):
    service = make()
    drawn = approve_all(service)
    rest = [row(n) for n in range(60) if f"g{n:03}" not in drawn]
    write_suggestions(service.workspace.root, [*rest, row(99)])
    service.refresh()
    assert service.budget_ids() == ["g099"]


def test_events_without_draws_are_written_as_before(make):
    service = make(3, audit=0)
    approve_all(service)
    row = service.store._connection.execute("SELECT body FROM events").fetchone()
    assert list(json.loads(row[0])) == ["changes"]


def test_the_off_switch_uses_the_bound_that_is_shown(make):
    service = make()
    service.approve_batch([f"g{n:03}" for n in range(30)])
    answer(service, service.next_ids(20), wrong=9)
    service.submit()
    error = audited_error(read_decided(service.workspace).values(), "r1")
    assert is_off(error, 0.1)
    assert f"more than {error.low:.1%}" in service.offer().why


def test_a_stricter_budget_offers_fewer_and_draws_from_these(make):
    levels = [0.01] * 25 + [0.05] * 35
    service = make([row(n, least_budget=level) for n, level in enumerate(levels)])
    strict, all_of_them = service.offer(level=0.01), service.offer()
    assert (len(strict.group_ids), len(strict.asked)) == (25, 20)
    assert set(strict.asked) <= set(strict.group_ids) == {f"g{n:03}" for n in range(25)}
    assert [(one.budget, one.sets) for one in strict.levels] == [(0.01, 25), (0.05, 60)]
    assert strict.levels == all_of_them.levels
    assert set(strict.versions) == set(strict.group_ids)
    approved = service.approve_batch(strict.group_ids)
    assert [one.group_id for one in approved.drawn()] == strict.asked


def test_pictures_of_a_batch_are_kept_whole_where_that_is_asked_for(make):
    service = make(3, audit=0)
    first, second, third = service.budget_ids()
    service.approve_batch([first, second], whole=[first, third])
    one, other, last = service.load_groups([first, second, third])
    assert (one.state, one.decision.crop_coords) == ("overridden", None)
    assert one.decision.crop_source == "whole"
    assert (other.state, other.decision.crop_source) == ("approved", "suggested")
    assert last.state == "pending"


def test_a_frame_that_was_not_judged_set_by_set_is_no_label(make):
    service = make(3, audit=0)
    service.approve_batch(service.budget_ids(), whole=service.budget_ids()[:1])
    service.submit()
    standings = [read_evidence(line) for line in read_decided(service.workspace).values()]
    assert {(one.choice, one.crop) for one in standings} == {("passed", "passed")}
    assert len(standings) == 3


def test_what_is_offered_says_how_sure_its_crops_are(make):
    rows = [row(n) for n in range(4)]
    rows[1]["step2_crop"]["confidence"] = 0.31
    rows[2]["step2_crop"] = {"needs_crop": False, "crop_coords": None, "confidence": 0.2}
    del rows[3]["step2_crop"]["confidence"]
    offer = make(rows, audit=0).offer()
    assert offer.crops == {"g000": 0.74, "g001": 0.31}
