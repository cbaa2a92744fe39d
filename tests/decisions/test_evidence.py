import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions.evidence import EVIDENCE, Standing, read_evidence

JUDGED = Standing("judged", "judged")
DRAWN = {"probability": 0.1, "batch": "b1"}
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.integers()))


def test_a_line_that_says_nothing_more_was_judged():
    assert read_evidence({"action": "approved"}) == JUDGED
    assert JUDGED.labels
    assert JUDGED.labels_crop


def test_a_set_approved_in_bulk_is_passed_and_labels_nothing():
    standing = read_evidence({"shown": {"bulk": True}, "audit": DRAWN, "crop_source": "suggested"})
    assert standing == Standing("passed", "passed")
    assert not standing.labels
    assert not standing.labels_crop


@pytest.mark.parametrize(
    ("decision", "suggestion"), [({"reask_of": "old"}, None), ({}, {"reask_of": "old"})]
)
def test_an_old_set_asked_again_is_reasked_and_labels_nothing(decision, suggestion):
    standing = read_evidence(decision | {"shown": {"bulk": True}}, suggestion)
    assert standing == Standing("reasked", "reasked")
    assert not standing.labels


def test_a_set_drawn_from_a_batch_is_audited_and_tells_how_likely_it_was_drawn():
    assert read_evidence({"audit": DRAWN}) == Standing("audited", "audited", 0.1)


@pytest.mark.parametrize("probability", [None, 0, -0.1, 1.5, "0.5", True])
def test_an_audit_without_a_probability_is_a_judgement_like_any_other(probability):
    assert read_evidence({"audit": {"probability": probability}}) == JUDGED


@pytest.mark.parametrize(
    "line",
    [
        {"crop_source": "carried"},
        {"crop_source": "by_hand"},
        {"crop_by_hand": True},
        {"crop_source": "suggested", "shown": {"crop_visible": False}},
    ],
)
@pytest.mark.parametrize("audit", [{}, {"audit": DRAWN}])
def test_a_crop_that_nobody_looked_at_is_carried_while_the_choice_counts(line, audit):
    standing = read_evidence(line | audit)
    assert standing.crop == "carried"
    assert standing.labels
    assert not standing.labels_crop


def test_a_crop_drawn_on_the_page_was_judged():
    assert read_evidence({"crop_source": "suggested", "shown": {"crop_visible": True}}) == JUDGED


@given(
    st.dictionaries(
        st.sampled_from(["shown", "audit", "crop_source", "crop_by_hand", "suggestion"]),
        st.one_of(PLAIN, st.dictionaries(st.sampled_from(["bulk", "probability"]), PLAIN)),
    ),
    st.one_of(st.none(), st.dictionaries(st.just("reask_of"), PLAIN)),
)
def test_whatever_a_line_holds_it_is_one_kind_of_evidence(decision, suggestion):
    standing = read_evidence(decision, suggestion)
    assert standing.choice in EVIDENCE
    assert standing.choice != "carried"
    assert standing.crop in EVIDENCE
    assert 0 < standing.inclusion <= 1


@pytest.mark.parametrize(
    ("decision", "suggestion"),
    [({"suggestion": {"near_duplicates": {}}}, None), ({}, {"near_duplicates": {}})],
)
def test_a_decision_on_near_duplicates_labels_nothing(decision, suggestion):
    standing = read_evidence(decision, suggestion)
    assert standing == Standing("duplicates", "duplicates")
    assert not standing.labels
    assert not standing.labels_crop
