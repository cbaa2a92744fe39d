from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import binom, norm

from prefml.intervals import clopper_pearson_upper
from prefml.ranking.risk import (
    BUDGETS,
    MODEL,
    HeldOutAnswers,
    coverage_at,
    coverage_by_budget,
)

FINE = np.linspace(0.34, 1, 1001)[:-1]


def draw(rng, n, shifts=(0.0,)):
    """Return confidences, answers and projects of given shifts in logits."""
    project = rng.integers(len(shifts), size=n)
    confidence = rng.uniform(0.34, 1, n)
    right = rng.random(n) < expit(logit(confidence) + np.asarray(shifts)[project])
    return confidence, right, project


def true_error(threshold, shifts):
    """Return the error above a threshold in projects of these shifts, (n_shifts,)."""
    return expit(-logit(FINE[threshold <= FINE]) - np.asarray(shifts)[:, None]).mean(axis=1)


def held(promise, rng, sd, shifts, project):
    """Return shifts and their weights over which the error is promised."""
    if promise == "seen":
        return shifts, np.bincount(project, minlength=len(shifts))
    if promise == "mixture":
        return sd * norm.ppf((np.arange(50) + 0.5) / 50), np.ones(50)
    return rng.normal(0, sd, 1), np.ones(1)


def broken(promise, projects, sd, repeats, budget=0.10, n=600):
    """Return in how many repeats a promise broke, and in how many something was approved."""
    rng, failed, approved = np.random.default_rng(5), 0, 0
    for _ in range(repeats):
        shifts = rng.normal(0, sd, projects)
        confidence, right, project = draw(rng, n, shifts)
        one = coverage_at(confidence, right, budget, groups=project, promise=promise)
        others, weights = held(promise, rng, sd, shifts, project)
        if one.threshold is not None:
            approved += 1
            failed += np.average(true_error(one.threshold, others), weights=weights) > budget
    return failed, approved


@pytest.mark.slow
@pytest.mark.parametrize(
    ("promise", "projects", "sd"),
    [
        ("seen", 1, 0.8),
        ("seen", 6, 0.4),
        ("mixture", 4, 0.8),
        ("mixture", 12, 0.4),
        ("next", 8, 0.4),
    ],
)
def test_the_promise_holds_in_95_of_100_repeats(promise, projects, sd):
    repeats = 200
    failed, approved = broken(promise, projects, sd, repeats)
    assert failed <= binom.ppf(0.999, repeats, 0.05)
    assert approved > 0.3 * repeats


def many(rng, promise="seen", budget=0.10, n=20000, **options):
    return coverage_at(*draw(rng, n)[:2], budget, promise=promise, **options)


def test_with_much_data_nearly_as_much_is_approved_as_could_be():
    approval = many(np.random.default_rng(0))
    # Uniform confidences err by half their distance to 1 on average.
    assert 0.27 < approval.coverage < 0.31
    assert true_error(approval.threshold, [0.0]) <= 0.10
    assert approval.sets == round(approval.coverage * 20000)
    assert (approval.promise, approval.model, approval.reason) == ("seen", MODEL, None)


def test_with_too_little_data_the_answer_is_none_yet_and_says_why():
    approval = coverage_at(np.full(20, 0.99), np.ones(20), 0.01, promise="seen")
    assert approval.threshold is None
    assert approval.sets == approval.coverage == 0
    assert approval.model is None
    assert np.isnan(approval.error)
    why = "too few sets: 20, at least 299 are needed"
    assert approval.reason == why
    assert str(approval) == f"1% error: none yet ({why})"


@pytest.mark.parametrize("promise", ["mixture", "next"])
def test_one_project_promises_nothing_of_others(promise):
    found = many(np.random.default_rng(0), promise)
    assert found.threshold is None
    assert found.reason == "one project: no promise beyond it"
    named = many(np.random.default_rng(0), promise, groups=np.full(20000, "only"))
    assert named.reason == found.reason


def test_by_default_the_promise_is_for_projects_like_these():
    confidence, right, project = draw(np.random.default_rng(0), 3000, np.zeros(8))
    approval = coverage_at(confidence, right, 0.10, groups=project)
    assert approval.promise == "mixture"
    assert approval == coverage_at(confidence, right, 0.10, groups=project, promise="mixture")
    assert approval.threshold is not None


@pytest.mark.parametrize(
    ("wrong", "budget", "reason"),
    [
        (75, 0.10, "the best 300 sets err in 25.0%, above the budget"),
        (
            27,
            0.10,
            "the best 300 sets err in 9.0%, but 300 sets of 2 projects are too few to promise 10%",
        ),
        (27, 0.05, "the best 300 sets err in 9.0%, above the budget"),
    ],
)
def test_why_nothing_is_approved_is_said_in_words(wrong, budget, reason):
    right = np.arange(300) >= wrong
    one = coverage_at(np.full(300, 0.9), right, budget, groups=np.arange(300) % 2)
    assert (one.threshold, one.reason) == (None, reason)


