"""The settings of new pictures reach a ranker that goes by them."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image, PngImagePlugin

from prefml.decisions.set_rule import SetRule
from prefml.encoders import open_encoder
from prefml.features.settings import encode_settings
from prefml.features.tables import image_rows
from prefml.prediction import Predictor
from prefml.prediction.columns import (
    set_columns,
    settings_used,
    stored_columns,
    with_settings_used,
)
from prefml.ranking import SetRanker
from prefml.ranking.export import to_plain
from prefml.sidecars.generator import settings_frame, settings_in
from prefml.sidecars.store import Sidecars
from prefml.workspace import Workspace

USED = ("denoise", "sampler=Euler a")


def infotext(denoise):
    return f"a secret garden\nSteps: 20, Sampler: Euler a, Denoising strength: {denoise}"


@pytest.fixture(scope="module")
def ranker():
    """A ranker that has learned that the lower denoise wins, in any project."""
    rng = np.random.default_rng(0)
    denoise = rng.uniform(0.1, 0.9, 240)
    texts = [{"parameters": infotext(value)} for value in denoise]
    encoded = encode_settings(settings_frame(map(settings_in, texts)), USED)
    set_id = np.arange(240) // 2
    cues = pd.DataFrame({"sharpness": rng.random(240)})
    X = image_rows(rng.random((240, 3)), cues, np.full(240, np.nan), set_id, encoded)
    y = (denoise.reshape(-1, 2) == denoise.reshape(-1, 2).min(axis=1, keepdims=True)).ravel()
    model = SetRanker(linear=[["cue"]], n_estimators=0, optional=["setting"], calibration="auto")
    return model.fit(X, y.astype(int), set_id=set_id, groups=set_id % 4)


@pytest.fixture
def workspace(tmp_path):
    """Two pictures that differ in nothing but their denoise."""
    for name, denoise in (("a.png", 0.8), ("b.png", 0.3)):
        texts = PngImagePlugin.PngInfo()
        texts.add_text("parameters", infotext(denoise))
        (tmp_path / "images" / "p").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 64)).save(tmp_path / "images" / "p" / name, pnginfo=texts)
    return Workspace.open(tmp_path)


@pytest.fixture
def sidecars(workspace):
    paths = [workspace.root / "images" / "p" / name for name in ("a.png", "b.png")]
    index = pd.DataFrame(
        {
            "project": "p", "filename": ["a.png", "b.png"],
            "path": ["images/p/a.png", "images/p/b.png"],
            "file_size": [path.stat().st_size for path in paths],
            "mtime_ns": [path.stat().st_mtime_ns for path in paths],
        }
    )  # fmt: skip
    cues = pd.DataFrame({"sharpness": [0.5, 0.5], "width": 64.0, "height": 64.0})
    spec = open_encoder("builtin").spec
    return Sidecars(index, np.zeros((2, 3), np.float32), np.array(["0" * 16] * 2), cues, spec, "0")


def test_a_ranker_that_was_not_offered_settings_uses_none_and_files_are_not_read(
    workspace, sidecars
):
    X = image_rows(np.zeros((8, 3)), pd.DataFrame({"sharpness": np.arange(8.0)}), [np.nan] * 8,
                   np.arange(8) // 2)  # fmt: skip
    plain = SetRanker(linear=[["cue"]], n_estimators=0, optional=["setting"])
    plain.fit(X, [0, 1] * 4, set_id=np.arange(8) // 2)
    assert settings_used(None) == settings_used(plain) == []
    assert with_settings_used(workspace, sidecars, plain) is sidecars
    assert not (workspace.root / "sandbox").exists()


def test_settings_of_stored_pictures_decide(workspace, sidecars, ranker):
    assert set(settings_used(ranker)) >= {"denoise"}
    known = with_settings_used(workspace, sidecars, ranker)
    X = stored_columns(known, np.array([0, 1]), np.zeros(2, int), SetRule(), ranker)
    assert ranker.win_probability(X, set_id=[0, 0])[1] > 0.8
    unknown = stored_columns(sidecars, np.array([0, 1]), np.zeros(2, int), SetRule(), ranker)
    assert ranker.win_probability(unknown, set_id=[0, 0])[1] == pytest.approx(0.5)


def test_settings_of_pictures_that_are_measured_decide_and_are_named(workspace, ranker):
    predictor = Predictor(workspace, ranker, None, {}, "builtin")
    rows = predictor.measure(
        [workspace.root / "images" / "p" / name for name in ("a.png", "b.png")]
    )
    shrunk = replace(rows, embeddings=rows.embeddings[:, :3], cues=rows.cues[["sharpness"]])
    assert list(set_columns(shrunk, ranker).filter(like="setting__")) == [
        f"setting__{name}" for name in settings_used(ranker)
    ]
    found = predictor.rank(shrunk)
    assert found.order == (1, 0)
    assert found.why[0].reason == "lower denoise"


def test_no_word_of_a_prompt_is_in_a_model(workspace, sidecars, ranker):
    known = with_settings_used(workspace, sidecars, ranker)
    document, texts = to_plain(ranker)
    for written in (pickle.dumps(ranker), json.dumps([document, texts]).encode()):
        assert b"denoise" in written
        assert b"secret" not in written
    assert "secret" not in known.settings.to_csv()
