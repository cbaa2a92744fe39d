import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.ranking.approval import fingerprint, joint_confidence
from prefml.suggest.budget import ErrorBudget, Stated, read_budget, threshold_for

shares = st.floats(0, 1)
names = st.sampled_from(["seen", "mixture", "next"])


def row(budget=0.05, threshold=0.8, promise="seen", why="", reason=""):
    return {"budget": budget, "threshold": threshold, "coverage": 0.5, "error": 0.01,
            "sets": 100, "promise": promise, "why": why, "reason": reason}  # fmt: skip


def manifest(*rows, covers=("winner", "none"), **more):
    return {
        "auto_approve": list(rows), "auto_approve_sha256": fingerprint(rows),
        "projects": ["alpha"], "approval": {"covers": list(covers), "reviewed": 7},
        "rejection_sha256": "n1", **more,
    }  # fmt: skip


def read(document, budget=0.05, rejection="n1", has_crops=False):
    return read_budget(document, budget, rejection, has_crops)


@given(rows=st.lists(st.tuples(shares, shares, names), max_size=5), budget=shares, promise=names)
def test_the_largest_budget_that_is_not_above_the_one_asked_for_decides(rows, budget, promise):
    document = {"auto_approve": [row(b, t, name) for b, t, name in rows]}
    kept = [(b, t) for b, t, name in rows if name == promise and b <= budget + 1e-12]
    expected = max(kept)[1] if kept else None
    assert threshold_for(document, budget, promise) == expected


@pytest.mark.parametrize(
    "entry",
    [row(threshold=None), row(threshold=1.5), row(budget=-0.1), row(budget="much"),
     row(promise=None), {"threshold": 0.5}, [0.05, 0.5], None],
)  # fmt: skip
def test_what_is_no_share_of_a_named_promise_promises_nothing(entry):
    assert threshold_for({"auto_approve": [entry]}, 0.05) is None


@given(win=shares, none=st.none() | shares, crop=st.none() | shares, threshold=shares)
def test_a_set_is_compared_by_the_number_on_which_the_promise_was_made(win, none, crop, threshold):
    budget = ErrorBudget(0.05, {"seen": threshold}, projects=["alpha"], covers_crops=True)
    joint = joint_confidence(win, none or 0.0, 1.0 if crop is None else crop)
    assert budget.contains(Stated("alpha", win, none, crop)) == (joint >= threshold)


def test_a_set_of_a_project_that_was_not_learned_from_needs_the_promise_for_the_next_one():
    found = read(manifest(row(threshold=0.6), row(threshold=0.9, promise="next")))
    assert found.contains(Stated("alpha", 0.7))
    assert not found.contains(Stated("beta", 0.7))
    assert found.contains(Stated("beta", 0.95))


def test_a_set_without_a_probability_never_lies_within():
    assert not read(manifest(row(threshold=0.0))).contains(Stated("alpha", None))


@pytest.mark.parametrize(("covers", "within"), [((), False), (("crop",), True)])
def test_an_unsure_crop_keeps_a_set_out_unless_the_promise_has_reckoned_with_crops(covers, within):
    found = read(manifest(row(threshold=0.5), covers=covers), has_crops=True)
    assert found.contains(Stated("alpha", 1.0, 0.0, 0.6, unsure_crop=True)) is within
    assert found.contains(Stated("alpha", 1.0, 0.0, 0.6)) is True


def why(document, *stated, **words):
    found = read(document, **words)
    assert not any(found.contains(one) for one in stated)
    return found.why_none(stated)


def test_without_a_ranker_there_is_no_promise_and_the_line_says_so():
    assert why(None, Stated("alpha", None)) == "there is no ranker yet; run: prefml train"


