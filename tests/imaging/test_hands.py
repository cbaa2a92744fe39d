import numpy as np

from prefml.imaging import hands
from prefml.imaging.anomalies import hand_anomalies

from .conftest import picture
from .test_anomalies import ASPECT, body_of, hand_of, people_of


def test_a_hand_is_described_by_its_box_its_confidence_and_its_anomaly():
    body = body_of()
    hand = hand_of(body, presence=0.9)
    (found,) = hands.describe_hands(people_of(body, hand), ASPECT)
    assert found.confidence == 0.9
    assert not found.flagged
    assert 0 <= found.box.x1 < found.box.x2 <= 1
    assert found.box.y1 < hand.points[:, 1].min() < hand.points[:, 1].max() < found.box.y2


def test_only_the_hand_that_is_too_large_is_flagged():
    body = body_of()
    both = [hand_of(body, wrist=16, turned=2.2), hand_of(body, 0.25)]
    sound, flagged = hands.describe_hands(people_of(body, *both), ASPECT)
    assert (sound.flagged, flagged.flagged) == (False, True)


def test_a_hand_that_hardly_looks_like_one_is_suspicious_and_not_flagged():
    body = body_of()
    hand = hand_of(body, presence=0.51)
    people = people_of(body, hand)
    assert hand_anomalies(hand, people, ASPECT)["suspicion"].score > 1
    assert not hands.describe_hands(people, ASPECT)[0].flagged


def test_a_hand_of_which_nothing_can_be_measured_has_no_anomaly():
    alone = hand_of(body_of())
    assert hands.describe_hands(people_of(None, alone, face=False), ASPECT)[0].anomaly == 0.0


def test_a_picture_without_people_has_no_hands():
    assert hands.detect_hands(picture(np.full((64, 96, 3), 90))) == []
