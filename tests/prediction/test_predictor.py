from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from prefml.exceptions import EncoderMismatchError, ModelFileError, SidecarError, WorkspaceError
from prefml.models.store import save_model
from prefml.prediction import PictureRows, Predictor
from prefml.ranking.rejection import RejectionModel
from prefml.sidecars.store import Sidecars
from prefml.workspace import Config, Workspace

ENCODER = {"id": "tower", "identity": "0" * 16, "name": "folder/tower"}


class Ranker:
    """Ranker by the stage, which gives no reasons."""

    def predict(self, X):
        return X["stage"].to_numpy(float)

    def win_probability(self, X, set_id):
        return np.full(len(X), 1 / len(X))

    def explain(self, X, set_id):
        return []


class Explained(Ranker):
    def explain(self, X, set_id):
        return [SimpleNamespace(reasons=[SimpleNamespace(name="sharper", contribution=0.5)])]


class Cropper:
    """Cropper that keeps what it is asked."""

    def propose(self, X, **named):
        self.X, self.named = X, named
        box = SimpleNamespace(box=np.array([0.0, 0.0, 0.5, 0.5]), probability=0.2)
        return [
            SimpleNamespace(
                keep_probability=0.25, box=np.array([0.1, 0.1, 0.9, 0.9]), probability=0.5,
                alternatives=[box], reasons=["head kept"], certainty="fairly sure",
            )
        ]  # fmt: skip


def save(workspace, model, kind, **facts):
    return save_model(
        model, workspace.artifacts / f"{kind}.joblib", kind, {"encoder": None} | facts
    )


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path)


@pytest.fixture
def predictor(workspace):
    """Return a predictor without models, beside sidecars of two pictures."""
    index = pd.DataFrame(
        {"project": ["p", "p"], "filename": ["20250101_000001_stage1_generated.png", "b.png"]}
    )
    cues = pd.DataFrame({"width": [10.0, 30.0], "height": [20.0, 40.0]})
    made = Predictor(workspace, None, None, {}, "builtin")
    vectors = np.array([[1, 0], [0, 1]], np.float32)
    made.__dict__["sidecars"] = Sidecars(index, vectors, np.array(["0", "1"]), cues, None, "")
    return made


def pictures(*stages):
    n = len(stages)
    names = tuple(f"{i}.png" for i in range(n))
    size = np.tile([[200.0, 100.0]], (n, 1))
    vectors = np.arange(2 * n, dtype=np.float32).reshape(n, 2)
    return PictureRows(
        names, size, np.array(stages, float), vectors, pd.DataFrame({"sharpness": np.ones(n)})
    )


def test_pictures_are_looked_up_in_the_order_asked_for(predictor):
    rows = predictor.from_sidecars("p", ["b.png", "20250101_000001_stage1_generated.png"])
    assert rows.names == ("b.png", "20250101_000001_stage1_generated.png")
    assert rows.size.tolist() == [[30, 40], [10, 20]]
    assert rows.embeddings.tolist() == [[0, 1], [1, 0]]
    assert rows.project == "p"
    assert np.isnan(rows.stage[0])
    assert rows.stage[1] == 1
    assert len(rows) == 2


def test_a_picture_without_a_row_is_named_with_its_project_and_the_command(predictor):
    with pytest.raises(SidecarError, match=r"no sidecar of p/c\.png.*prefml embed"):
        predictor.from_sidecars("p", ["20250101_000001_stage1_generated.png", "c.png"])
    with pytest.raises(SidecarError, match=r"no sidecar of q/b\.png"):
        predictor.from_sidecars("q", ["b.png"])


def test_pictures_of_the_sidecars_are_scored_in_the_order_of_their_rows(predictor):
    predictor.sidecars.index["filename"] = [
        f"20250101_00000{i}_{word}.png" for i, word in enumerate(("stage1_generated",
                                                                 "stage3_enhanced"))
    ]  # fmt: skip
    rows, sets = np.array([1, 0]), np.zeros(2, int)
    with pytest.raises(ModelFileError, match="ranker"):
        predictor.score(rows, sets)
    predictor.ranker = Ranker()
    assert predictor.score(rows, sets).tolist() == [3.0, 1.0]


def test_stages_follow_from_what_makes_a_set(predictor):
    name = "20250101_000001_stage1_generated.png"
    assert predictor.from_sidecars("p", [name]).stage.tolist() == [1.0]
    by_folder = replace(predictor.workspace, config=Config(rule="folder"))
    other = Predictor(by_folder, None, None, {}, "builtin")
    other.__dict__["sidecars"] = predictor.sidecars
    assert np.isnan(other.from_sidecars("p", [name]).stage).all()


def test_sidecars_that_were_replaced_are_read_anew(predictor):
    predictor.reload_sidecars()
    with pytest.raises(SidecarError, match="prefml embed"):
        predictor.from_sidecars("p", ["b.png"])


def test_no_pictures_cannot_be_measured(predictor):
    with pytest.raises(WorkspaceError, match="no pictures; expected at least one"):
        predictor.measure([])


