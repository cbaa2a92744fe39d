import numpy as np
import pytest
from scipy.stats import binomtest

from prefml.ranking.risk import (
    BUDGETS,
    coverage_at,
    coverage_by_budget,
    design_effect,
    upper_error,
)


def draw(rng, n):
    confidence = rng.uniform(0.4, 1, n)
    return confidence, rng.random(n) < confidence


@pytest.mark.parametrize(("errors", "trials"), [(0, 10), (3, 40), (40, 40), (7, 9)])
def test_the_bound_is_clopper_and_pearsons(errors, trials):
    exact = binomtest(errors, trials).proportion_ci(0.90, "exact").high
    assert upper_error(errors, trials) == pytest.approx(exact)


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
    assert "none yet" in str(approval)


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


def test_sets_without_an_outcome_are_left_out():
    assert coverage_at([0.9, np.nan], [np.nan, 1.0], 0.1).sets == 0
    assert coverage_at([], [], 0.1).threshold is None


@pytest.mark.parametrize("bad", [0, 1, -0.1, np.nan])
def test_an_impossible_budget_is_refused(bad):
    with pytest.raises(ValueError, match="budget"):
        coverage_at([0.9], [1], bad)


def test_different_lengths_are_refused():
    with pytest.raises(ValueError, match="confidences"):
        coverage_at([0.9, 0.8], [1], 0.1)
