"""Predicted crops beside the person's."""

import pytest

from prefml.boxes import FULL_FRAME
from prefml.decisions.evidence import Standing
from prefml.proposals.questions import Prediction
from prefml.status.first_day_crops import CropsForetold, describe_crops, framed, measure_crops

BOX = (0.1, 0.0, 0.9, 0.8)
JUDGED = Standing("judged", "judged")


def test_a_frame_is_one_that_the_person_judged_unseen():
    told = Prediction("g", "a.png", 0.5, 10, list(BOX))
    assert framed({"crop_coords": list(BOX)}, JUDGED, told) == (BOX, BOX)
    assert framed({"crop_coords": None}, JUDGED, told) == (FULL_FRAME, BOX)
    assert framed({"crop_coords": "x"}, JUDGED, told) is None
    assert framed({}, Standing("judged", "carried"), told) is None
    assert framed({}, JUDGED._replace(crop_exposed=True), told) is None
    assert framed({}, JUDGED, Prediction("g", "a.png", 0.5, 10)) is None


@pytest.mark.parametrize(
    ("own", "predicted", "right", "whole"),
    [(BOX, BOX, 1, 0), (FULL_FRAME, BOX, 0, 1), (FULL_FRAME, FULL_FRAME, 1, 1)],
)
def test_a_crop_is_right_where_the_person_would_let_it_pass(own, predicted, right, whole):
    found = measure_crops([(own, predicted)])
    assert (found.agreement.value, found.whole) == (right, whole)


def test_without_crops_nothing_is_said():
    assert measure_crops([]) == CropsForetold()
    assert describe_crops(CropsForetold()) == []
