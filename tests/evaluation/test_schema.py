from __future__ import annotations

import json
from typing import get_args, get_origin, get_type_hints, is_typeddict

import msgspec
import pytest

from prefml.evaluation import per_project
from prefml.evaluation.choices import choice_metrics
from prefml.evaluation.crops import crop_metrics
from prefml.evaluation.learning_curve import curve_point
from prefml.evaluation.metrics_file import as_metrics, write_metrics
from prefml.evaluation.per_project import compare_per_project
from prefml.evaluation.run import Evaluation
from prefml.evaluation.schema import Metrics
from prefml.ranking import PairwiseLogistic
from prefml.status.measures import share

EFFECT = {
    "stage": 3.0, "setting": "denoise", "above": 0.45, "word": "DDIM", "sets": 120, "lost": 0.71,
    "lost_ci": [0.62, 0.79], "otherwise": 0.4, "p": 0.001,
}  # fmt: skip


class Own(PairwiseLogistic):
    def fit(self, X, y, set_id=None, groups=None, sample_weight=None, **of_calibration):
        return super().fit(X, y, set_id=set_id, sample_weight=sample_weight)


@pytest.fixture
def found(choice_runs, crop_runs, monkeypatch) -> Evaluation:
    few = per_project.PerProjectRanker
    monkeypatch.setattr(per_project, "PerProjectRanker", lambda ranker: few(ranker, min_sets=5))
    run, folds = choice_runs.runs["prefml"][0], choice_runs.folds[0].folds
    return Evaluation(
        choices=choice_runs,
        crops=crop_runs,
        ranker={
            **choice_metrics(choice_runs),
            "learning_curve": [curve_point(choice_runs.table, 1.0, folds, run)],
            "per_project": compare_per_project(Own(), choice_runs.table),
            "settings": [EFFECT],
        },
        crop=crop_metrics(crop_runs),
        consistency=share([True, False]),
        left_out=["3 sets: no sidecar"],
    )


def undeclared(value, declared, place="metrics"):
    """Name the entries of a document that its declaration lacks, or the other way round."""
    if is_typeddict(declared):
        hints = get_type_hints(declared)
        yield from (f"{place}.{name}" for name in hints.keys() ^ value.keys())
        for name in hints.keys() & value.keys():
            yield from undeclared(value[name], hints[name], f"{place}.{name}")
    elif isinstance(value, dict) and get_origin(declared) is dict:
        for name, entry in value.items():
            yield from undeclared(entry, get_args(declared)[1], f"{place}.{name}")
    elif isinstance(value, list) and get_origin(declared) is list:
        for entry in value:
            yield from undeclared(entry, get_args(declared)[0], f"{place}[]")
    elif value is not None:
        for option in get_args(declared):
            if is_typeddict(option) and isinstance(value, dict):
                yield from undeclared(value, option, place)


def test_every_entry_of_the_file_is_declared_and_every_declared_entry_is_there(found):
    metrics = as_metrics(found, "prefml evaluate")

    assert metrics["ranker"]["per_project"] is not None
    assert sorted(undeclared(metrics, Metrics)) == []


def test_the_file_is_read_back_as_declared(found, tmp_path):
    metrics = as_metrics(found, "prefml evaluate")
    path = write_metrics(metrics, tmp_path)

    assert msgspec.convert(json.loads(path.read_text()), Metrics) == metrics


def test_the_entries_keep_the_order_in_which_they_are_declared(found):
    metrics = as_metrics(found, "prefml evaluate")

    assert list(metrics) == list(get_type_hints(Metrics))
    for part in ("ranker", "crop"):
        (declared, _) = get_args(get_type_hints(Metrics)[part])
        assert list(metrics[part]) == list(get_type_hints(declared))


@pytest.mark.parametrize("part", ["ranker", "crop"])
def test_a_part_that_lacks_a_measure_is_not_written(found, part):
    del getattr(found, part)["models"]

    with pytest.raises(msgspec.ValidationError, match="models"):
        as_metrics(found, "prefml evaluate")


def test_a_measure_that_is_no_number_is_not_written(found):
    found.crop["kept_whole"] = "half"

    with pytest.raises(msgspec.ValidationError, match="kept_whole"):
        as_metrics(found, "prefml evaluate")
