"""A thousand damaged copies of model files, their manifests and what they promise."""

import json
import warnings

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from prefml.models.history import list_models
from prefml.models.manifest import manifest_path
from prefml.models.store import load_model, save_model
from prefml.ranking.approval import fingerprint
from prefml.suggest.budget import read_budget, threshold_for

from . import logs
from .conftest import CASES, place
from .damage import Damage

ENCODER = {"id": "builtin-1", "identity": "0123456789abcdef", "name": "builtin"}
ROWS = [
    {"budget": b, "promise": "seen", "threshold": 1 - b, "coverage": 0.5, "error": b, "sets": 100}
    for b in (0.01, 0.05, 0.1)
]


@pytest.fixture
def model(tmp_path):
    fitted = LinearRegression().fit(np.eye(3), [1.0, 2.0, 3.0])
    path = tmp_path / "artifacts" / "ranker.joblib"
    return save_model(fitted, path, "ranker", {"encoder": ENCODER, "auto_approve": ROWS})


@pytest.fixture
def forgiving():
    """Let models say that other versions wrote them; damaged versions are no news here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.usefixtures("forgiving")
def test_a_damaged_manifest_loads_the_same_model_or_none(tmp_path, model, attack):
    workspace = logs.workspace(tmp_path)
    sound, damage = manifest_path(model).read_bytes(), Damage(101)

    def read(raw):
        place(manifest_path(model), raw)
        list_models(workspace)
        return load_model(model, "ranker")

    def judge(found):
        np.testing.assert_allclose(found.predict(np.eye(3)), [1.0, 2.0, 3.0])
        return "accepted"

    attack("model manifest", damage.copies(sound, CASES, damage.document), read, judge)


def test_a_damaged_model_file_is_refused_always(model, attack):
    sound, damage = model.read_bytes(), Damage(102)

    def read(raw):
        return raw, load_model(place(model, raw))

    def judge(pair):
        assert pair[0] == sound
        return "unchanged"

    counts = attack("model file", damage.copies(sound, CASES), read, judge)
    assert counts["refused"] > CASES * 0.8


def test_a_threshold_from_damaged_promises_is_a_share_or_none(attack):
    damage = Damage(103)

    def read(raw):
        try:
            rows = json.loads(raw)
        except (ValueError, RecursionError):
            rows = None
        return rows, threshold_for({"encoder": ENCODER, "auto_approve": rows}, 0.05)

    def judge(found):
        rows, threshold = found
        assert threshold is None or 0 <= threshold <= 1
        document = {"auto_approve": rows, "auto_approve_sha256": fingerprint(ROWS),
                    "rejection_sha256": "n"}  # fmt: skip
        promised = read_budget(document, 0.05, "n").thresholds
        assert promised.get("seen") is None or rows == ROWS
        return "no threshold" if threshold is None else "accepted"

    sound = json.dumps(ROWS).encode()
    counts = attack(
        "manifest, auto_approve", damage.copies(sound, CASES, damage.document), read, judge
    )
    assert counts["accepted"]
    assert counts["no threshold"]
