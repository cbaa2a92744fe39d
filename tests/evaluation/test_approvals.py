from dataclasses import replace

import numpy as np
import pytest

from prefml.evaluation.approvals import approval_metrics, held_out_sets, rejection_summary
from prefml.evaluation.crossval import Contender, held_out_scores
from prefml.evaluation.folds import make_folds

from .conftest import LinearScore, choices


def renamed(table, prefix, shift=0.0):
    names = np.array([f"{prefix}{name}" for name in table.set_id], object)
    X = table.X.assign(signal=table.X["signal"] + shift)
    return replace(table, set_id=names, y=np.zeros_like(table.y), X=X)


@pytest.fixture
def measured():
    """Return a function that scores accepted and rejected sets on the same folds."""

    def run(sets=400, rejected=120, projects=4, **words):
        table = choices(sets, projects, seed=1)
        others = renamed(choices(rejected, projects, seed=2), "r", **words)
        folds = make_folds(table.project, table.session_id, table.set_id, table.hashes, 4, 0)
        contender = Contender("prefml", lambda seed: LinearScore(), "", "prefml")
        return table, others, held_out_scores(contender, table, folds.folds, 0, others)

    return run


def test_rejected_sets_are_scored_once_by_a_model_that_has_not_seen_their_project(monkeypatch):
    table, others = choices(40, 4), renamed(choices(20, 4, seed=2), "r")
    asked = []

    def predict(self, X):
        asked.append((set(np.asarray(self.seen_["groups"])), list(X.index), len(X)))
        return np.zeros(len(X))

    monkeypatch.setattr(LinearScore, "predict", predict)
    folds = make_folds(table.project, table.session_id, table.set_id, table.hashes, 4, 0)
    contender = Contender("prefml", lambda seed: LinearScore(), "", "prefml")
    held_out_scores(contender, table, folds.folds, 0, others)
    scored = asked[1::2]
    assert sorted(row for _, rows, _ in scored for row in rows) == list(range(40))
    for fitted_on, rows, _ in scored:
        assert not fitted_on & set(others.project[rows])


def test_with_one_project_rejected_sets_are_dealt_to_folds(measured):
    _, others, run = measured(sets=60, rejected=20, projects=1)
    assert len(run.rejected_scores) == len(others)
    np.testing.assert_allclose(run.rejected_scores, others.X["signal"])
    np.testing.assert_allclose(run.rejected_probability.reshape(-1, 2).sum(axis=1), 1)


def test_errors_of_choices_and_rejections_are_measured_jointly(measured):
    table, others, run = measured()
    reviewed = set(table.set_id.tolist())
    alone = approval_metrics(table, run, None)
    jointly = approval_metrics(table, run, held_out_sets(table, run, others, reviewed))
    assert [row["budget"] for row in alone] == [row["budget"] for row in jointly]
    assert alone[-1]["coverage"] > 0
    assert jointly[-1]["coverage"] == 0
    assert jointly[-1]["reason"]


def test_with_one_project_the_promise_is_for_new_sets_of_it(measured):
    for projects, name in ((1, "seen"), (4, "mixture")):
        table, _, run = measured(projects=projects)
        assert {row["promise"] for row in approval_metrics(table, run, None)} == {name}


def test_rejections_that_show_are_told_from_acceptances(measured):
    table, others, run = measured(shift=-3.0)
    scored = held_out_sets(table, run, others, set(table.set_id.tolist()))
    found = rejection_summary(scored)
    assert (found["reviewed_sets"], found["rejected"], found["projects"]) == (520, 120, 4)
    assert found["auc"] > 0.9
    assert found["log_loss"] < found["log_loss_base_rate"]


def test_without_reviews_there_is_nothing_to_tell():
    assert rejection_summary(None) is None
