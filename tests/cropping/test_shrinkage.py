import numpy as np
import pytest

from prefml.cropping.scorer import WindowScores
from prefml.cropping.shrinkage import select_shrinkage, shares, shrink_towards

CONSTANT = np.array([0.2, 0.2, 0.8, 0.8])


def scores(boxes, people):
    return WindowScores(boxes, np.zeros(len(boxes)), np.zeros(len(boxes)), people)


def crops(n=200, seed=0):
    start = np.random.default_rng(seed).uniform(0, 0.4, (n, 2))
    return np.hstack([start, start + 0.6])


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_box_is_moved_by_its_share_of_the_way(share):
    boxes = crops(3)
    moved = shrink_towards(CONSTANT, boxes, np.full(3, share))
    np.testing.assert_allclose(moved - CONSTANT, share * (boxes - CONSTANT))


def test_people_have_a_share_of_their_own():
    given = scores(crops(2), np.array([True, False]))
    assert shares(given, 0.25, 0.75).tolist() == [0.75, 0.25]
    assert shares(given, 0.25, None).tolist() == [0.25, 0.25]


def test_boxes_that_are_right_around_people_only_are_taken_there_only():
    boxes, people = crops(), np.arange(200) % 2 == 0
    guessed = np.where(people[:, None], boxes, crops(seed=1))
    shrink, people_shrink = select_shrinkage(
        scores(guessed, people), boxes, np.arange(200) // 5, CONSTANT
    )
    assert (shrink, people_shrink) == (0.0, 1.0)


def test_without_people_there_is_one_share():
    boxes = crops()
    found = select_shrinkage(
        scores(boxes, np.zeros(200, bool)), boxes, np.arange(200) // 5, CONSTANT
    )
    assert found == (1.0, None)


def test_boxes_that_are_no_better_leave_the_constant_one():
    people = np.arange(200) % 2 == 0
    found = select_shrinkage(scores(crops(seed=1), people), crops(), np.arange(200) // 5, CONSTANT)
    assert found == (0.0, None)
