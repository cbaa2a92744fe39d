from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.evaluation import metrics_file
from prefml.evaluation.metrics_file import SCHEMA, as_metrics, plain, write_metrics
from prefml.evaluation.run import Evaluation

numbers = st.floats() | st.integers() | st.booleans() | st.none()
values = st.recursive(
    numbers | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(values)
def test_plain_values_are_strict_json(value):
    json.dumps(plain(value), allow_nan=False)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, np.float32("nan")])
def test_what_is_no_number_becomes_null(value):
    assert plain({"a": [value]}) == {"a": [None]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(0.1234567891), 0.123457),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array([1, 2]), [1, 2]),
        ((1, "a"), [1, "a"]),
        ({1: 2}, {"1": 2}),
    ],
)
def test_numpy_becomes_plain(value, expected):
    assert plain(value) == expected


def test_metrics_name_their_schema_command_and_machine():
    metrics = as_metrics(Evaluation(left_out=["no crops"]), "prefml evaluate")

    assert metrics["schema"] == SCHEMA == "prefml/metrics/1"
    assert metrics["command"] == "prefml evaluate"
    assert metrics["machine"]["cores"] >= 1
    assert metrics["left_out"] == ["no crops"]
    assert metrics["encoder"] is None


def test_written_metrics_are_read_back(tmp_path):
    path = write_metrics({"schema": SCHEMA, "ranker": None}, tmp_path / "new")

    assert json.loads(path.read_text()) == {"schema": SCHEMA, "ranker": None}


def test_a_library_that_is_not_installed_has_no_version(monkeypatch):
    monkeypatch.setattr(metrics_file, "_LIBRARIES", ("numpy", "no-such-library"))
    found = as_metrics(Evaluation(), "prefml evaluate")
    assert "'no-such-library': None" in str(found)
    assert np.__version__ in str(found)
