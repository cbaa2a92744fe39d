from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prefml.evaluation.choices import choice_metrics, set_confidence
from prefml.evaluation.gallery import find_mistakes
from prefml.evaluation.metrics_file import plain

KEYS = {"top1", "top1_ci", "pair_accuracy", "ndcg", "lower_stage_top1", "ece", "fit_seconds"}


@pytest.fixture
def metrics(choice_runs):
    return plain(choice_metrics(choice_runs))


def test_every_model_has_the_promised_measures(metrics):
    for measures in metrics["models"].values():
        assert measures.keys() >= KEYS


def test_counts_are_those_of_the_table(metrics):
    assert (metrics["sets"], metrics["projects"], metrics["folds"]) == (40, 4, 4)
    assert metrics["lower_stage_sets"] == 4


def test_highest_stage_misses_exactly_the_lower_stage_sets(metrics):
    highest = metrics["models"]["highest_stage"]

    assert highest["top1"] == pytest.approx(0.9)
    assert highest["lower_stage_top1"] == 0
    assert highest["other_top1"] == 1


def test_intervals_hold_the_mean(metrics):
    for measures in metrics["models"].values():
        low, high = measures["top1_ci"]
        assert low <= np.mean(measures["top1_by_seed"]) <= high


def test_the_lead_is_the_difference_of_the_means(metrics):
    models = metrics["models"]

    lead = metrics["lead"]["highest_stage"]["top1"]

    assert lead == pytest.approx(models["prefml"]["top1"] - models["highest_stage"]["top1"])


@pytest.mark.parametrize("part", ["by_project", "by_set_size", "by_stage_choice"])
def test_breakdowns_hold_every_set_once(metrics, part):
    assert sum(row["sets"] for row in metrics[part].values()) == 40


def test_reliability_holds_every_set_once(metrics):
    assert sum(point["sets"] for point in metrics["reliability"]) == 40


def test_the_risk_curve_ends_with_all_sets_and_the_error_of_all(metrics, choice_runs):
    coverage, error = metrics["risk_coverage"]["prefml"][-1]

    assert coverage == 1
    assert error == pytest.approx(1 - metrics["models"]["prefml"]["top1_by_seed"][0])


def test_with_so_few_sets_nothing_may_be_approved_unseen_at_one_per_cent(metrics):
    first = metrics["auto_approve"][0]

    assert first["budget"] == 0.01
    assert (first["coverage"], first["error"], first["sets"]) == (0, None, 0)
    assert first["reason"] == "too few sets: 40, at least 299 are needed"


@pytest.mark.parametrize(("projects", "promise"), [(4, "mixture"), (1, "seen")])
def test_of_one_project_the_promise_is_for_its_own_sets(choice_runs, projects, promise):
    table = choice_runs.table
    names = np.array([f"p{int(name[1:]) % projects}" for name in table.set_id], dtype=object)
    found = choice_metrics(replace(choice_runs, table=replace(table, project=names)))

    assert {row["promise"] for row in found["auto_approve"]} == {promise}


def test_intervals_resample_sessions_where_projects_are_few(metrics):
    assert metrics["interval_by"] == "session"


def test_confidence_is_the_highest_probability_of_each_set(choice_runs):
    run = choice_runs.runs["prefml"][0]

    confidence = set_confidence(choice_runs.table, run)

    assert confidence == pytest.approx(run.probability.reshape(-1, 2).max(axis=1))


@pytest.fixture
def unstated(choice_runs):
    """Return the same runs of a model that orders pictures and states no probability."""
    runs = [replace(run, probability=None) for run in choice_runs.runs["prefml"]]
    return replace(choice_runs, runs={**choice_runs.runs, "prefml": runs})


def test_a_model_without_probabilities_is_measured_by_its_order_alone(unstated, metrics):
    found = plain(choice_metrics(unstated))
    model, usual = found["models"]["prefml"], metrics["models"]["prefml"]
    assert (model["top1"], model["ece"]) == (usual["top1"], None)
    assert found["auto_approve"] == []
    assert found["reliability"] == []
    assert "prefml" not in found["risk_coverage"]
    assert find_mistakes(unstated, lambda *_: None) == []


def test_audited_sets_stand_for_those_that_were_approved_with_them(choice_runs, metrics):
    """The sets of the first project were drawn with a probability of a tenth."""
    table = choice_runs.table
    first = table.project == "p0"
    audited = replace(table, inclusion=np.where(first, 0.1, 1.0))
    found = plain(choice_metrics(replace(choice_runs, table=audited)))
    each = {name: part["top1"]["prefml"] for name, part in metrics["by_project"].items()}
    others = np.mean([top1 for name, top1 in each.items() if name != "p0"])
    expected = (10 * each["p0"] + 3 * others) / 13
    assert found["models"]["prefml"]["top1"] == pytest.approx(expected)
    assert found["audit"]["sets"] == 10
    assert found["audit"]["top1_unweighted"] == pytest.approx(metrics["models"]["prefml"]["top1"])
    assert found["audit"]["effective_sets"] == pytest.approx(130**2 / 1030)
    assert found["risk_coverage"]["prefml"][-1] == pytest.approx([1.0, 1 - expected], abs=1e-5)
