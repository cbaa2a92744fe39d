import numpy as np
import pytest
from scipy.special import expit

from prefml.ranking.pairwise import fit_weights


@pytest.mark.parametrize(("pairs", "columns"), [(8, 60), (60, 8), (20, 20)])
@pytest.mark.parametrize("strength", [0.003, 0.3])
def test_the_weights_are_where_the_penalised_likelihood_is_flat(pairs, columns, strength):
    rng = np.random.default_rng(0)
    differences, weight = rng.normal(size=(pairs, columns)), rng.uniform(0.2, 2, pairs)
    found = fit_weights(differences, weight, strength)
    slope = differences.T @ (weight * expit(-(differences @ found))) - found / strength
    assert np.abs(slope).max() < 1e-5