def test_the_best_sets_are_those_down_to_the_level_of_least_error():
    confidence = np.repeat([0.9, 0.8, 0.7], [100, 100, 100])
    right = np.r_[np.arange(100) >= 40, np.ones(100), np.arange(100) >= 50]
    one = coverage_at(confidence, right, 0.10, promise="seen")
    assert one.reason == "the best 200 sets err in 20.0%, above the budget"


def test_at_least_as_many_sets_are_approved_as_would_show_it_without_an_error():
    for n, found in ((28, None), (29, 29)):
        assert (clopper_pearson_upper(0, n) <= 0.10) == (found is not None)
        approval = coverage_at(np.full(n, 0.999), np.ones(n), 0.10, promise="seen")
        assert (approval.sets or None) == found


def test_the_sets_approved_are_all_that_are_as_sure_as_the_threshold():
    rng = np.random.default_rng(0)
    confidence = np.repeat([0.97, 0.6], [300, 900])
    approval = coverage_at(confidence, rng.random(1200) < confidence, 0.10, promise="seen")
    assert (approval.threshold, approval.coverage, approval.sets) == (0.97, 0.25, 300)


def test_a_promise_that_may_fail_less_often_approves_less():
    usual = many(np.random.default_rng(0))
    stricter = many(np.random.default_rng(0), delta=1e-6)
    assert 0 < stricter.sets < usual.sets


def test_perfect_choices_are_all_approved_when_there_are_enough():
    approval = coverage_at(np.linspace(0.9, 1, 2000), np.ones(2000), 0.02, promise="seen")
    assert approval.coverage == 1
    assert approval.error == 0
    assert str(approval) == "2% error: 100% of sets, 0.0% observed"


def test_errors_that_no_model_explains_end_the_search():
    confidence = np.linspace(0.5, 1, 3000)[::-1]
    usual = np.arange(3000) % 25 > 0
    burst = usual & ~((np.arange(3000) >= 300) & (np.arange(3000) < 420))
    approval = partial(coverage_at, confidence, budget=0.15, promise="seen")
    assert approval(correct=usual).sets == 3000
    assert approval(correct=burst).sets < 420


def test_projects_that_differ_tell_less_of_others_than_projects_alike():
    rng, sets = np.random.default_rng(0), {}
    for name, shifts in (("alike", np.zeros(8)), ("apart", np.linspace(-1.2, 1.2, 8))):
        confidence, right, project = draw(rng, 3000, shifts)
        found = [
            coverage_at(confidence, right, 0.10, groups=project, promise=promise).sets
            for promise in ("seen", "mixture", "next")
        ]
        assert found == sorted(found, reverse=True)
        sets[name] = found
    assert sets["apart"][1] < 0.8 * sets["alike"][1]
    assert sets["apart"][2] < 0.5 * sets["alike"][2]


def test_a_bigger_budget_never_approves_less():
    confidence, right, project = draw(np.random.default_rng(2), 3000, np.zeros(5))
    found = coverage_by_budget(confidence, right, project)
    assert [approval.budget for approval in found] == list(BUDGETS)
    coverage = [approval.coverage for approval in found]
    assert coverage == sorted(coverage)
    assert found[-1].coverage > 0


@pytest.mark.parametrize("promise", ["seen", "mixture", "next"])
def test_the_answer_for_each_budget_is_that_for_it_alone(promise):
    confidence, right, project = draw(np.random.default_rng(3), 2000, [0.4, 0.0, -0.4, 0.2])
    found = coverage_by_budget(confidence, right, project, (0.1, 0.2), 0.2, promise)
    alone = [coverage_at(confidence, right, b, 0.2, project, promise) for b in (0.1, 0.2)]
    assert found == alone
    assert found[1].sets > found[0].sets > 0
    held = HeldOutAnswers.read(confidence, right, project, None)
    assert [held.approval(promise, b, 0.2) for b in (0.1, 0.2)] == found
    assert [one.promise for one in found] == [promise] * 2


def test_sets_without_an_outcome_are_left_out():
    for data in (([0.9, np.nan], [np.nan, 1.0]), ([0.9, None], [None, 1.0]), ([], [])):
        approval = coverage_at(*data, 0.1, promise="seen")
        assert approval.threshold is None
        assert approval.reason == "no set with a known answer"


def seeded(seed):
    confidence, right, project = draw(np.random.default_rng(seed), 500, [0.5, 0.0, -0.5])
    return confidence, right * 1.0, project


PROMISES = st.sampled_from(["seen", "mixture", "next"])
SEEDS = st.integers(0, 10**6)


@settings(max_examples=15)
@given(SEEDS, PROMISES)
def test_the_order_of_sets_and_the_names_of_projects_do_not_matter(seed, promise):
    confidence, right, project = seeded(seed)
    order = np.random.default_rng(seed).permutation(500)
    one = coverage_at(confidence, right, 0.15, groups=project, promise=promise)
    names = np.array(["c", "a", "b"])[project]
    other = coverage_at(confidence[order], right[order], 0.15, groups=names[order], promise=promise)
    assert other.threshold == one.threshold
    assert other.sets == one.sets


