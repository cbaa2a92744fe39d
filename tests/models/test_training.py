import json
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from prefml.exceptions import ModelFileError, NotEnoughDataError
from prefml.models import kinds, training
from prefml.models.history import list_models, training_lock
from prefml.models.manifest import read_manifest
from prefml.models.store import load_model
from prefml.models.training import train
from prefml.workspace import Workspace

from .made_up import Cropper, Ranker, choices, crops


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path)


@pytest.fixture
def learn(workspace, monkeypatch):
    """Return a function that trains made-up models on made-up decisions."""

    def run(*which, sets=60, n_crops=60, weight=1.0, log="a", **options):
        frame = pd.DataFrame({"row": [log]})
        decisions = SimpleNamespace(items=frame, crops=frame)
        data = SimpleNamespace(sidecars=None, decisions=decisions)
        monkeypatch.setattr(training, "read_training_data", lambda where: data)
        for kind, table, model in (
            (kinds.RANKER, replace(choices(sets), left_out={"no_sidecar": 2}), Ranker(weight)),
            (kinds.CROP, crops(n_crops), Cropper()),
        ):
            made = replace(
                kind,
                table=lambda data, table=table: table,
                make=lambda model=model: model,
                fit=lambda model, table, rows: model,
                fold_scores=lambda model, table: {"top1": 0.5},
            )
            monkeypatch.setitem(kinds.BY_NAME, kind.name, made)
        return train(workspace, which or ("ranker", "crop"), **options)

    return run


def test_each_model_is_put_to_use_with_its_numbers(learn, workspace):
    ranker, crop = learn()
    assert (ranker.kind, crop.kind) == ("ranker", "crop")
    assert ranker.path == workspace.artifacts / "ranker.joblib"
    assert ranker.counts == {"sets": 60, "images": 180, "projects": 1}
    assert (ranker.scores, ranker.left_out) == ({"top1": 0.5}, {"no_sidecar": 2})
    assert ranker.verdict.accepted
    assert crop.counts["crops"] == 60
    assert not (workspace.artifacts / "candidate").exists()


def test_the_manifest_keeps_what_the_model_learned_from(learn, workspace):
    learn()
    manifest = read_manifest(workspace.artifacts / "ranker.joblib")
    assert manifest.counts == {"sets": 60, "images": 180, "projects": 1}
    assert (manifest.fold_scores, manifest.left_out) == ({"top1": 0.5}, {"no_sidecar": 2})
    assert (manifest.encoder, manifest.cues) == (None, None)
    assert manifest.last_decision.startswith("2025-03-01T00:00:00")


def test_the_keys_of_a_manifest_keep_their_order(learn, workspace):
    learn("crop")
    content = json.loads((workspace.artifacts / "crop.manifest.json").read_text())
    assert list(content) == [
        "format", "kind", "class", "sha256", "written", "versions", "encoder", "cues",
        "decisions_sha256", "last_decision", "counts", "fold_scores", "left_out",
    ]  # fmt: skip


def test_the_same_decisions_have_the_same_hash_and_others_another(learn, workspace):
    found = []
    for log in ("a", "a", "b"):
        learn("crop", log=log)
        found.append(read_manifest(workspace.artifacts / "crop.joblib").decisions_sha256)
    # The third training made the same model of other decisions, so the second manifest stays.
    assert found[0] == found[1] == found[2]
    learn("crop", log="b", force=True)
    assert read_manifest(workspace.artifacts / "crop.joblib").decisions_sha256 != found[0]


def test_a_model_that_cannot_be_trained_is_named_beside_the_other(learn, workspace):
    ranker, crop = learn(sets=3)
    assert (ranker.path, ranker.verdict) == (None, None)
    assert ranker.why_not.startswith("3 sets, at least 10 are needed")
    assert crop.path == workspace.artifacts / "crop.joblib"
    assert not (workspace.artifacts / "ranker.joblib").exists()


def test_if_none_can_be_trained_all_reasons_are_given(learn):
    with pytest.raises(NotEnoughDataError) as caught:
        learn(sets=3, n_crops=4)
    assert caught.value.found.startswith("ranker: 3 sets, at least 10")
    assert "; crop: 4 crops, at least 10" in caught.value.found
    assert caught.value.run == "prefml ingest"


def test_a_refused_model_waits_beside_the_one_in_use(learn, workspace):
    learn("ranker")
    (result,) = learn("ranker", weight=-1.0)
    assert not result.verdict.accepted
    assert result.path == workspace.artifacts / "candidate" / "ranker.joblib"
    assert load_model(workspace.artifacts / "ranker.joblib").weight == 1
    assert load_model(result.path).weight == -1


def test_a_forced_model_is_put_to_use_and_the_one_before_is_kept(learn, workspace):
    learn("ranker")
    learn("ranker", weight=-1.0)
    (result,) = learn("ranker", weight=-1.0, force=True)
    assert result.verdict.accepted
    assert load_model(workspace.artifacts / "ranker.joblib").weight == -1
    assert [load_model(model.path).weight for model in list_models(workspace)] == [-1, 1]
    assert not (workspace.artifacts / "candidate").exists()


def test_a_refused_model_of_the_other_kind_stays_where_it_is(learn, workspace):
    learn("ranker")
    (refused,) = learn("ranker", weight=-1.0)
    learn("crop")
    assert refused.path.exists()


def test_a_second_training_at_the_same_time_is_refused(learn, workspace):
    with (
        training_lock(workspace),
        pytest.raises(ModelFileError, match=r"another prefml train .* is at work"),
    ):
        learn()
