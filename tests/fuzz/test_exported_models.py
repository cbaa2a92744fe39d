"""A thousand damaged copies of exported models: the same predictions, or a refusal."""

import numpy as np
import pytest

from prefml import SetRanker, load_exported
from prefml.models.exported import write_exported

from .conftest import CASES
from .damage import Damage

X = np.random.default_rng(0).normal(size=(60, 3))


@pytest.fixture
def exported(tmp_path):
    ranker = SetRanker(n_estimators=2, num_leaves=4, min_child_samples=2, linear=[[""]])
    ranker.fit(X, np.tile([0, 1], 30), set_id=np.repeat(np.arange(30), 2))
    return write_exported(ranker, tmp_path, "ranker", {"encoder": None}).path


@pytest.mark.parametrize("name", ["ranker.json", "ranker.trees0.txt"])
def test_a_damaged_export_predicts_the_same_or_is_refused(exported, attack, name):
    wanted = load_exported(exported).predict(X)
    place = exported.with_name(name)
    sound, damage = place.read_bytes(), Damage(104)

    def read(raw):
        place.write_bytes(raw)
        return load_exported(exported, "ranker")

    def judge(found):
        np.testing.assert_array_equal(found.predict(X), wanted)
        return "accepted"

    ways = [damage.document] if name.endswith(".json") else []
    counts = attack(f"exported model, {name}", damage.copies(sound, CASES, *ways), read, judge)
    assert counts["refused"] > CASES * 0.5
