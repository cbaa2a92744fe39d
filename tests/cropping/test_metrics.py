import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.cropping.metrics import (
    boundary_displacement,
    crop_scores,
    edges_within,
    iou,
    keep_balanced_accuracy,
    paired_iou,
    scores_by,
)

HALF = [0.0, 0.0, 0.5, 1.0]
WHOLE = [0.0, 0.0, 1.0, 1.0]
corner = st.floats(0.0, 1.0)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (WHOLE, WHOLE, 1.0),
        (HALF, WHOLE, 0.5),
        ([0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1], 0.0),
        ([0, 0, 0.5, 0.5], [0.25, 0, 0.75, 0.5], 1 / 3),
        ([0, 0, 0, 0], [0, 0, 0, 0], 0.0),
    ],
)
def test_overlap_of_known_boxes(a, b, expected):
    assert iou(a, b) == pytest.approx(expected)


@given(st.lists(corner, min_size=8, max_size=8))
def test_overlap_is_symmetric_and_a_share(numbers):
    a, b = np.array(numbers[:4]), np.array(numbers[4:])
    assert iou(a, b) == iou(b, a)
    assert 0 <= iou(a, b) <= 1


def test_every_pair_of_boxes_is_compared():
    np.testing.assert_allclose(
        paired_iou(np.array([WHOLE, HALF]), np.array([HALF])), [[0.5], [1.0]]
    )


def test_displacement_is_the_mean_of_the_four_edges():
    assert boundary_displacement([HALF], [WHOLE]) == pytest.approx([0.125])


def test_all_four_edges_must_be_near():
    near, far = [0.05, 0, 1, 1], [0.06, 0, 1, 1]
    assert edges_within([WHOLE, WHOLE], [near, far]).tolist() == [True, False]


def test_balanced_accuracy_does_not_reward_the_frequent_answer():
    kept = [True] + [False] * 9
    assert keep_balanced_accuracy(kept, [False] * 10) == 0.5
    assert keep_balanced_accuracy(kept, kept) == 1.0


def test_balanced_accuracy_needs_both_answers():
    assert np.isnan(keep_balanced_accuracy([True, True], [True, False]))


def test_scores_of_a_perfect_prediction():
    boxes = np.array([HALF, WHOLE])
    scores = crop_scores(boxes, boxes)
    assert scores["iou"] == scores["edges_within_5pct"] == scores["keep_balanced_accuracy"] == 1.0
    assert scores["bde"] == 0.0
    assert scores["iou_ci"] == [1.0, 1.0]


def test_scores_are_split_by_label():
    parts = scores_by(["a", "b", "b"], np.array([HALF, WHOLE, HALF]), np.array([WHOLE] * 3))
    assert parts["a"] == {"rows": 1, "mean": 0.5}
    assert parts["b"] == {"rows": 2, "mean": 0.75}
