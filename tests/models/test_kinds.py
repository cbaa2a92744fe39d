from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from prefml.exceptions import NotEnoughDataError
from prefml.features.rejections import RejectionTable
from prefml.features.training_data import MIN_DECISIONS
from prefml.models.kinds import BY_NAME, CROP, RANKER, REJECTION, per_project_kind
from prefml.ranking import PerProjectRanker

from .made_up import Cropper, Ranker, choices, crops


class Recorder:
    """Estimator that keeps what it is fitted on."""

    def fit(self, X, y, **named):
        self.X, self.y, self.named = X, y, named
        return self


def test_kinds_are_found_by_the_name_that_their_manifests_bear():
    assert {name: kind.file for name, kind in BY_NAME.items()} == {
        "ranker": "ranker.joblib",
        "crop": "crop.joblib",
        "rejection": "rejection.joblib",
    }


def rejections(n=60):
    """Return reviewed sets of which a third was rejected, as their first feature says."""
    rejected = np.arange(n) % 3 == 0
    features = np.column_stack([rejected + 0.1 * np.random.default_rng(0).normal(size=n), rejected])
    names = np.array([f"s{i}" for i in range(n)], object)
    project = np.array([f"p{i % 2}" for i in range(n)], object)
    return RejectionTable(
        features, rejected, names, project, np.zeros(n, "datetime64[ns]"), np.ones(n)
    )


def test_a_model_of_rejections_scores_one_less_the_squared_error():
    table = rejections()
    rows = np.arange(60) < 30
    model = REJECTION.fit(REJECTION.make(), table, np.ones(60, bool))
    stated = model.predict_sets(table.features[rows])
    np.testing.assert_allclose(
        REJECTION.score(model, table, rows), 1 - (stated - table.rejected[rows]) ** 2
    )
    assert REJECTION.counts(model, table) == {"reviewed_sets": 60, "rejected": 20, "projects": 2}
    assert REJECTION.decision_ids(table).tolist() == table.set_id.tolist()


def test_fold_scores_of_rejections_stand_beside_the_base_rate():
    found = REJECTION.fold_scores(None, rejections())
    assert set(found) == {"log_loss", "brier", "log_loss_base_rate", "brier_base_rate", "auc"}
    assert found["brier"] < found["brier_base_rate"]


def test_rejections_are_learned_along_with_a_ranker_only():
    with pytest.raises(NotEnoughDataError, match="no ranker's scores"):
        REJECTION.usable_table(None)


def test_a_ranker_is_fitted_on_the_rows_asked_for_with_their_sets_projects_and_weights():
    table = replace(choices(20), weight=np.repeat(np.arange(20.0), 3))
    rows = np.arange(60) >= 30
    model = RANKER.fit(Recorder(), table, rows)
    pd.testing.assert_frame_equal(model.X, table.X[rows])
    assert model.y.tolist() == table.y[rows].tolist()
    assert model.named["set_id"].tolist() == table.set_id[rows].tolist()
    assert model.named["groups"].tolist() == ["p"] * 30
    assert model.named["sample_weight"].tolist() == table.weight[rows].tolist()
    assert model.named["cluster_id"].tolist() == table.cluster_id[rows].tolist()


@pytest.mark.parametrize(
    ("projects", "groups"), [(["a", "b"], ["a", "b"]), (["a", "a"], ["s0", "s1"])]
)
def test_crops_of_one_project_are_held_out_by_session_instead(projects, groups):
    session = np.array([f"s{i % 2}" for i in range(60)], object)
    table = replace(crops(), project=np.array(projects * 30, object), session_id=session)
    rows = np.arange(60) < 6
    model = CROP.fit(Recorder(), table, rows)
    assert model.named["groups"].tolist() == groups * 3
    assert model.y.shape == (6, 4)
    assert model.named["size"].shape == (6, 2)


def hit_rate(y, scores):
    """Return the share of the pictures with the highest score that were chosen."""
    first = [label for label, score in zip(y, scores, strict=True) if score == max(scores)]
    return sum(first) / len(first)


