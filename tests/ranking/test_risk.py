import numpy as np
import pytest
from scipy.stats import binomtest

from prefml.intervals import clopper_pearson_upper
from prefml.ranking.risk import (
    BUDGETS,
    coverage_at,
    coverage_by_budget,
    design_effect,
)


def draw(rng, n):
    confidence = rng.uniform(0.4, 1, n)
    return confidence, rng.random(n) < confidence


@pytest.mark.parametrize(("errors", "trials"), [(0, 10), (3, 40), (40, 40), (7, 9)])
def test_the_bound_is_clopper_and_pearsons(errors, trials):
    exact = binomtest(errors, trials).proportion_ci(0.90, "exact").high
    assert clopper_pearson_upper(errors, trials) == pytest.approx(exact)


@pytest.mark.parametrize("budget", [0.05, 0.10, 0.20])
def test_the_promise_holds_in_95_of_100_repeats(budget):
    rng, broken, repeats = np.random.default_rng(1), 0, 400
    for _ in range(repeats):
        approval = coverage_at(*draw(rng, 600), budget)
        if approval.threshold is not None:
            true_error = (1 - approval.threshold) / 2
            broken += true_error > budget
    assert broken <= 0.05 * repeats + 2 * np.sqrt(0.05 * 0.95 * repeats)


def test_with_much_data_something_can_be_approved():
    approval = coverage_at(*draw(np.random.default_rng(0), 20000), 0.10)
    assert 0.2 < approval.coverage < 1 / 3 + 0.02
    assert approval.error <= 0.10
    assert approval.sets == round(approval.coverage * 20000)


def test_with_too_little_data_the_answer_is_none_yet():
    approval = coverage_at(np.full(20, 0.99), np.ones(20), 0.01)
    assert approval.threshold is None
    assert approval.sets == approval.coverage == 0
    assert np.isnan(approval.error)
    assert str(approval) == "1% error: none yet"


def falling(n, wrong=()):
    """Return confidences that fall from set to set, and outcomes of which some are wrong."""
    return np.linspace(1, 0.5, n), ~np.isin(np.arange(n), wrong)


def test_an_answer_says_budget_coverage_and_error_in_one_line():
    approval = coverage_at(*falling(80, wrong=[70, 79]), 0.10)
    assert str(approval) == "10% error: 100% of sets, 2.5% observed"


# Of 46 sets with one error the bound is just below 10 %.
def test_the_first_step_forgives_one_error_and_no_second():
    assert clopper_pearson_upper(1, 46) < 0.10 < clopper_pearson_upper(1, 45)
    later = range(46, 1840)
    assert coverage_at(*falling(1840, wrong=[7, *later]), 0.10).sets == 46
    assert coverage_at(*falling(1840, wrong=[7, 8]), 0.10).threshold is None


def test_a_first_step_too_small_to_forgive_an_error_is_not_taken():
    first = coverage_at(*falling(1000, wrong=[7, *range(50, 1000)]), 0.10)
    assert first.sets == 50


def test_the_first_step_that_fails_ends_the_search():
    assert clopper_pearson_upper(2, 2000) < 0.10
    approval = coverage_at(*falling(2000, wrong=range(400, 500)), 0.10)
    assert 400 <= approval.sets < 500


def test_the_sets_approved_are_all_that_are_as_sure_as_the_threshold():
    confidence = np.repeat([0.9, 0.6], [100, 900])
    correct = np.repeat([1.0, 0.5], [100, 900])
    approval = coverage_at(confidence, correct, 0.10)
    assert (approval.threshold, approval.coverage, approval.sets) == (0.9, 0.1, 100)


def test_a_promise_that_may_fail_less_often_approves_less():
    confidence, correct = draw(np.random.default_rng(0), 20000)
    usual = coverage_at(confidence, correct, 0.10)
    stricter = coverage_at(confidence, correct, 0.10, delta=1e-9)
    assert 0 < stricter.sets < usual.sets
    # Of 46 sets one error is forgiven at the usual delta.
    assert coverage_at(*falling(46, wrong=[7]), 0.10, delta=1e-6).threshold is None


def test_a_bound_without_trials_is_one():
    assert clopper_pearson_upper([0, 0], [0, 10]).tolist() == [1.0, pytest.approx(1 - 0.05**0.1)]


