"""Evidence of prior variances, and weights that are averaged by it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import expit

from prefml.ranking.evidence import SCORE_VARIANCES, fit_averaged
from prefml.ranking.pairwise import fit_weights, log_evidence


def some_pairs(n_pairs, n_columns, seed, strength=1.0):
    rng = np.random.default_rng(seed)
    rows, taste = rng.normal(size=(n_pairs, n_columns)), rng.normal(size=n_columns)
    won = rng.random(n_pairs) < expit(strength * rows @ taste)
    return np.where(won[:, None], rows, -rows), rng.uniform(0.5, 1.0, n_pairs)


@pytest.mark.parametrize("variance", [0.01, 0.3, 2.0])
def test_the_evidence_of_one_weight_is_the_integral_over_it(variance):
    pairs, weight = some_pairs(40, 1, 0)

    def joint(w):
        likelihood = np.exp(-weight @ np.logaddexp(0, -pairs[:, 0] * w))
        return likelihood * np.exp(-w * w / 2 / variance) / np.sqrt(2 * np.pi * variance)

    found = fit_weights(pairs, weight, variance)
    stated = log_evidence(pairs, weight, variance, found)
    exact = np.log(quad(joint, -10, 10, points=[0, float(found[0])])[0])
    assert stated == pytest.approx(exact, abs=0.02)


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 99))
def test_the_evidence_is_the_same_from_either_side(n_pairs, n_columns, seed):
    """Of pairs or of columns, whichever are fewer."""
    pairs, weight = some_pairs(n_pairs, n_columns, seed)
    found = fit_weights(pairs, weight, 0.2)
    padded = np.hstack([pairs, np.zeros((n_pairs, 40))])
    plain = log_evidence(pairs, weight, 0.2, found)
    assert log_evidence(padded, weight, 0.2, np.append(found, np.zeros(40))) == pytest.approx(plain)


@given(st.integers(1, 40), st.integers(1, 20), st.integers(0, 99))
def test_the_average_lies_between_the_fits_and_turns_with_the_choices(n_pairs, n_columns, seed):
    pairs, weight = some_pairs(n_pairs, n_columns, seed)
    averaged, variance = fit_averaged(pairs, weight)
    assert np.allclose(fit_averaged(-pairs, weight)[0], -averaged)
    scale = (pairs**2).sum(axis=1).mean()
    assert min(SCORE_VARIANCES) <= variance * scale * (1 + 1e-9)
    assert variance * scale <= max(SCORE_VARIANCES) * (1 + 1e-9)
    widest = fit_weights(pairs, weight, max(SCORE_VARIANCES) / scale)
    assert np.linalg.norm(averaged) <= np.linalg.norm(widest) * (1 + 1e-6)


def test_scale_of_the_columns_does_not_count():
    pairs, weight = some_pairs(30, 5, 3)
    small, large = fit_averaged(pairs, weight)[0], fit_averaged(1000 * pairs, weight)[0]
    assert np.allclose(large * 1000, small, rtol=1e-3)


def test_a_clear_taste_is_shrunk_less_than_one_without_rhyme():
    clear = fit_averaged(*some_pairs(60, 4, 1, strength=6))[1]
    rhyme = np.random.default_rng(0).choice([-1, 1], (60, 1)) * some_pairs(60, 4, 1)[0]
    assert clear > 3 * fit_averaged(rhyme, np.ones(60))[1]


@pytest.mark.parametrize("n_pairs", [0, 5])
def test_pairs_that_do_not_differ_teach_nothing(n_pairs):
    weights, _ = fit_averaged(np.zeros((n_pairs, 3)), np.ones(n_pairs))
    assert np.array_equal(weights, np.zeros(3))