def test_measured_pictures_keep_their_order_and_sizes(predictor, tmp_path):
    sizes = {"20250101_000001_stage2_upscaled.png": (40, 20), "two.png": (24, 36)}
    for name, size in sizes.items():
        Image.new("RGB", size, (9, 99, 200)).save(tmp_path / name)
    rows = predictor.measure([tmp_path / name for name in sizes], "p")
    assert rows.names == tuple(sizes)
    assert rows.size.tolist() == [list(size) for size in sizes.values()]
    assert rows.stage[0] == 2
    assert np.isnan(rows.stage[1])
    assert len(rows.embeddings) == len(rows.cues) == 2
    assert rows.project == "p"


def test_without_any_model_the_command_that_trains_is_named(workspace):
    with pytest.raises(ModelFileError, match="run: prefml train"):
        Predictor.open(workspace)


def test_a_model_that_was_never_trained_is_none_and_cannot_be_asked(workspace):
    save(workspace, Cropper(), "crop")
    found = Predictor.open(workspace)
    assert (found.ranker, set(found.manifests)) == (None, {"crop"})
    with pytest.raises(ModelFileError, match=r"no ranker model; .* run: prefml train"):
        found.rank(pictures(1, 2))
    (workspace.artifacts / "crop.joblib").unlink()
    save(workspace, Ranker(), "ranker")
    with pytest.raises(ModelFileError, match=r"no crop model; .* run: prefml train"):
        Predictor.open(workspace).crop(pictures(1))


def test_a_model_of_other_cues_is_not_opened(workspace):
    save(workspace, Ranker(), "ranker", cues="0123")
    with pytest.raises(ModelFileError, match="trained on cues 0123"):
        Predictor.open(workspace)


def test_pictures_are_encoded_by_the_encoder_of_the_model_unless_another_is_named(workspace):
    save(workspace, Ranker(), "ranker", encoder=ENCODER)
    assert Predictor.open(workspace).encoder_name == "folder/tower"
    assert Predictor.open(workspace, "builtin").encoder_name == "builtin"


def test_an_encoder_with_other_vectors_is_refused_when_it_is_opened(workspace):
    save(workspace, Ranker(), "ranker", encoder=ENCODER)
    opened = Predictor.open(workspace, "builtin", device="cpu")
    with pytest.raises(EncoderMismatchError, match="those of tower"):
        _ = opened.encoder


def test_pictures_are_ranked_by_score_and_equal_ones_stay_as_they_came(workspace):
    save(workspace, Ranker(), "ranker")
    ranking = Predictor.open(workspace).rank(pictures(1, 3, 2, 3))
    assert ranking.order == (1, 3, 2, 0)
    assert ranking.scores.tolist() == [1, 3, 2, 3]
    assert ranking.probabilities.tolist() == [0.25] * 4
    assert ranking.why == ()


def test_reasons_are_those_of_the_ranker(workspace):
    save(workspace, Explained(), "ranker")
    (reason,) = Predictor.open(workspace).rank(pictures(1, 2)).why
    assert (reason.reason, reason.contribution) == ("sharper", 0.5)


def test_a_proposal_is_told_in_plain_values(workspace):
    save(workspace, Cropper(), "crop")
    found = Predictor.open(workspace).crop(pictures(1, 2), 1)
    assert (found.box, found.keep_probability) == ((0.1, 0.1, 0.9, 0.9), 0.25)
    assert found.alternatives == (((0.0, 0.0, 0.5, 0.5), 0.2),)
    assert (found.reasons, found.certainty) == (("head kept",), "fairly sure")


@pytest.mark.parametrize("encoder", [None, ENCODER], ids=["without", "with"])
def test_a_crop_model_is_shown_vectors_only_if_it_learned_from_them(workspace, encoder):
    save(workspace, Cropper(), "crop", encoder=encoder)
    predictor = Predictor.open(workspace)
    predictor.crop(pictures(1, 2), 1, aspect=0.8)
    asked = predictor.cropper
    assert len(asked.X) == 1
    assert asked.X["stage"].tolist() == [2]
    assert [name for name in asked.X if name.startswith("emb__")] == (
        [] if encoder is None else ["emb__0000", "emb__0001"]
    )
    assert asked.named["aspect"] == 0.8
    assert asked.named["size"].tolist() == [[200, 100]]
    assert asked.named["hands"] is None


class ByStage:
    """Scores pictures by their stage."""

    def predict(self, X):
        return X["stage"].to_numpy(float)


def test_the_probability_that_none_is_good_is_that_of_the_model_of_rejections(predictor):
    rows = pictures(1, 2, 3)
    assert predictor.none_probability(rows) is None
    predictor.ranker = ByStage()
    assert predictor.none_probability(rows) is None
    predictor.rejection = RejectionModel().fit_sets(np.zeros((20, 2)), np.arange(20) < 6)
    assert predictor.none_probability(rows) == pytest.approx(7 / 23)


def test_a_model_of_rejections_alone_predicts_nothing(workspace):
    model = RejectionModel().fit_sets(np.zeros((20, 2)), np.arange(20) < 6)
    path = workspace.artifacts / "rejection.joblib"
    save_model(model, path, "rejection", {"encoder": None})
    with pytest.raises(ModelFileError, match=r"no model .*ranker\.joblib"):
        Predictor.open(workspace)