def test_half_an_error_counts_as_one_and_rounding_does_not():
    assert clopper_pearson_upper(0.5, 20) == clopper_pearson_upper(1, 20)
    assert clopper_pearson_upper(1 + 1e-12, 20) == clopper_pearson_upper(1, 20)


def test_projects_whose_sets_always_agree_count_as_one_set_each():
    outcome = np.repeat(np.random.default_rng(0).random(500), 4)
    project = np.repeat(np.arange(500), 4)
    assert design_effect(outcome, project) == pytest.approx(4 * 500 / 499)
    assert design_effect(outcome + 7, project) == pytest.approx(4 * 500 / 499)


def test_two_projects_are_enough_to_see_that_sets_agree():
    assert design_effect([1, 1, 0, 0], ["a", "a", "b", "b"]) == 4.0


@pytest.mark.parametrize(
    ("values", "groups"),
    [([], []), ([0, 1, 1], [5, 5, 5]), ([1, 1, 1, 1], [0, 0, 1, 1]), ([0, 1, 0, 1], [0, 0, 1, 1])],
    ids=["nothing", "one project", "no differences", "projects alike"],
)
def test_where_projects_do_not_differ_sets_count_in_full(values, groups):
    assert design_effect(values, groups) == 1.0


def test_perfect_choices_are_all_approved_when_there_are_enough():
    approval = coverage_at(np.linspace(0.9, 1, 400), np.ones(400), 0.01)
    assert approval.coverage == 1
    assert approval.error == 0


def test_projects_that_err_together_count_for_less():
    rng = np.random.default_rng(0)
    project = np.repeat(np.arange(10), 60)
    correct = rng.random(600) > np.where(project < 2, 0.25, 0.0)
    alone = coverage_at(np.ones(600), correct, 0.10)
    together = coverage_at(np.ones(600), correct, 0.10, groups=project)
    assert alone.threshold is not None
    assert together.threshold is None
    assert design_effect(correct, project) > 3
    assert design_effect(correct, np.arange(600)) == pytest.approx(1, abs=0.01)


def test_a_bigger_budget_never_approves_less():
    found = coverage_by_budget(*draw(np.random.default_rng(2), 3000))
    assert [approval.budget for approval in found] == list(BUDGETS)
    coverage = [approval.coverage for approval in found]
    assert coverage == sorted(coverage)
    assert found[-1].coverage > 0


def test_the_answer_for_each_budget_is_that_for_it_alone():
    confidence, project = np.ones(600), np.repeat(np.arange(10), 60)
    correct = np.random.default_rng(0).random(600) > np.where(project < 2, 0.25, 0.0)
    found = coverage_by_budget(confidence, correct, project, budgets=(0.1, 0.2), delta=0.2)
    alone = [coverage_at(confidence, correct, budget, 0.2, project) for budget in (0.1, 0.2)]
    assert [one.sets for one in found] == [one.sets for one in alone] == [0, 600]
    without = coverage_by_budget(confidence, correct, budgets=(0.1, 0.2), delta=0.2)
    assert [one.sets for one in without] == [600, 600]


def test_sets_without_an_outcome_are_left_out():
    assert coverage_at([0.9, np.nan], [np.nan, 1.0], 0.1).sets == 0
    assert coverage_at([0.9, None], [None, 1.0], 0.1).sets == 0
    assert coverage_at([], [], 0.1).threshold is None


def test_the_projects_of_the_sets_that_are_left_decide():
    confidence, correct = falling(600, wrong=range(0, 600, 30))
    project = np.arange(600) % 30
    twice = (np.r_[confidence, confidence], np.r_[correct, np.full(600, np.nan)])
    groups = np.r_[project, np.zeros(600)]
    assert coverage_at(*twice, 0.2, groups=groups) == coverage_at(
        confidence, correct, 0.2, groups=project
    )


@pytest.mark.parametrize("bad", [0, 1, -0.1, np.nan])
def test_an_impossible_budget_is_refused(bad):
    with pytest.raises(ValueError, match=f"^budget={bad}; expected a number between 0 and 1$"):
        coverage_at([0.9], [1], bad)
    with pytest.raises(ValueError, match=r"^delta="):
        coverage_at([0.9], [1], 0.1, delta=bad)


def test_different_lengths_are_refused():
    with pytest.raises(ValueError, match="confidences"):
        coverage_at([0.9, 0.8], [1], 0.1)
