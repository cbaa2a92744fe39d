from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from prefml.ranking.reviewed import ScoredSets


def rows(make, n_sets, seed, prefix, chosen=True):
    X, y, set_id, project = make(n_sets=n_sets, seed=seed)
    names = np.array([f"{prefix}{name}" for name in set_id], object)
    return SimpleNamespace(X=X, y=y if chosen else np.zeros_like(y), set_id=names, project=project,
                           inclusion=np.ones(len(y)))  # fmt: skip


@pytest.fixture
def scored(make):
    accepted, rejected = rows(make, 120, 0, "a"), rows(make, 60, 1, "r", chosen=False)
    rejected.X["cue__0"] -= 3
    scores = [2 * table.X["cue__0"].to_numpy() - table.X["cue__1"].to_numpy()
              for table in (accepted, rejected)]  # fmt: skip
    return ScoredSets(accepted, rejected, *scores, set(accepted.set_id[:150].tolist()))


def test_accepted_sets_come_first_and_rejected_ones_are_reviewed_all(scored):
    assert scored.is_rejected.tolist() == [False] * 120 + [True] * 60
    assert scored.is_reviewed[120:].all()
    assert 0 < scored.is_reviewed[:120].sum() < 120
    assert scored.of_sets("set_id")[[0, 120]].tolist() == ["aset0000", "rset0000"]


def test_poor_sets_are_held_likelier_to_be_rejected(scored):
    chance = scored.cross_fitted.probability
    assert chance[scored.is_rejected].mean() > chance[~scored.is_rejected].mean() + 0.1


def test_no_set_is_judged_by_a_model_that_has_seen_its_project(scored):
    before = scored.cross_fitted.probability
    project = scored.of_sets("project")
    mine = (project == project[0]) & ~scored.is_rejected
    shifted = scored.rejected.X.copy()
    shifted.loc[scored.rejected.project == project[0], "cue__1"] += 100
    rejected = SimpleNamespace(**{**vars(scored.rejected), "X": shifted})
    after = replace(scored, rejected=rejected).cross_fitted.probability
    np.testing.assert_allclose(after[mine], before[mine])
    assert not np.allclose(after[project != project[0]], before[project != project[0]])


def test_sets_of_logs_are_held_as_likely_to_be_rejected_as_reviewed_ones(scored):
    few = replace(scored, reviewed_ids=set(scored.accepted.set_id[:150:3].tolist()))
    chance, logged = few.cross_fitted.probability, ~few.is_reviewed
    for name in np.unique(few.of_sets("project")):
        rows = (few.of_sets("project") == name) & ~few.is_rejected
        assert chance[rows & logged].mean() == pytest.approx(chance[rows & ~logged].mean(), abs=0.1)


def test_a_rejected_set_is_wrong_whatever_was_suggested(scored):
    win = np.full(len(scored.scores), 0.5)
    found = scored.held_out(win)
    assert not found.chosen[found.rejected].any()
    assert found.chosen[~found.rejected].mean() > 0.5
    assert (found.win == 0.5).all()
    assert not found.correct[found.rejected].any()


def test_where_only_the_base_rate_is_known_it_is_the_same_for_all_sets(scored):
    few = {name: values[:30] for name, values in vars(scored.rejected).items()}
    found = replace(scored, rejected=SimpleNamespace(**few), rejected_scores=np.zeros(30))
    assert 0 < found.is_rejected.sum() < 20
    assert len(set(found.held_out(np.zeros(len(found.scores))).none)) == 1
    assert len(set(found.cross_fitted.probability)) > 1


def test_before_any_review_the_prior_is_stated(make):
    accepted, none = rows(make, 30, 0, "a"), rows(make, 1, 0, "r", chosen=False)
    none = SimpleNamespace(**{name: values[:0] for name, values in vars(none).items()})
    found = ScoredSets(accepted, none, np.zeros(len(accepted.y)), np.empty(0), set())
    assert set(found.cross_fitted.probability) == {1 / 3}
    assert not found.is_reviewed.any()


def test_audited_sets_say_how_likely_they_were_drawn(make):
    accepted = rows(make, 30, 0, "a")
    accepted.inclusion = np.full(len(accepted.y), 0.05)
    rejected = rows(make, 5, 1, "r", chosen=False)
    scores = np.zeros(len(accepted.y)), np.zeros(len(rejected.y))
    found = ScoredSets(accepted, rejected, *scores, set())
    assert found.inclusion.tolist() == [0.05] * 30 + [1.0] * 5


def test_the_picture_of_the_highest_value_is_the_first_of_equals(scored):
    first = scored.best_rows(np.zeros(len(scored.scores)))
    assert first.tolist() == scored.sets.order[scored.sets.starts].tolist()
    best = scored.best_rows(scored.scores)
    highest = scored.sets.reduce(np.maximum, scored.scores)
    np.testing.assert_array_equal(scored.scores[best], highest)