@settings(max_examples=15)
@given(SEEDS, PROMISES, st.floats(0.01, 100))
def test_sets_without_outcome_or_weight_and_the_scale_of_weights_change_nothing(
    seed, promise, scale
):
    confidence, right, project = seeded(seed)
    one = coverage_at(confidence, right, 0.15, groups=project, promise=promise)
    unknown = np.where(np.arange(500) % 2, np.nan, right)
    other = coverage_at(
        np.r_[confidence, confidence],
        np.r_[right, unknown],
        0.15,
        groups=np.r_[project, project + 7],
        promise=promise,
        sample_weight=np.repeat([scale, 0.0], 500),
    )
    assert (other.threshold, other.sets) == (one.threshold, one.sets)
    assert other.coverage == pytest.approx(one.coverage)


@settings(max_examples=15)
@given(SEEDS, PROMISES, st.floats(0.02, 0.3), st.floats(1.0, 2.0))
def test_more_budget_approves_no_less_and_nothing_means_no_coverage(seed, promise, budget, factor):
    confidence, right, project = seeded(seed)
    less, more = coverage_by_budget(
        confidence, right, project, (budget, budget * factor), promise=promise
    )
    assert more.sets >= less.sets
    for one in (less, more):
        assert (one.threshold is None) == (one.coverage == 0) == (one.sets == 0)
        assert (one.reason is None) == (one.model is not None) == (one.threshold is not None)
        assert one.threshold is None or one.error <= one.budget
        assert one.threshold is None or one.sets == (confidence >= one.threshold).sum()
        assert one.threshold is None or one.threshold in confidence


def sampled(rng, n=6000, asked=0.07):
    """Return held-out sets of which hard ones were all asked about, of easy ones a share.

    Confidence is what the model states; whether a set is easy depends on it.
    """
    confidence, right, project = draw(rng, n, np.zeros(6))
    inclusion = np.where(confidence > 0.7, asked, 1.0)
    kept = rng.random(n) < inclusion
    return confidence, right, project, inclusion, kept


def test_weights_undo_that_hard_sets_are_asked_about_more_often():
    rng, found = np.random.default_rng(0), []
    for _ in range(12):
        confidence, right, project, inclusion, kept = sampled(rng)
        data = confidence[kept], right[kept], 0.15
        options = {"groups": project[kept], "promise": "seen"}
        weighted = coverage_at(*data, **options, sample_weight=1 / inclusion[kept])
        plain = coverage_at(*data, **options)
        whole = confidence >= weighted.threshold
        found.append((weighted.coverage - whole.mean(), plain.coverage - whole.mean()))
        assert weighted.error <= 0.15
        assert true_error(weighted.threshold, [0.0]).item() <= 0.155
    bias_weighted, bias_plain = np.mean(found, axis=0)
    assert abs(bias_weighted) < 0.02
    assert bias_plain < -0.10


def test_weights_undo_that_the_error_looks_larger_than_it_is():
    rng = np.random.default_rng(1)
    confidence, right, _, inclusion, kept = sampled(rng, 40000)
    stated, known = confidence[kept], right[kept]
    weighted = coverage_at(stated, known, 0.3, promise="seen", sample_weight=1 / inclusion[kept])
    plain = coverage_at(stated, known, 0.3, promise="seen")
    truth = 1 - right[confidence >= weighted.threshold].mean()
    assert weighted.error == pytest.approx(truth, abs=0.02)
    assert weighted.coverage > plain.coverage + 0.2


@pytest.mark.parametrize("bad", [0, 1, -0.1, np.nan])
def test_an_impossible_budget_is_refused(bad):
    with pytest.raises(ValueError, match=f"^budget={bad}; expected a number between 0 and 1$"):
        coverage_at([0.9], [1], bad)
    with pytest.raises(ValueError, match=f"^delta={bad}; expected a number between 0 and 1$"):
        coverage_at([0.9], [1], 0.1, delta=bad)


def test_an_unknown_promise_is_refused():
    with pytest.raises(ValueError, match=r"^promise='all'; expected one of seen, mixture, next$"):
        coverage_at([0.9], [1], 0.1, promise="all")


@pytest.mark.parametrize(
    "options", [{"correct": [1]}, {"groups": [1]}, {"sample_weight": [1.0]}], ids=str
)
def test_different_lengths_are_refused(options):
    with pytest.raises(ValueError, match=r"confidences.*expected as many of each"):
        coverage_at(**({"confidence": [0.9, 0.8], "correct": [1, 1], "budget": 0.1} | options))


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_a_weight_that_is_none_is_refused(weight):
    with pytest.raises(ValueError, match=r"^sample_weight is negative or not finite"):
        coverage_at([0.9, 0.8], [1, 1], 0.1, sample_weight=[1.0, weight])
