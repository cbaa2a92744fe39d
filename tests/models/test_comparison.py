from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from prefml.exceptions import ModelFileError, NotEnoughDataError, SidecarError
from prefml.models import comparison, kinds, store
from prefml.models.approval import rejection_kind
from prefml.models.comparison import compare_models
from prefml.models.history import add_to_history
from prefml.models.replay import WINDOW
from prefml.models.store import save_model
from prefml.ranking.rejection import RejectionModel
from prefml.workspace import Workspace

from .made_up import Ranker, choices
from .made_up_pictures import made_up_data


@pytest.fixture
def compare(tmp_path, monkeypatch):
    """Return a function that compares a reversed ranker with a sound one that replaced it."""
    workspace = Workspace.open(tmp_path)
    # Trainings are seconds apart, which is how the history orders them.
    seconds = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=n) for n in range(1000))
    monkeypatch.setattr(store, "datetime", SimpleNamespace(now=lambda _: next(seconds)))

    def run(table, name="ranker", **facts):
        path = workspace.artifacts / "ranker.joblib"
        for model in (Ranker(weight=-1), Ranker()):
            save_model(model, path, "ranker", {"encoder": None, **facts})
            add_to_history(workspace, "ranker")
        data = SimpleNamespace(sidecars=None, choices=lambda: table)
        monkeypatch.setattr(comparison, "read_training_data", lambda where: data)
        made = replace(kinds.RANKER, table=lambda data: data.choices())
        monkeypatch.setitem(kinds.BY_NAME, "ranker", made)
        return compare_models(workspace, name)

    return run


def test_the_earlier_model_and_the_current_one_answer_the_latest_decisions(compare):
    table = choices(WINDOW + 50)
    # Turned round, the oldest decisions would count for the earlier model.
    table.y[:150] = 1 - table.y[:150]
    found = compare(table)
    assert found.kind == "ranker"
    assert found.name.startswith("ranker-2")
    assert (found.replay.n, found.replay.current, found.replay.candidate) == (WINDOW, 0.0, 1.0)


def test_an_earlier_model_may_be_named_in_full(compare):
    table = choices(40)
    name = compare(table).name
    assert compare(table, name).name == name


@pytest.mark.parametrize("name", ["crop", "current", "ranker-1"])
def test_a_name_of_no_earlier_model_leads_to_the_list(compare, name):
    with pytest.raises(ModelFileError, match=rf"no earlier model '{name}'.*run: prefml models"):
        compare(choices(40), name)


def test_models_that_learned_from_pictures_are_not_asked_without_them(compare):
    encoder = {"id": "tower", "identity": "0" * 16, "name": "tower"}
    with pytest.raises(SidecarError, match="prefml embed --encoder tower"):
        compare(choices(40), encoder=encoder)


def test_models_of_other_cues_are_not_asked(compare):
    with pytest.raises(ModelFileError, match="trained on cues 0123"):
        compare(choices(40), cues="0123")


def test_too_few_decisions_compare_nothing(compare):
    with pytest.raises(NotEnoughDataError, match="9 sets, at least 10 are needed"):
        compare(choices(9))


def test_a_damaged_model_is_no_earlier_one(compare, tmp_path):
    name = compare(choices(40)).name
    assert np.isfinite(compare(choices(40), name).replay.p_value)
    (tmp_path / "artifacts" / "history" / f"{name}.joblib").write_bytes(b"changed")
    with pytest.raises(ModelFileError, match="no earlier model"):
        comparison.compare_models(Workspace.open(tmp_path), name)


def test_models_of_rejections_are_compared_by_the_scores_of_the_ranker_in_use(
    tmp_path, monkeypatch
):
    workspace, data = Workspace.open(tmp_path), made_up_data(crops=False)
    monkeypatch.setattr(comparison, "read_training_data", lambda where: data)
    facts = {"encoder": None}
    save_model(BySharpness(), workspace.artifacts / "ranker.joblib", "ranker", facts)
    table = rejection_kind(BySharpness()).table(data)
    path = workspace.artifacts / "rejection.joblib"
    for rejected in (~table.rejected, table.rejected):
        model = RejectionModel().fit_sets(table.features, rejected, table.weight)
        # The one before goes into the history.
        add_to_history(workspace, "rejection")
        save_model(model, path, "rejection", facts)
    found = compare_models(workspace, "rejection")
    assert (found.kind, found.replay.n) == ("rejection", 100)
    assert found.replay.candidate > found.replay.current


class BySharpness:
    """Ranker by one cue."""

    def predict(self, X):
        return X["cue__sharpness"].to_numpy(float)
