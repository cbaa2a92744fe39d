from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prefml.evaluation import per_project
from prefml.evaluation.per_project import compare_per_project, split_by_time
from prefml.ranking import PairwiseLogistic


@pytest.fixture
def dated(choice_table):
    number = np.array([int(name[1:]) for name in choice_table.set_id])
    day = np.timedelta64(1, "D").astype("timedelta64[ns]")
    return replace(choice_table, timestamp=np.datetime64("2025-01-01", "ns") + number * day)


class Own(PairwiseLogistic):
    def fit(self, X, y, set_id=None, groups=None, sample_weight=None, **of_calibration):
        return super().fit(X, y, set_id=set_id, sample_weight=sample_weight)


def test_later_choices_are_the_last_of_each_project(dated):
    fold = split_by_time(dated)

    for project in np.unique(dated.project):
        inside = dated.project == project
        times = [dated.timestamp[rows[inside[rows]]] for rows in (fold.train, fold.test)]
        assert times[0].max() < times[1].min()
        assert len(times[1]) == 6


def test_no_set_is_both_earlier_and_later(dated):
    fold = split_by_time(dated)

    assert not set(dated.set_id[fold.train]) & set(dated.set_id[fold.test])


def test_choices_without_a_time_are_earlier(dated):
    time = dated.timestamp.copy()
    time[dated.set_id == "s36"] = np.datetime64("NaT")

    fold = split_by_time(replace(dated, timestamp=time))

    assert "s36" in dated.set_id[fold.train]


def test_too_few_choices_for_an_own_ranker_are_not_compared(dated):
    assert compare_per_project(Own(), dated) is None


def test_both_options_are_measured_on_the_same_sets(dated, monkeypatch):
    few = per_project.PerProjectRanker
    monkeypatch.setattr(per_project, "PerProjectRanker", lambda ranker: few(ranker, min_sets=5))

    found = compare_per_project(Own(), dated)

    assert (found["sets"], found["projects"]) == (12, 4)
    assert found["lead"]["top1"] == pytest.approx(found["own"]["top1"] - found["together"]["top1"])
