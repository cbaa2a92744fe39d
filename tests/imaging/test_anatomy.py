import numpy as np
import pytest

from prefml.imaging.anatomy import POINTS, main_person
from prefml.imaging.faces import Faces
from prefml.imaging.landmarks import Landmarks
from prefml.imaging.people import People

MASK = np.zeros((256, 256), np.float32)


def body(nose=(0.5, 0.1)):
    points = np.zeros((33, 3))
    points[:, 0] = nose[0]
    points[:11, 1] = nose[1]
    points[[9, 10], 1] += 0.03
    points[[11, 12, 23, 24, 25, 26, 27, 28], 1] = np.repeat([0.2, 0.5, 0.7, 1.9], 2)
    return Landmarks(points, 0.9, np.ones(33), np.zeros((33, 3)))


def face(box=(0.4, 0.05, 0.6, 0.2)):
    middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    return Faces(np.array([box]), np.array([0.9]), np.tile(middle, (1, 6, 1)))


def people(faces=None, bodies=()):
    none = Faces(np.zeros((0, 4)), np.zeros(0))
    return People(faces or none, [], list(bodies), [], MASK)


def test_points_between_joints_are_halfway():
    person = main_person(people(face(), [body()]), 1.0)
    points = dict(zip(POINTS, person.points, strict=True))
    assert points["waist"][1] == pytest.approx(0.35)
    assert points["thighs"][1] == pytest.approx(0.6)
    assert points["ankles"][1] == pytest.approx(1.9)
    assert np.isnan(points["chin"]).all()


def test_the_body_is_that_of_the_largest_face():
    person = main_person(people(face(), [body((0.9, 0.9)), body()]), 1.0)
    assert dict(zip(POINTS, person.points, strict=True))["hips"][0] == pytest.approx(0.5)


def test_a_body_elsewhere_is_not_the_faces():
    person = main_person(people(face(), [body((0.9, 0.9))]), 1.0)
    assert np.isnan(person.body).all()
    np.testing.assert_allclose(person.head, [0.4, 0.05, 0.6, 0.2])


@pytest.mark.parametrize("aspect", [0.5, 1.0, 2.0])
def test_without_a_face_the_head_is_where_the_body_has_it(aspect):
    person = main_person(people(bodies=[body()]), aspect)
    x1, y1, x2, y2 = person.head
    assert x1 < 0.5 < x2
    assert y1 < 0.115 < y2
    assert (y2 - y1) / (x2 - x1) == pytest.approx(aspect)


def test_the_extent_of_a_body_ends_at_the_picture():
    person = main_person(people(face(), [body()]), 1.0)
    assert person.body[1] == pytest.approx(0.0)
    assert person.body[3] == 1.0


def test_of_nobody_nothing_is_known():
    person = main_person(people(), 1.0)
    assert np.isnan(person.points).all()
    assert np.isnan(person.head).all()
