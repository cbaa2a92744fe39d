from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from prefml.evaluation.choices import ChoiceRuns
from prefml.evaluation.crops import CropRuns
from prefml.evaluation.crossval import Contender, held_out_boxes, held_out_scores
from prefml.evaluation.folds import make_folds
from prefml.features import ChoiceTable, CropTable


class LinearScore:
    """Ranker by one column, which states probabilities as a softmax."""

    def __init__(self, column="signal", sign=1.0):
        self.column, self.sign = column, sign

    def fit(self, X, y, set_id, groups=None, sample_weight=None):
        self.seen_ = {"rows": len(X), "groups": groups, "weight": sample_weight, "X": X}
        return self

    def predict(self, X):
        return self.sign * np.asarray(X[self.column], float)

    def probability_of(self, scores, sets):
        raised = np.exp(scores)
        return raised / sets.reduce(np.add, raised)[sets.codes]

    def importances(self, X, set_id):
        return {"content": 0.25, "sharpness": 0.75}


class SameBox:
    """Cropper to one box."""

    def __init__(self, box=(0.0, 0.0, 1.0, 1.0)):
        self.box = box

    def fit(self, X, boxes, **extras):
        return self

    def predict(self, X, size=None):
        return np.tile(self.box, (len(X), 1))


def choices(sets=40, projects=4, seed=0) -> ChoiceTable:
    rng = np.random.default_rng(seed)
    number = np.repeat(np.arange(sets), 2)
    stage = np.tile([1.0, 2.0], sets)
    lower = np.repeat(np.arange(sets) % 10 == 0, 2)
    y = np.where(lower, stage == 1, stage == 2).astype(int)
    project = np.array([f"p{n % projects}" for n in number], dtype=object)
    X = pd.DataFrame({"signal": y + rng.normal(0, 0.7, len(y)), "stage": stage})
    X["emb__0000"] = rng.normal(size=len(y))
    return ChoiceTable(
        X=X,
        y=y,
        set_id=np.array([f"s{n}" for n in number], dtype=object),
        project=project,
        filename=np.array([f"{n}_{s:g}.png" for n, s in zip(number, stage, strict=True)], object),
        session_id=np.array([f"d{n % 3}" for n in number], dtype=object),
        stage=stage,
        timestamp=np.full(len(y), np.datetime64("2025-01-01"), dtype="datetime64[ns]"),
        weight=np.ones(len(y)),
        hashes=np.array(
            [f"{v:016x}" for v in rng.integers(0, 2**63, len(y), dtype=np.uint64)], dtype=object
        ),
        inclusion=np.ones(len(y)),
    )


def crops(rows=40, projects=4, seed=0) -> CropTable:
    rng = np.random.default_rng(seed)
    left = rng.uniform(0, 0.4, rows)
    boxes = np.column_stack([left, left, left + 0.5, left + 0.5])
    boxes[::8] = [0, 0, 1, 1]
    size = np.tile([[400.0, 300.0], [300.0, 400.0]], (rows // 2, 1))
    return CropTable(
        X=pd.DataFrame({"width": size[:, 0], "height": size[:, 1], "emb__0000": left}),
        boxes=boxes,
        size=size,
        project=np.array([f"p{i % projects}" for i in range(rows)], dtype=object),
        filename=np.array([f"{i}.png" for i in range(rows)], dtype=object),
        session_id=np.array([f"d{i % 3}" for i in range(rows)], dtype=object),
        stage=np.where(np.arange(rows) % 5 == 0, np.nan, 2.0),
        timestamp=np.full(rows, np.datetime64("2025-01-01"), dtype="datetime64[ns]"),
        weight=np.ones(rows),
    )


@pytest.fixture
def choice_table() -> ChoiceTable:
    return choices()


@pytest.fixture
def crop_table() -> CropTable:
    return crops()


@pytest.fixture
def rankers() -> list[Contender]:
    return [
        Contender("prefml", lambda seed: LinearScore(), "", "prefml"),
        Contender("highest_stage", lambda seed: LinearScore("stage"), "", "highest stage"),
        Contender("linear", lambda seed: LinearScore("emb__0000"), "emb__", "linear"),
    ]


@pytest.fixture
def croppers() -> list[Contender]:
    return [
        Contender("prefml", lambda seed: SameBox((0.2, 0.2, 0.7, 0.7)), "", "prefml"),
        Contender("full_frame", lambda seed: SameBox(), "", "full frame"),
    ]


@pytest.fixture
def choice_runs(choice_table, rankers) -> ChoiceRuns:
    t = choice_table
    rounds = [make_folds(t.project, t.session_id, t.set_id, t.hashes, seed=s) for s in range(2)]
    runs = {
        e.name: [held_out_scores(e, t, f.folds, s) for s, f in enumerate(rounds)] for e in rankers
    }
    return ChoiceRuns(t, rounds, runs)


@pytest.fixture
def crop_runs(crop_table, croppers) -> CropRuns:
    t = crop_table
    rounds = [make_folds(t.project, t.session_id, np.arange(len(t)))]
    runs = {e.name: [held_out_boxes(e, t, rounds[0].folds, 0)] for e in croppers}
    return CropRuns(t, rounds, runs)
