import numpy as np
import pytest
from scipy.special import expit

from prefml.ranking import PairwiseLogistic
from prefml.ranking.pairwise import fit_weights, pair_differences, pair_weights
from prefml.sets import index_sets, winning_pairs


@pytest.mark.parametrize(("pairs", "columns"), [(8, 60), (60, 8), (20, 20)])
@pytest.mark.parametrize("strength", [0.003, 0.3])
def test_the_weights_are_where_the_penalised_likelihood_is_flat(pairs, columns, strength):
    rng = np.random.default_rng(0)
    differences, weight = rng.normal(size=(pairs, columns)), rng.uniform(0.2, 2, pairs)
    found = fit_weights(differences, weight, strength)
    slope = differences.T @ (weight * expit(-(differences @ found))) - found / strength
    assert np.abs(slope).max() < 1e-5


def test_bradley_terry_finds_the_weights(make):
    X, y, set_id, _ = make(n_sets=500, noise=0.5)
    model = PairwiseLogistic(prior_variance=10.0).fit(X, y, set_id=set_id)
    weights = model.coef_ / model.scaler_.scale_
    assert weights[0] / weights[1] == pytest.approx(-2, rel=0.15)
    assert np.abs(weights[2:]).max() < 0.15 * weights[0]


def test_a_weight_of_two_counts_like_the_row_twice(make):
    X, y, set_id, _ = make(n_sets=30, sizes=(2,))
    weight = np.repeat(np.arange(30) % 2 + 1.0, 2)
    twice = np.repeat(np.arange(len(y)), weight.astype(int))
    copies = [f"{set_id[row]}-{n}" for n, row in zip(_copy_number(twice), twice, strict=True)]
    weighted = PairwiseLogistic().fit(X, y, set_id=set_id, sample_weight=weight)
    doubled = PairwiseLogistic().fit(X.iloc[twice], y[twice], set_id=copies)
    assert np.allclose(weighted.coef_, doubled.coef_, rtol=1e-3)


def _copy_number(rows):
    return [list(rows[:at]).count(row) for at, row in enumerate(rows)]


def test_a_set_weighs_by_its_rows_and_not_by_its_pairs():
    sets = index_sets([0] * 2 + [1] * 8)
    better, worse = winning_pairs([1, 0] + [1] + [0] * 7, sets)
    weights = pair_weights(better, worse, sets)
    total = [weights[sets.codes[better] == code].sum() for code in (0, 1)]
    assert total == [1.0, 7 * 2 / 8]


def test_contributions_add_up_to_the_score(choices):
    X, y, set_id, _ = choices
    model = PairwiseLogistic().fit(X, y, set_id=set_id)
    assert np.allclose(model.contributions(X.to_numpy()).sum(axis=1), model.predict(X))


def test_more_prior_variance_is_less_shrinkage(choices):
    X, y, set_id, _ = choices
    sizes = [
        np.abs(PairwiseLogistic(prior_variance=v).fit(X, y, set_id=set_id).coef_).sum()
        for v in (1e-3, 1e-1, 10.0)
    ]
    assert sizes == sorted(sizes)


def test_too_few_choices_are_warned_of():
    with pytest.warns(UserWarning, match="1 of 1 sets"):
        PairwiseLogistic().fit([[0.0], [1.0]], [0, 1], set_id=[0, 0])


def test_differences_of_pairs_are_those_of_their_rows():
    scaled = np.random.default_rng(0).normal(size=(3000, 2))
    better, worse = np.arange(2999), np.arange(1, 3000)
    np.testing.assert_array_equal(
        pair_differences(scaled, better, worse), scaled[better] - scaled[worse]
    )
