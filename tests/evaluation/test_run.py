from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from prefml.evaluation import contenders, run
from prefml.evaluation.contenders import CROPPERS, RANKERS
from prefml.evaluation.run import Options, evaluate
from prefml.exceptions import NotEnoughDataError
from prefml.features import training_data
from prefml.features.training_data import TrainingData
from prefml.workspace import Workspace


@pytest.fixture
def made_up(monkeypatch, tmp_path, choice_table, crop_table, rankers, croppers):
    """Return a workspace whose decisions and sidecars are made up."""
    parts = SimpleNamespace(
        workspace=Workspace.open(tmp_path),
        choices=choice_table,
        crops=crop_table,
        rejected=empty(choice_table),
        reviewed=frozenset(),
        sidecars=SimpleNamespace(
            hashes=choice_table.hashes[:40],
            positions=lambda project, filename: np.arange(len(project)),
            settings=None,
        ),
    )
    decisions = SimpleNamespace(items=pd.DataFrame(), crops=pd.DataFrame())

    def read(workspace):
        return TrainingData(decisions, parts.sidecars)

    monkeypatch.setattr(run, "read_training_data", read)
    monkeypatch.setattr(training_data, "choice_table", lambda items, known: parts.choices)
    monkeypatch.setattr(training_data, "crop_table", lambda rows, known: parts.crops)
    monkeypatch.setattr(run, "rejected_sets", lambda made, known: parts.rejected)
    monkeypatch.setattr(run, "reviewed_sets", lambda made: parts.reviewed)
    monkeypatch.setattr(run, "RANKERS", rankers)
    monkeypatch.setattr(run, "CROPPERS", croppers)
    return parts


def empty(table):
    fields = {
        name: value[:0]
        for name, value in vars(table).items()
        if isinstance(value, np.ndarray | pd.DataFrame)
    }
    return replace(table, **fields)


def test_choices_and_crops_are_both_evaluated(made_up):
    found = evaluate(made_up.workspace)

    assert set(found.ranker["models"]) == {"prefml", "highest_stage", "linear"}
    assert set(found.crop["models"]) == {"prefml", "full_frame"}
    assert found.left_out == []


def test_where_no_picture_has_a_stage_the_highest_is_no_baseline(made_up):
    made_up.choices = replace(made_up.choices, stage=np.full(len(made_up.choices), np.nan))
    found = evaluate(made_up.workspace)

    assert set(found.ranker["models"]) == {"prefml", "linear"}
    assert found.left_out == ["highest stage: no picture has a stage"]


def test_every_model_is_run_with_every_seed(made_up):
    found = evaluate(made_up.workspace, Options(seeds=3))

    assert all(len(m["top1_by_seed"]) == 3 for m in found.ranker["models"].values())
    assert found.ranker["seeds"] == 3


def test_only_named_baselines_are_run(made_up):
    found = evaluate(made_up.workspace, Options(models=("linear", "full_frame")))

    assert set(found.ranker["models"]) == {"prefml", "linear"}


def test_the_learning_curve_ends_with_all_sets(made_up):
    points = evaluate(made_up.workspace).ranker["learning_curve"]

    assert [point["share"] for point in points] == [0.1, 0.3, 1.0]
    assert points[-1]["sets"] == 30


def test_progress_counts_every_job(made_up):
    totals = []

    def track(jobs, total):
        totals.append(total)
        return jobs

    evaluate(made_up.workspace, track=track)

    assert totals == [3 + 2 + 1, 2]


def test_two_processes_give_the_same_figures(made_up, monkeypatch):
    monkeypatch.setattr(run, "RANKERS", RANKERS[1:3])
    monkeypatch.setattr(run, "CROPPERS", CROPPERS[1:3])
    monkeypatch.setattr(run, "choice_metrics", lambda done: {"runs": done.runs})
    monkeypatch.setattr(run, "crop_metrics", lambda done: {"runs": done.runs})
    monkeypatch.setattr(run, "curve_point", lambda *given: None)
    monkeypatch.setattr(run, "SHARES", ())

    one, two = (evaluate(made_up.workspace, Options(jobs=jobs)) for jobs in (1, 2))

    for name, runs in one.choices.runs.items():
        assert np.array_equal(runs[0].scores, two.choices.runs[name][0].scores)
    for name, runs in one.crops.runs.items():
        assert np.array_equal(runs[0].boxes, two.crops.runs[name][0].boxes)


