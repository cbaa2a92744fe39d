from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest

from prefml.imaging import joints
from prefml.imaging.people import detect_people
from prefml.imaging.picture import Picture

PORTRAIT = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"


@pytest.fixture(scope="module")
def people():
    return detect_people(Picture(np.ascontiguousarray(cv2.imread(str(PORTRAIT))[..., ::-1])))


def test_the_parts_of_a_face_lie_where_their_names_say(people):
    points = people.face_points[0].points[:, :2]
    (left, inner), (right, other_inner) = joints.EYES
    across = points[[left, inner, other_inner, right], 0]
    assert (np.diff(across) > 0).all()
    eyes = points[[left, right], 1].mean()
    down = [
        points[joints.FOREHEAD, 1], eyes, points[joints.NOSE_TIP, 1],
        points[list(joints.MOUTH), 1].mean(), points[joints.CHIN, 1],
    ]  # fmt: skip
    assert (np.diff(down) > 0).all()


def test_upper_and_lower_lid_lie_between_the_corners_of_their_eye(people):
    points = people.face_points[0].points[:, :2]
    for corners, (top, bottom, other_top, other_bottom) in zip(
        joints.EYES, joints.LIDS, strict=True
    ):
        low, high = sorted(points[list(corners), 0])
        assert all(low < points[i, 0] < high for i in (top, bottom, other_top, other_bottom))
        assert points[top, 1] < points[bottom, 1]
        assert points[other_top, 1] < points[other_bottom, 1]


def test_limbs_hang_from_shoulders_and_hips_without_sharing_a_joint(people):
    named = [joint for limb in (*joints.ARMS, *joints.LEGS) for joint in limb]
    assert len(set(named)) == 12
    assert [wrist for wrist, *_ in joints.WRISTS] == [arm[-1] for arm in joints.ARMS]
    points = people.bodies[0].points[:, :2]
    for (shoulder, *_), (hip, *_) in zip(joints.ARMS, joints.LEGS, strict=True):
        assert points[shoulder, 1] < points[hip, 1]


def test_five_fingers_share_no_joint_and_leave_the_wrist():
    joint = [one for finger in joints.FINGERS for one in finger]
    assert sorted([joints.HAND_WRIST, *joint]) == list(range(21))
    assert joints.FINGERS[2][0] == joints.MIDDLE_ROOT