@given(st.lists(st.integers(0, 2), min_size=30, max_size=30))
def test_a_choice_scores_the_share_of_those_ranked_first_that_were_chosen(scores):
    table = choices(10)
    table = replace(table, X=pd.DataFrame({"quality": np.array(scores, float)}))
    rows = np.arange(30) < 15
    found = RANKER.score(Ranker(), table, rows)
    wanted = [hit_rate(table.y[i : i + 3], scores[i : i + 3]) for i in range(0, 15, 3)]
    np.testing.assert_allclose(found, wanted)


@given(st.floats(0, 0.5))
def test_a_crop_scores_its_intersection_over_union(shift):
    found = CROP.score(Cropper(shift), crops(), np.arange(60) < 4)
    common = (0.5 - shift) * 0.5
    np.testing.assert_allclose(found, np.full(4, common / (0.5 - common)), atol=1e-12)


def test_a_choice_has_one_label_for_its_rows_and_every_crop_has_its_own():
    assert RANKER.decision_ids(choices(2)).tolist() == ["s0"] * 3 + ["s1"] * 3
    assert len(set(CROP.decision_ids(crops()))) == 60


@pytest.mark.parametrize("n_sets", [MIN_DECISIONS, MIN_DECISIONS + 1])
def test_enough_decisions_make_a_usable_table(n_sets):
    data = SimpleNamespace(choices=lambda: choices(n_sets))
    kind = replace(RANKER, table=lambda data: data.choices())
    assert kind.usable_table(data).n_sets == n_sets


def test_too_few_decisions_are_told_with_what_was_left_out():
    table = replace(crops(MIN_DECISIONS - 1), left_out={"no_sidecar": 3, "bad_box": 1})
    kind = replace(CROP, table=lambda data: table)
    with pytest.raises(NotEnoughDataError) as caught:
        kind.usable_table(None)
    assert caught.value.found == (
        f"{MIN_DECISIONS - 1} crops, at least {MIN_DECISIONS} are needed "
        "(1 left out for bad_box, 3 left out for no_sidecar)"
    )
    assert caught.value.run == "prefml embed, then prefml ingest"
    kind = replace(CROP, table=lambda data: replace(table, left_out={}))
    with pytest.raises(NotEnoughDataError) as caught:
        kind.usable_table(None)
    assert caught.value.run == "prefml ingest"


def test_fold_scores_of_choices_stand_beside_the_simple_rules():
    X = pd.DataFrame({"quality": np.zeros(30), "stage": np.tile([1.0, 2.0, 3.0], 10)})
    y = np.tile([0, 0, 1], 10)
    y[:3] = [1, 0, 0]
    table = replace(choices(10), X=X, y=y, stage=X["stage"].to_numpy())
    model = SimpleNamespace(out_of_fold_=y.astype(float))
    assert RANKER.fold_scores(model, table) == {
        "top1": 1.0,
        "top1_highest_stage": 0.9,
        "top1_random": 0.3333,
        "lower_stage_top1": 1.0,
    }


def test_without_stages_the_highest_is_no_score():
    table = replace(choices(10), stage=np.full(30, np.nan))
    found = RANKER.fold_scores(SimpleNamespace(out_of_fold_=np.zeros(30)), table)
    assert set(found) == {"top1", "top1_random"}


def test_fold_scores_that_do_not_exist_are_left_out():
    table = choices(10)
    table = replace(table, X=table.X.assign(stage=1.0), stage=np.ones(30))
    found = RANKER.fold_scores(SimpleNamespace(out_of_fold_=np.zeros(30)), table)
    assert set(found) == {"top1", "top1_highest_stage", "top1_random"}
    assert RANKER.fold_scores(SimpleNamespace(out_of_fold_=None), table) == {}
    model = SimpleNamespace(inner_iou_={"chosen": 0.123456, "constant": float("nan")})
    assert CROP.fold_scores(model, crops()) == {"iou_chosen": 0.1235}


def test_counts_are_of_the_whole_table():
    assert RANKER.counts(None, choices(7)) == {"sets": 7, "images": 21, "projects": 1}
    assert CROP.counts(None, crops(8)) == {"crops": 8, "projects": 1}


def test_rankers_of_single_projects_are_counted():
    model = per_project_kind().make()
    assert isinstance(model, PerProjectRanker)
    fitted = clone(model)
    fitted.own_ = {"p": None, "q": None}
    assert per_project_kind().counts(fitted, choices(7))["projects_with_their_own"] == 2