def test_too_few_choices_are_said_and_crops_evaluated(made_up):
    made_up.choices = empty(made_up.choices)

    found = evaluate(made_up.workspace)

    assert found.ranker is None
    assert found.crop is not None
    assert found.left_out == ["choices: 0 usable; expected at least 10"]


def test_too_few_crops_are_said_and_choices_evaluated(made_up):
    made_up.crops = empty(made_up.crops)

    found = evaluate(made_up.workspace)

    assert found.crop is None
    assert found.ranker is not None
    assert found.left_out == ["crops: 0 usable; expected at least 10"]


def test_without_sidecars_only_crops_are_evaluated(made_up):
    made_up.sidecars = None

    found = evaluate(made_up.workspace)

    assert found.ranker is None
    assert "no sidecars" in found.left_out[0]


def test_without_anything_the_next_step_is_named(made_up):
    made_up.sidecars, made_up.crops = None, empty(made_up.crops)

    with pytest.raises(NotEnoughDataError, match="run: prefml embed"):
        evaluate(made_up.workspace)


@pytest.mark.parametrize("missing", [{}, {"no_sidecar": 3}])
def test_where_there_are_sidecars_embedding_is_named_only_if_pictures_lack_them(made_up, missing):
    made_up.choices = replace(empty(made_up.choices), left_out=missing)
    made_up.crops = empty(made_up.crops)
    with pytest.raises(NotEnoughDataError) as caught:
        evaluate(made_up.workspace)
    embed = "prefml embed, then " if missing else ""
    assert caught.value.run == f"{embed}prefml ingest"


def test_what_the_tables_left_out_is_said(made_up):
    made_up.choices = replace(made_up.choices, left_out={"no_sidecar": 3})

    assert "3 sets: no sidecar" in evaluate(made_up.workspace).left_out


def test_that_torch_is_missing_is_said_once_and_first(made_up, monkeypatch):
    def net(name):
        return [replace(one, name=name) for one in RANKERS if one.name == "linear"]

    monkeypatch.setattr(contenders, "has_torch", lambda: False)
    monkeypatch.setattr(run, "RANKERS", [*run.RANKERS, *net("neural")])
    monkeypatch.setattr(run, "CROPPERS", [*run.CROPPERS, *net("neural_all_inputs")])
    made_up.choices = replace(made_up.choices, left_out={"no_sidecar": 3})

    first, *others = evaluate(made_up.workspace).left_out

    assert "torch" in first
    assert others == ["3 sets: no sidecar"]


def test_what_choices_and_crops_both_lack_is_said_once(made_up, monkeypatch):
    monkeypatch.setattr(run, "left_out_contenders", lambda *given: ["a model: no reason"])

    assert evaluate(made_up.workspace).left_out == ["a model: no reason"]


def test_one_project_is_held_out_by_session(made_up):
    made_up.choices = replace(made_up.choices, project=np.full(80, "p0", dtype=object))

    assert evaluate(made_up.workspace).ranker["folds_by"] == "session"


def test_before_any_review_choices_alone_are_measured(made_up):
    found = evaluate(made_up.workspace).ranker
    assert found["rejection"] is None
    assert {tuple(row["covers"]) for row in found["auto_approve"]} == {("winner",)}


def test_rejected_sets_are_scored_with_their_project_and_measured(made_up):
    made_up.rejected = replace(
        made_up.choices, y=np.zeros(80, int),
        set_id=np.array([f"r{name}" for name in made_up.choices.set_id], object),
    )  # fmt: skip
    made_up.reviewed = frozenset(made_up.choices.set_id.tolist())
    found = evaluate(made_up.workspace).ranker
    none = found["rejection"]
    assert (none["reviewed_sets"], none["rejected"], none["projects"]) == (80, 40, 4)
    assert 0 <= none["auc"] <= 1
    assert {tuple(row["covers"]) for row in found["auto_approve"]} == {("winner", "none")}
    assert {row["threshold"] for row in found["auto_approve"]} == {None}
