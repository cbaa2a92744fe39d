import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.exceptions import LogError
from prefml.proposals.decisions import DrawnFrom
from prefml.review.audits import LEAST, audited_change, blank, draw, drawn_group
from prefml.review.events import AuditDraw
from prefml.review.groups import parse_group
from prefml.review.requests import Decide, Shown
from prefml.review.seen import StaleSuggestionError

from .drawn_workspace import BOX, suggestion

IMAGES = ["images/p/a.png", "images/p/b.png"]
IDS = st.lists(st.text(), max_size=120, unique=True)


def drawn(**fields):
    row = suggestion("g", IMAGES, 1, **fields)
    raw = {key: value for key, value in row.items() if key not in ("group_id", "images")}
    return AuditDraw("g", IMAGES, raw, DrawnFrom(0.1, "b1"))


@given(IDS, st.floats(0.001, 1), st.text(min_size=1))
def test_a_draw_is_the_share_but_at_least_twenty_if_there_are_as_many(ids, share, secret):
    found = draw(ids, share, secret)
    assert set(found) <= set(ids)
    assert len(found) == len(set(found)) >= min(LEAST, len(ids))
    assert len(found) <= max(LEAST, share * len(ids) + 1)


@given(IDS, st.text(min_size=1), st.randoms())
def test_the_same_sets_are_drawn_however_often_and_in_whatever_order_they_are_asked(
    ids, secret, random
):
    mixed = random.sample(ids, len(ids))
    assert draw(ids, 0.3, secret) == draw(mixed, 0.3, secret)


def test_a_set_left_out_of_a_batch_changes_the_others_as_little_as_possible():
    ids = [f"g{n}" for n in range(400)]
    first = draw(ids, 0.1, "secret")
    assert set(draw([i for i in ids if i != first[0]], 0.1, "secret")) >= set(first[1:])


def test_every_set_is_drawn_equally_often_over_secrets():
    ids = [f"g{n}" for n in range(100)]
    times = np.zeros(100)
    for secret in range(400):
        times[[int(i[1:]) for i in draw(ids, 0.05, str(secret))]] += 1
    assert np.all(np.abs(times / 400 - 0.2) < 5 * np.sqrt(0.16 / 400))


def test_without_a_share_nothing_is_drawn():
    assert draw(["a", "b"], 0, "secret") == []


def test_a_blank_group_tells_its_pictures_and_nothing_of_the_suggestion():
    group = parse_group(suggestion("g", IMAGES, 1, within_budget=True))
    hidden = blank(group)
    assert hidden.images == group.images
    assert (hidden.chosen, hidden.confidence, hidden.none_probability) == (None, None, None)
    assert (hidden.probabilities, hidden.reasons, hidden.flags) == ((), (), ())
    assert (hidden.crop.offered, hidden.crop.box, hidden.crop.alternatives) == (False, None, ())


def test_a_drawn_group_keeps_what_would_have_been_approved():
    group = drawn_group(drawn())
    assert (group.chosen, group.crop.box) == (1, tuple(BOX))


def test_an_answer_carries_its_draw_and_what_it_was_not_shown():
    request = Decide("g", "overridden", 0, None, shown=Shown(hidden=False, key="choose"))
    change = audited_change(drawn(), request)
    assert (change.state, change.final_index, change.crop_source) == ("overridden", 0, "whole")
    assert change.audit == DrawnFrom(0.1, "b1")
    assert change.shown == {"hidden": True, "revealed": False, "key": "choose"}
    assert change.suggested_index == 1


def test_the_suggested_picture_and_frame_set_unseen_are_approved():
    assert audited_change(drawn(), Decide("g", "overridden", 1, BOX)).state == "approved"


def test_a_frame_that_was_not_set_is_not_the_suggested_one():
    change = audited_change(drawn(), Decide("g", "approved", 1))
    assert (change.state, change.crop_coords, change.crop_source) == ("overridden", None, "carried")


def test_an_approval_that_names_no_picture_is_refused():
    with pytest.raises(LogError, match="final_choice"):
        audited_change(drawn(), Decide("g", "approved"))


def test_a_rejection_and_a_skip_need_no_picture():
    assert audited_change(drawn(), Decide("g", "rejected")).state == "rejected"
    assert audited_change(drawn(), Decide("g", "skipped")).audit == DrawnFrom(0.1, "b1")


def test_an_answer_that_saw_the_suggestion_before_it_was_drawn_is_no_audit():
    seen = drawn_group(drawn()).version
    hidden = blank(drawn_group(drawn())).version
    with pytest.raises(StaleSuggestionError):
        audited_change(drawn(), Decide("g", "rejected", suggestion_version=seen))
    change = audited_change(drawn(), Decide("g", "rejected", suggestion_version=hidden))
    assert change.suggestion_version == hidden
