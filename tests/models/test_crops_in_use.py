from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from prefml.cropping.out_of_fold import HeldOutCrops
from prefml.models import crops_in_use
from prefml.models.crops_in_use import CropsInUse
from prefml.models.hashes import decisions_hash
from prefml.models.store import save_model
from prefml.workspace import Workspace

from .made_up_pictures import ENCODER, made_up_data
from .test_approval import learn


class Cropper:
    """States one probability for pictures it has not learned from."""

    def __init__(self, held_out):
        self.held_out_ = held_out

    def probability(self, X):
        return np.full(len(X), 0.25)


@pytest.fixture
def opened(tmp_path):
    """Return a function that puts a crop model to use and opens it beside scored sets."""

    def run(learned=None, encoder=True, shift=0.0, **words):
        _, scored, data = learn(**words)
        table = data.crops()
        boxes = np.clip(table.boxes + np.array([shift, 0, shift, 0]), 0, 1)
        model = Cropper(HeldOutCrops(boxes, np.linspace(0.5, 0.9, len(boxes))))
        about = {"id": ENCODER.id, "identity": ENCODER.identity, "name": "x"}
        facts = {
            "encoder": about if encoder else None,
            "decisions_sha256": decisions_hash((learned or data).decisions.crops),
        }
        workspace = Workspace.open(tmp_path)
        save_model(model, workspace.artifacts / "crop.joblib", "crop", facts)
        return CropsInUse.open(workspace, data, scored), scored

    return run


def test_crops_are_stated_by_held_out_proposals_and_others_by_the_model(opened):
    found, scored = opened()
    sets = found.add_to(scored.held_out(np.full(len(scored.scores), 0.5)), scored, scored.scores)
    right = sets.chosen == 1
    assert len(sets) == len(scored.sets)
    assert (sets.crop[right] >= 0.5).all()
    assert (sets.crop[~right] == 0.25).all()
    assert (sets.cropped == 1).all()


def test_held_out_proposals_far_from_the_persons_crops_are_wrong(opened):
    found, scored = opened(shift=0.4)
    sets = found.add_to(scored.held_out(np.full(len(scored.scores), 0.5)), scored, scored.scores)
    right = sets.chosen == 1
    assert sets.cropped[right].mean() < 0.6
    assert sets.correct[right].tolist() == sets.cropped[right].tolist()


def test_sets_whose_winner_has_no_crop_are_left_out_unless_they_were_rejected(opened):
    found, scored = opened()
    found = replace(found, table=replace(found.table, filename=found.table.filename.copy()))
    found.table.filename[::2] = [f"elsewhere{i}.png" for i in range(len(found.table) // 2)]
    sets = found.add_to(scored.held_out(np.full(len(scored.scores), 0.5)), scored, scored.scores)
    assert len(sets) == found.covers(scored).sum() + scored.is_rejected.sum() < len(scored.sets)
    assert sets.rejected.sum() == scored.is_rejected.sum()


def test_crops_of_fewer_winners_than_needed_are_no_part_of_it(opened, monkeypatch):
    monkeypatch.setattr(crops_in_use, "MIN_CROPS", 241)
    assert opened()[0] is None
    monkeypatch.setattr(crops_in_use, "MIN_CROPS", 240)
    assert opened()[0] is not None


def test_a_model_of_other_crops_than_are_known_now_is_no_part_of_it(opened):
    assert opened(learned=made_up_data(seed=1))[0] is None


def test_without_a_crop_model_there_is_none(tmp_path):
    _, scored, data = learn()
    assert CropsInUse.open(Workspace.open(tmp_path), data, scored) is None
    assert CropsInUse.open(Workspace.open(tmp_path), replace(data, sidecars=None), scored) is None


def test_a_model_without_pictures_is_asked_without_them(opened, monkeypatch):
    seen = []
    monkeypatch.setattr(Cropper, "probability", lambda self, X: seen.append(X) or np.ones(len(X)))
    for encoder in (True, False):
        found, scored = opened(encoder=encoder)
        found.add_to(scored.held_out(np.full(len(scored.scores), 0.5)), scored, scored.scores)
    with_pictures, without = (list(X.columns) for X in seen)
    assert "cue__side" in with_pictures
    assert without == ["width", "height", "aspect", "megapixels", "stage"]
    assert isinstance(seen[0], pd.DataFrame)
