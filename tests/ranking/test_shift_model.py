import numpy as np
import pytest
from scipy.special import expit, logit

from prefml.ranking.confidence_levels import bin_sets
from prefml.ranking.shift_model import fit_shifts


def planted(seed, shifts, n, slope=1.0, lapse=0.0):
    """Return counted sets of projects of given shifts."""
    rng = np.random.default_rng(seed)
    project = np.arange(n) % len(shifts)
    confidence = rng.uniform(0.34, 1, n)
    chance = (1 - lapse) * expit(slope * logit(confidence) + np.asarray(shifts)[project])
    return bin_sets(confidence, (rng.random(n) < chance) * 1.0, project, np.ones(n))


@pytest.mark.parametrize("shifts", [[0.0], [-0.8, 0.8], np.linspace(-1, 1, 20)])
def test_the_expected_error_is_the_planted_one(shifts):
    sets = planted(0, shifts, 20000)
    error = fit_shifts(sets).seen().expected
    much = sets.counts > 3000
    assert error[much] == pytest.approx(sets.error[much], abs=0.015)


def test_overconfidence_is_noticed():
    sets = planted(1, [0.0, 0.0], 6000, slope=0.6)
    usual = planted(1, [0.0, 0.0], 6000)
    assert fit_shifts(sets).seen().expected[30] > 1.3 * fit_shifts(usual).seen().expected[30]


def test_slips_that_no_confidence_helps_are_noticed():
    sets = planted(2, [0.0] * 4, 8000, lapse=0.05)
    top = np.searchsorted(sets.counts, 800)
    assert fit_shifts(sets).seen().expected[top] == pytest.approx(0.05 + 0.95 * 0.035, abs=0.015)


def test_the_points_of_the_posterior_are_a_distribution():
    posterior = fit_shifts(planted(3, [-0.5, 0.5], 600))
    assert posterior.points.sum() == pytest.approx(1)
    assert (posterior.points > 0).all()
    assert posterior.shifts.sum(axis=1) == pytest.approx(1)
    assert posterior.shifts.min() >= 0


@pytest.mark.parametrize("shifts", [[0.3], [-0.8, 0.0, 0.8]])
def test_more_budget_is_kept_with_more_probability(shifts):
    posterior = fit_shifts(planted(4, shifts, 900))
    seen = posterior.seen()
    for within in (
        seen.within,
        lambda budget: posterior.mixture_within(budget, seen),
        lambda budget: posterior.next_within(budget, seen),
    ):
        found = np.array([within(budget) for budget in (0.01, 0.05, 0.1, 0.3)])
        assert (np.diff(found, axis=0) >= -1e-9).all()
        assert found.min() >= 0
        assert found.max() <= 1 + 1e-9


def test_the_more_projects_differ_the_less_is_known_of_the_next():
    alike, apart = planted(5, [0.0] * 8, 4000), planted(5, np.linspace(-1.5, 1.5, 8), 4000)
    chance = []
    for sets in (alike, apart):
        posterior = fit_shifts(sets)
        chance.append(posterior.next_within(0.1, posterior.seen())[20])
    assert chance[0] > 0.99 > 0.95 > chance[1]


def test_of_one_project_more_is_known_than_of_others():
    posterior = fit_shifts(planted(6, [0.0, 0.0], 3000))
    seen = posterior.seen()
    place = int(np.flatnonzero(seen.within(0.1) >= 0.95)[-1])
    mixture = posterior.mixture_within(0.1, seen)[place]
    assert seen.within(0.1)[place] > mixture > posterior.next_within(0.1, seen)[place]


def test_more_errors_than_the_model_explains_are_noticed_and_those_it_explains_are_not():
    rng = np.random.default_rng(7)
    confidence = rng.uniform(0.34, 1, 6000)
    right = rng.random(6000) < confidence
    usual = bin_sets(confidence, right * 1.0, np.zeros(6000, int), np.ones(6000))
    assert fit_shifts(usual).seen().explains(usual).all()
    # All errors among the most confident: no logistic curve falls like that.
    upside_down = right & ~((confidence > 0.93) & (confidence < 0.97))
    spoilt = bin_sets(confidence, upside_down * 1.0, np.zeros(6000, int), np.ones(6000))
    assert not fit_shifts(spoilt).seen().explains(spoilt).all()


@pytest.mark.parametrize("answer", [0.0, 0.5, 1.0])
def test_answers_that_are_all_alike_leave_finite_numbers(answer):
    n = 60
    sets = bin_sets(np.linspace(0.4, 1, n), np.full(n, answer), np.arange(n) % 3, np.ones(n))
    posterior = fit_shifts(sets)
    seen = posterior.seen()
    found = [seen.within(0.1), posterior.mixture_within(0.1, seen)]
    assert np.isfinite([*found, posterior.next_within(0.1, seen)]).all()
