import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prefml.cropping.inputs import CELLS, PictureFeatures
from prefml.cropping.metrics import iou
from prefml.cropping.people import PersonWindows, clip_boxes, people_features

WINDOWS = np.array([[[0.1, 0.2, 0.7, 0.8], [0.0, 0.0, 1.0, 0.5]]])


def pictures(n=200, seed=0, heads=1):
    """Return pictures of one person each: head, eyes and thighs, the thighs not always inside."""
    rng = np.random.default_rng(seed)
    size = rng.uniform(0.08, 0.2, n)
    start = np.column_stack([rng.uniform(0.2, 0.6, n), rng.uniform(0.05, 0.3, n)])
    head = np.hstack([start, start + size[:, None]])
    eyes = np.column_stack([start[:, 0] + size / 2, start[:, 1] + 0.4 * size])
    thighs = np.column_stack([eyes[:, 0], eyes[:, 1] + 4 * size])
    nothing = np.zeros((n, 0, 4))
    return PictureFeatures(
        np.zeros((n, 0, CELLS**2)), nothing, nothing, np.zeros((n, 0, 2)), np.zeros((n, 0)),
        head[:, None][:, :heads], np.stack([eyes, thighs], axis=1),
    )  # fmt: skip


def at_the_thighs(features, locked=True):
    """Crop at the thighs, eyes on the upper third, as wide as high; or twice as high as wide."""
    eyes, thighs = features.points[:, 0], features.points[:, 1]
    bottom = np.minimum(thighs[:, 1], 1.0)
    top = np.clip(1.5 * eyes[:, 1] - 0.5 * thighs[:, 1], 0.0, 1.0)
    side = (bottom - top) * (1.0 if locked else 0.5)
    left = np.clip(eyes[:, 0] - side / 2, 0.0, 1.0 - side)
    return np.column_stack([left, top, left + side, bottom])


def fitted(locked=True, n=200):
    features = pictures(n)
    around = PersonWindows()
    return around.fit(features, at_the_thighs(features, locked), np.ones(n), locked)


def test_distances_are_in_heads_and_places_in_windows():
    features = pictures(3)
    found = np.stack(people_features(features, WINDOWS), axis=-1)
    head, eyes = features.heads[1, 0], features.points[1, 0]
    x1, y1, x2, y2 = WINDOWS[0, 0]
    width, height = head[2:] - head[:2]
    expected = [
        (head[0] - x1) / width, (head[1] - y1) / height,
        (x2 - head[2]) / width, (y2 - head[3]) / height, (x2 - x1) / width, (y2 - y1) / height,
        (eyes[0] - x1) / (x2 - x1), (eyes[1] - y1) / (y2 - y1),
    ]  # fmt: skip
    np.testing.assert_allclose(found[1, 0, :8], expected)
    assert found.shape == (3, 2, 6 + 2 * 2)


@pytest.mark.parametrize("locked", [True, False])
def test_a_rule_that_goes_by_joints_is_learned_from_two_hundred_crops(locked):
    around, unseen = fitted(locked), pictures(300, seed=1)
    windows, predicted = around.windows(unseen)
    truth = at_the_thighs(unseen, locked)
    assert iou(predicted, truth).mean() > 0.85
    assert iou(windows, truth[:, None]).max(axis=1).mean() > 0.88
    np.testing.assert_array_equal(windows[:, 0], predicted)


@pytest.mark.parametrize("locked", [True, False])
def test_windows_lie_inside_and_keep_the_aspect_where_crops_do(locked):
    windows, _ = fitted(locked).windows(pictures(50, seed=2))
    assert windows.shape[1] == fitted(locked).count
    assert (windows >= 0).all()
    assert (windows <= 1 + 1e-12).all()
    sides = windows[..., 2:] - windows[..., :2]
    assert (sides > 0).all()
    assert np.allclose(sides[..., 0], sides[..., 1]) == locked


def test_where_nobody_is_there_are_no_windows():
    features = pictures(5, seed=3)
    features.heads[2] = np.nan
    windows, predicted = fitted().windows(features)
    assert np.isnan(windows[2]).all()
    assert np.isnan(predicted[2]).all()
    assert np.isfinite(np.delete(windows, 2, axis=0)).all()


@pytest.mark.parametrize(("n", "heads"), [(29, 1), (100, 0)])
def test_of_too_few_people_nothing_is_learned(n, heads):
    features = pictures(n, heads=heads)
    around = PersonWindows().fit(features, np.tile([0, 0, 0.5, 0.5], (n, 1)), np.ones(n), True)
    assert not around.uses_people
    assert around.windows(features)[0].shape == (n, 0, 4)


def test_windows_do_not_depend_on_the_pictures_beside():
    around, features = fitted(), pictures(6, seed=4)
    together, _ = around.windows(features)
    alone = np.concatenate([around.windows(features[i : i + 1])[0] for i in range(6)])
    np.testing.assert_array_equal(alone, together)


def test_cross_fitted_windows_come_from_fits_without_the_picture():
    features = pictures(60)
    boxes = at_the_thighs(features)
    around = PersonWindows().fit(features, boxes, np.ones(60), True)
    _, own = around.windows(features)
    _, other = around.cross_fitted_windows(features, boxes, np.ones(60))
    assert iou(other, boxes).mean() < iou(own, boxes).mean() + 1e-6
    assert not np.array_equal(own, other)


@given(arrays(float, (4, 4), elements=st.floats(-2, 3)))
def test_any_box_is_brought_into_the_picture(boxes):
    found = clip_boxes(boxes)
    assert (found >= 0).all()
    assert (found <= 1 + 1e-12).all()
    assert (found[:, 2:] - found[:, :2] >= 0.02 - 1e-12).all()
