import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefml.suggest.budget import threshold_for
from prefml.workspace import Workspace

shares = st.floats(0, 1)
ROW = {"budget": 0.05, "threshold": 0.8}


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path)


def write_metrics(workspace, content):
    workspace.artifacts.mkdir(parents=True, exist_ok=True)
    (workspace.artifacts / "metrics.json").write_text(json.dumps(content))


def measured(rows, identity="abc"):
    return {"encoder": {"identity": identity}, "ranker": {"auto_approve": rows}}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(shares, shares), max_size=5), budget=shares)
def test_the_largest_budget_that_is_not_above_the_one_asked_for_decides(workspace, pairs, budget):
    rows = [{"budget": b, "threshold": t} for b, t in pairs]
    kept = [(b, t) for b, t in pairs if b <= budget + 1e-12]
    expected = max(kept)[1] if kept else None
    assert threshold_for(workspace, {"auto_approve": rows}, budget) == expected


def test_without_a_promise_there_is_no_threshold(workspace):
    assert threshold_for(workspace, None, 0.05) is None
    assert threshold_for(workspace, {}, 0.05) is None


def test_the_manifest_comes_before_the_last_evaluation(workspace):
    write_metrics(workspace, measured([{"budget": 0.05, "threshold": 0.9}]))
    assert threshold_for(workspace, {"auto_approve": [ROW]}, 0.05) == 0.8
    assert threshold_for(workspace, {"auto_approve": []}, 0.05) == 0.9


@pytest.mark.parametrize(
    ("identity", "threshold"), [("abc", 0.8), ("other", None), (None, 0.8)], ids=str
)
def test_an_evaluation_of_another_encoder_promises_nothing(workspace, identity, threshold):
    write_metrics(workspace, measured([ROW], identity))
    assert threshold_for(workspace, {"encoder": {"identity": "abc"}}, 0.05) == threshold


@pytest.mark.parametrize(
    "row",
    [
        {"budget": 0.05, "threshold": None},
        {"budget": 0.05, "threshold": 1.5},
        {"budget": -0.1, "threshold": 0.5},
        {"budget": "much", "threshold": 0.5},
        {"threshold": 0.5},
        [0.05, 0.5],
        None,
    ],
)
def test_what_is_no_share_promises_nothing(workspace, row):
    write_metrics(workspace, measured([row]))
    assert threshold_for(workspace, {"auto_approve": [row]}, 0.05) is None


@pytest.mark.parametrize(
    "content", [[], {}, {"ranker": []}, {"ranker": {}}, {"ranker": {"auto_approve": 3}},
                {"encoder": ["abc"], "ranker": {"auto_approve": [ROW]}}],
)  # fmt: skip
def test_a_damaged_evaluation_promises_nothing(workspace, content):
    write_metrics(workspace, content)
    assert threshold_for(workspace, None, 0.05) is None
