from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from prefml.features.rejections import RejectionTable, rejected_sets, reviewed_sets
from prefml.sidecars.store import Sidecars

NAMES = [f"p{i}.png" for i in range(6)]


def frame(*rows):
    """Return one row for each (set, picture, file that it came from)."""
    return pd.DataFrame({
        "project": "a", "session_id": "s", "set_id": [row[0] for row in rows],
        "filename": [row[1] for row in rows], "stage": 1.0,
        "timestamp": pd.Timestamp("2025-01-01", tz="UTC"),
        "source": [row[2] for row in rows], "inclusion": 1.0, "chosen": True,
    })  # fmt: skip


@pytest.fixture
def sidecars():
    index = pd.DataFrame({"project": "a", "filename": NAMES})
    cues = pd.DataFrame({"sharpness": np.arange(6.0)})
    hashes = np.array(["0" * 16] * 6)
    return Sidecars(index, np.ones((6, 3), np.float32), hashes, cues, None, "")


def test_sets_of_logs_could_not_be_rejected_and_reviewed_ones_could():
    rows = frame(("a", "p0.png", "data/training/log.csv"), ("b", "p1.png", "LOG.CSV"),
                 ("c", "p2.png", "sandbox/approved_decisions.jsonl"),
                 ("d", "p3.png", "decisions/x.decision"))  # fmt: skip
    assert reviewed_sets(SimpleNamespace(items=rows)) == {"c", "d"}
    assert reviewed_sets(SimpleNamespace(items=rows[:0])) == frozenset()


def test_rejected_sets_are_whole_sets_of_which_nothing_was_chosen(sidecars):
    rows = frame(
        ("a", "p0.png", "x"), ("a", "p1.png", "x"), ("alone", "p2.png", "x"),
        ("torn", "p3.png", "x"), ("torn", "gone.png", "x"),
    )  # fmt: skip
    table = rejected_sets(SimpleNamespace(rejections=rows.drop(columns="chosen")), sidecars)
    assert table.set_id.tolist() == ["a", "a"]
    assert not table.y.any()
    assert table.left_out == {"no_sidecar": 1}


def test_without_rejections_there_are_no_rows(sidecars):
    rows = frame(("a", "p0.png", "x")).drop(columns="chosen")[:0]
    table = rejected_sets(SimpleNamespace(rejections=rows), sidecars)
    assert (len(table), table.n_sets) == (0, 0)
    assert table.X.shape[1] > 3


def test_a_table_is_as_long_as_it_has_sets():
    names = np.array(["a", "b"], object)
    table = RejectionTable(
        np.zeros((2, 3)), np.array([True, False]), names, names,
        np.zeros(2, "datetime64[ns]"), np.ones(2),
    )  # fmt: skip
    assert len(table) == 2
