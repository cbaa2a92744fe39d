import numpy as np
import pytest

from prefml.imaging import hands
from prefml.imaging.landmarks import Landmarks

from .conftest import picture

LENGTHS = np.array([1.05, 0.9, 1.0, 0.92, 0.72])


def flat_hand(stretch=(1.0,) * 5):
    points = np.zeros((21, 3))
    points[0] = [0.5, 0.9, 0.0]
    for finger, first in enumerate((1, 5, 9, 13, 17)):
        root = points[0] + [(finger - 2) * 0.02, -0.2, 0.0]
        length = LENGTHS[finger] * 0.2 * stretch[finger]
        points[first : first + 4] = root - np.outer(np.linspace(0, length, 4), [0, 1, 0])
    return points


def test_a_usual_hand_is_not_odd():
    assert hands.finger_anomaly(flat_hand()) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("stretch", [1.8, 0.3])
def test_a_finger_far_too_long_or_short_is_odd(stretch):
    assert hands.finger_anomaly(flat_hand((1, stretch, 1, 1, 1))) > 1


def test_oddity_does_not_depend_on_the_hands_size():
    points = flat_hand((1, 1, 1.3, 1, 1))
    assert hands.finger_anomaly(points * 3) == pytest.approx(hands.finger_anomaly(points))


def test_a_hand_without_size_is_not_odd():
    assert hands.finger_anomaly(np.zeros((21, 3))) == 0.0


def test_a_hand_is_described_by_its_box_and_anomaly():
    points = flat_hand((1, 2.0, 1, 1, 1))
    hand = hands.describe_hand(Landmarks(points, 0.9, np.ones(21), points, 0.5), 1.0)
    assert hand.confidence == 0.9
    assert hand.flagged
    assert 0 <= hand.box.x1 < hand.box.x2 <= 1
    assert hand.box.y1 < 0.4 < 0.9 < hand.box.y2


def test_a_picture_without_people_has_no_hands():
    assert hands.detect_hands(picture(np.full((64, 96, 3), 90))) == []
