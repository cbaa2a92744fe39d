import json
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from prefml.exceptions import ModelFileError, NotEnoughDataError
from prefml.models import kinds, training
from prefml.models.history import list_models, roll_back, training_lock
from prefml.models.manifest import read_manifest
from prefml.models.promotion import Verdict, promote
from prefml.models.store import load_model
from prefml.models.training import train
from prefml.ranking import SetRanker
from prefml.ranking.rejection import RejectionModel
from prefml.suggest.budget import Stated, read_budget
from prefml.workspace import Workspace

from .made_up import Cropper, Ranker, choices, crops
from .made_up_pictures import made_up_data


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
        "decisions_sha256", "last_decision", "counts", "fold_scores", "left_out", "size",
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
    assert caught.value.run == "prefml embed, then prefml ingest"


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


@pytest.fixture
def learn_all(workspace, monkeypatch):
    """Return a function that trains a ranker on made-up pictures, and what goes along with it."""

    def make():
        return SetRanker(
            n_estimators=20, min_child_samples=5, linear=[["cue__"]], calibration="auto",
            random_state=0,
        )  # fmt: skip

    def run(force=False, **words):
        data = made_up_data(**{"crops": False, **words})
        monkeypatch.setattr(training, "read_training_data", lambda where: data)
        monkeypatch.setitem(kinds.BY_NAME, "ranker", replace(kinds.RANKER, make=make))
        (result,) = train(workspace, ["ranker"], force=force)
        return result

    return run


def manifest_of(workspace, kind="ranker"):
    return read_manifest(workspace.artifacts / f"{kind}.joblib")


def test_what_tells_rejected_sets_is_trained_along_with_the_ranker(learn_all, workspace):
    rejection = learn_all().rejection
    assert rejection.verdict.accepted
    assert rejection.counts == {"reviewed_sets": 100, "rejected": 20, "projects": 4}
    assert {"log_loss", "brier", "auc"} <= set(rejection.scores)
    assert isinstance(load_model(rejection.path, "rejection"), RejectionModel)
    sha256 = manifest_of(workspace, "rejection").sha256
    assert manifest_of(workspace).rejection_sha256 == sha256
    assert not (workspace.artifacts / "candidate").exists()


def test_too_few_reviewed_sets_are_said_and_the_ranker_is_trained_all_the_same(
    learn_all, workspace
):
    result = learn_all(accepted=4, rejected=2)
    assert result.verdict.accepted
    assert result.rejection.path is None
    assert result.rejection.why_not == "6 reviewed sets, at least 10 are needed"
    assert manifest_of(workspace).rejection_sha256 is None


def test_a_ranker_carries_its_promises_in_its_manifest(learn_all, workspace):
    learn_all(rejected=0)
    document = manifest_of(workspace).document
    assert document["projects"] == ["p0", "p1", "p2", "p3"]
    found = {(row["promise"], row["budget"]): row for row in document["auto_approve"]}
    assert found["seen", 0.1]["threshold"] is not None
    budget = read_budget(document, 0.1, manifest_of(workspace, "rejection").sha256)
    assert budget.thresholds["seen"] == found["seen", 0.1]["threshold"]
    assert budget.contains(Stated("p0", 1.0, 0.0))


def test_after_a_rollback_the_promises_are_those_of_the_model_that_is_back(learn_all, workspace):
    found = []
    for seed in (0, 1):
        learn_all(rejected=0, seed=seed, force=True)
        found.append((manifest_of(workspace), manifest_of(workspace, "rejection")))
    assert found[0][0].document["auto_approve"] != found[1][0].document["auto_approve"]
    roll_back(workspace, "ranker")
    ranker, rejection = manifest_of(workspace), manifest_of(workspace, "rejection")
    assert ranker.document == found[0][0].document
    assert ranker.rejection_sha256 == rejection.sha256 == found[0][1].sha256
    assert not read_budget(ranker.document, 0.1, rejection.sha256).problem


def test_the_same_ranker_promises_by_the_rejections_that_came_since(learn_all, workspace):
    learn_all(rejected=0, accepted=80)
    before = manifest_of(workspace)
    result = learn_all(rejected=19, accepted=80, unlike=0.0)
    after = manifest_of(workspace)
    assert after.sha256 == before.sha256
    assert result.verdict.reason == "the same as the model in use"
    row = next(r for r in after.document["auto_approve"] if r["budget"] == 0.1)
    assert (row["promise"], row["threshold"], row["why"]) == ("seen", None, "rejections")


def test_a_refused_ranker_leaves_what_tells_rejected_sets_as_it_is(
    learn_all, workspace, monkeypatch
):
    learn_all()
    before = manifest_of(workspace), manifest_of(workspace, "rejection")
    monkeypatch.setattr(training, "promote", lambda *_: Verdict(False, "worse"))
    result = learn_all(seed=1)
    assert result.rejection.path is None
    assert "refused" in result.rejection.why_not
    assert (manifest_of(workspace), manifest_of(workspace, "rejection")) == before


def test_a_refused_model_of_rejections_leaves_the_ranker_without_a_promise(
    learn_all, workspace, monkeypatch
):
    def refuse_rejections(where, kind, *rest):
        if kind.name == "rejection":
            return Verdict(False, "worse")
        return promote(where, kind, *rest)

    learn_all(rejected=0)
    monkeypatch.setattr(training, "promote", refuse_rejections)
    learn_all(rejected=0, seed=1, force=False)
    document = manifest_of(workspace).document
    assert document["rejection_sha256"] is None
    sha256 = manifest_of(workspace, "rejection").sha256
    assert "none is good" in read_budget(document, 0.1, sha256).problem