@pytest.mark.parametrize(
    "document",
    [{}, {"auto_approve": [{"budget": 0.05, "threshold": 0.1}]}, {"auto_approve": 3},
     {"auto_approve": [row(threshold=0.1)]}],
)  # fmt: skip
def test_a_manifest_of_before_promises_nothing_and_the_line_says_to_train(document):
    assert why(document, Stated("alpha", 1.0)) == (
        "the ranker in use makes no promises; run: prefml train"
    )


@pytest.mark.parametrize("name", ["budget", "threshold", "promise", "sets"])
def test_an_edited_promise_promises_nothing(name):
    document = manifest(row(threshold=0.9))
    edited = {"budget": 0.01, "threshold": 0.1, "promise": "next", "sets": 5}
    document["auto_approve"][0][name] = edited[name]
    assert why(document, Stated("alpha", 1.0), Stated("beta", 1.0)) == (
        "the ranker's promises were changed; run: prefml train"
    )


def test_another_model_of_none_is_good_than_the_promise_was_made_with_voids_it():
    for rejection in (None, "n2"):
        said = why(manifest(row(threshold=0.1)), Stated("alpha", 1.0), rejection=rejection)
        assert said.startswith('the model of "none is good" is not the one promised with')


def test_a_promise_about_crops_needs_the_crop_model():
    said = why(manifest(row(threshold=0.1), covers=["crop"]), Stated("alpha", 1.0))
    assert said == "the crop model that was promised with is not there; run: prefml train"


@pytest.mark.parametrize(
    ("obstacle", "words"),
    [
        ("too_few_reviewed", r"too few sets have been reviewed .* \(7 reviewed\)"),
        ("too_few_sets", "too few sets"),
        ("rejections", "too many sets are rejected whole"),
        ("crops", "crops that would go along are too often wrong"),
        ("errors", "suggestions are too often wrong"),
        ("something new", "suggestions are too often wrong"),
    ],
)
def test_the_line_names_what_stands_in_the_way(obstacle, words):
    import re

    entry = row(threshold=None, why=obstacle, reason="7 reviewed")
    said = why(manifest(entry), Stated("alpha", 1.0))
    assert re.search(words, said)
    assert "\n" not in said


def test_a_project_that_was_not_learned_from_is_named_as_such():
    rows = row(threshold=0.5), row(threshold=None, promise="next", why="too_few_projects")
    said = why(manifest(*rows), Stated("beta", 1.0))
    assert said.startswith("in projects that the ranker has not learned from, too few projects")


def test_a_smaller_budget_than_any_promise_is_said_to_be_too_small():
    said = why(manifest(row(threshold=0.1)), Stated("alpha", 1.0), budget=0.001)
    assert said == "no promise is made for so small a budget"


def test_sets_that_are_not_sure_enough_and_crops_that_are_unsure_are_told_apart():
    document = manifest(row(threshold=0.9))
    assert why(document, Stated("alpha", 0.8)) == "no set is as sure as the promise asks for"
    unsure = Stated("alpha", 0.95, crop=0.5, unsure_crop=True)
    assert why(document, unsure, has_crops=True) == "the crop that would go along is unsure"


@given(st.lists(st.tuples(shares, shares), min_size=1, max_size=20), shares)
def test_one_number_and_many_make_the_same_joint_confidence(pairs, crop):
    win, none = np.array(pairs).T
    together = joint_confidence(win, none, crop)
    one_by_one = [joint_confidence(w, n, crop) for w, n in pairs]
    np.testing.assert_array_equal(together, one_by_one)


def test_the_least_budget_is_the_smallest_that_is_promised_and_none_outside():
    levels = [(0.01, {"seen": 0.99}), (0.02, {"seen": 0.95}), (0.05, {"seen": 0.9})]
    budget = ErrorBudget(0.05, {"seen": 0.9}, projects=("p",), levels=levels)
    found = [budget.least(Stated("p", win)) for win in (0.995, 0.96, 0.91, 0.5, None)]
    assert found == [0.01, 0.02, 0.05, None, None]
    assert budget.closed("off").least(Stated("p", 1.0)) is None
