import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.ranking.linear_init import (
    LinearInit,
    argmin_loss,
    grouped_folds,
    held_out_losses,
)
from prefml.ranking.pairwise import PairwiseLogistic
from prefml.sets import index_sets

SCALES = np.geomspace(0.05, 10, 24)


def log_losses(scores, grades, set_id, weight=None):
    """Return the log loss of each set at the best temperature, pair by pair."""
    weight = np.ones(len(scores)) if weight is None else weight
    names = list(dict.fromkeys(set_id))
    n = range(len(scores))
    pairs = [(i, j) for i in n for j in n if set_id[i] == set_id[j] and grades[i] > grades[j]]
    unit = np.sqrt(np.mean([(scores[i] - scores[j]) ** 2 for i, j in pairs]))
    best = None
    for scale in SCALES:
        losses = dict.fromkeys(names, 0.0)
        for i, j in pairs:
            total = sum(weight[k] for k in n if set_id[k] == set_id[i])
            chance = 1 / (1 + np.exp(-scale * (scores[i] - scores[j]) / unit))
            losses[set_id[i]] -= 2 * weight[i] * weight[j] / total * np.log(chance)
        if best is None or sum(losses.values()) < sum(best.values()):
            best = losses
    return [best[name] for name in names]


def test_folds_keep_groups_together_and_fall_back_to_sets():
    sets = index_sets([0, 0, 1, 1, 2, 2])
    for train, test in grouped_folds(np.array([0, 0, 0, 0, 1, 1]), sets, 5):
        assert {len(train), len(test)} == {2, 4}
    assert len(grouped_folds(np.zeros(6, int), sets, 5)) == 3
    assert grouped_folds(np.zeros(2, int), index_sets([0, 0]), 5) == []


@given(st.lists(st.integers(0, 6), min_size=2, max_size=40), st.integers(2, 6))
def test_every_row_is_held_out_once_and_no_group_is_on_both_sides(groups, n_folds):
    groups = np.array(groups)
    folds = grouped_folds(groups, index_sets(np.arange(len(groups))), n_folds)
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(groups)))
    if len(set(groups)) > 1:
        for train, test in folds:
            assert not set(groups[train]) & set(groups[test])


def test_the_score_is_the_mean_of_the_models_and_the_sum_of_its_contributions(choices):
    X, y, set_id, _ = choices
    rows, sets = X.to_numpy(), index_sets(set_id)
    columns = [np.array([0, 1]), np.arange(6)]
    models = [PairwiseLogistic(0.1).fit_checked(rows[:, c], y, sets) for c in columns]
    init = LinearInit(columns, models)
    pairs = zip(models, columns, strict=True)
    alone = [model.contributions(rows[:, c]).sum(axis=1) for model, c in pairs]
    assert np.allclose(init.predict(rows), np.mean(alone, axis=0))
    assert np.allclose(init.contributions(rows).sum(axis=1), init.predict(rows))


@pytest.mark.parametrize("weighted", [False, True])
def test_losses_are_those_of_a_plain_loop_over_pairs(make, weighted):
    _, y, set_id, _ = make(n_sets=12)
    rng = np.random.default_rng(0)
    scores = y + rng.normal(size=len(y))
    weight = rng.uniform(0.2, 2, len(y)) if weighted else None
    found = held_out_losses(scores, y, index_sets(set_id), weight)
    assert found == pytest.approx(log_losses(scores, y, set_id, weight), rel=1e-9)


def test_better_scores_lose_less_whatever_their_scale(choices):
    _, y, set_id, _ = choices
    sets = index_sets(set_id)
    rng = np.random.default_rng(0)
    good, bad = y + 0.3 * rng.normal(size=len(y)), rng.normal(size=len(y))
    loss = held_out_losses(good, y, sets)
    assert loss.shape == (len(sets),)
    assert loss.sum() < held_out_losses(bad, y, sets).sum()
    assert np.allclose(loss, held_out_losses(100 * good, y, sets))


def test_the_scores_of_least_loss_are_found_at_a_temperature_of_their_own(choices):
    _, y, set_id, _ = choices
    sets = index_sets(set_id)
    rng = np.random.default_rng(0)
    good, bad = y + 0.3 * rng.normal(size=len(y)), rng.normal(size=len(y))
    assert argmin_loss(np.array([bad, good]), y, sets) == 1
    assert argmin_loss(np.array([good, bad]), y, sets) == 0
    # At one temperature for both, scores so much too sure would lose.
    assert argmin_loss(np.array([bad, 4 * good]), y, sets) == 1


def test_where_nothing_was_chosen_nothing_is_lost():
    sets = index_sets([0, 0, 1])
    assert held_out_losses(np.array([1.0, 2.0, 3.0]), np.zeros(3, int), sets).tolist() == [0, 0]
