import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prefml.cropping.geometry import from_params
from prefml.cropping.inputs import CELLS, PictureFeatures
from prefml.cropping.windows import (
    candidate_windows,
    cell_coverage,
    chunk_slices,
    expected_iou,
    window_features,
)

RIM = 0.06
unit = st.floats(0.0, 1.0)


def overlap(a, b):
    """Return the area that two boxes share."""
    width, height = (min(a[i + 2], b[i + 2]) - max(a[i], b[i]) for i in (0, 1))
    return max(width, 0.0) * max(height, 0.0)


def area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def plain_iou(a, b):
    return overlap(a, b) / (area(a) + area(b) - overlap(a, b))


def cells():
    return [
        (x / CELLS, y / CELLS, (x + 1) / CELLS, (y + 1) / CELLS)
        for y in range(CELLS)
        for x in range(CELLS)
    ]


def some_windows(*shape, seed=0):
    params = np.random.default_rng(seed).uniform(0.1, 1.0, (*shape, 3))
    return from_params(params.reshape(-1, 3)).reshape(*shape, 4)


def some_features(n, maps=1, boxes=1, extents=1, middles=1, scalars=2, seed=1):
    rng = np.random.default_rng(seed)
    drawn = rng.uniform(0, 1, (n, boxes, 2, 2))
    sorted_boxes = np.sort(drawn, axis=2).reshape(n, boxes, 4)
    return PictureFeatures(
        rng.uniform(0, 1, (n, maps, CELLS**2)), sorted_boxes, rng.uniform(0, 1, (n, extents, 4)),
        rng.uniform(0, 1, (n, middles, 2)), rng.normal(size=(n, scalars)),
        np.zeros((n, 0, 4)), np.zeros((n, 0, 2)),
    )  # fmt: skip


def test_candidate_windows_cover_the_sizes_that_were_used():
    boxes = np.array([[0, 0, 0.4, 0.4], [0.2, 0.2, 1.0, 1.0]])
    windows = candidate_windows(boxes)
    sides = windows[:, 2] - windows[:, 0]
    assert windows.shape == (288, 4)
    assert sides.min() == pytest.approx(0.4, abs=0.02)
    assert sides.max() == pytest.approx(0.8, abs=0.02)


@given(arrays(float, (5, 3), elements=st.floats(0.05, 1.0)))
def test_candidate_windows_lie_in_the_picture_and_reach_all_its_edges(params):
    windows = candidate_windows(from_params(params))
    assert (windows >= 0).all()
    assert (windows <= 1 + 1e-12).all()
    assert np.allclose(windows[:, 2] - windows[:, 0], windows[:, 3] - windows[:, 1])
    assert windows[:, :2].min() == 0
    assert windows[:, 2:].max() == pytest.approx(1)


@pytest.mark.parametrize("n_windows", [1, 7, 600])
def test_expected_iou_is_that_of_a_plain_loop_over_the_known_crops(n_windows):
    windows, boxes = some_windows(n_windows), some_windows(9, seed=2)
    weight = np.random.default_rng(3).uniform(0.1, 2.0, 9)
    expected = [
        sum(w * plain_iou(window, box) for w, box in zip(weight, boxes, strict=True)) / weight.sum()
        for window in windows
    ]
    assert expected_iou(windows, boxes, weight) == pytest.approx(expected)


def test_expected_iou_keeps_the_shape_of_the_windows():
    windows = some_windows(3, 2)
    found = expected_iou(windows, windows[0], np.ones(2))
    assert found.shape == (3, 2)
    assert found[0].mean() > found[1:].mean()


@given(st.integers(0, 40), st.integers(1, 10))
def test_chunks_are_all_rows_once_in_order(n, size):
    chunks = [list(range(n))[chunk] for chunk in chunk_slices(n, size)]
    assert [row for chunk in chunks for row in chunk] == list(range(n))
    assert all(0 < len(chunk) <= size for chunk in chunks)


@given(st.floats(0.2, 1.0), unit, unit)
def test_the_coverage_of_a_cell_is_the_share_of_it_that_lies_in_the_window(side, u, v):
    window = from_params(np.array([[side, u, v]]))[0]
    for found, grown in zip(cell_coverage(window), (0.0, -RIM, RIM), strict=True):
        box = [window[0] - grown, window[1] - grown, window[2] + grown, window[3] + grown]
        expected = [overlap(cell, box) * CELLS**2 for cell in cells()]
        assert found == pytest.approx(expected, abs=1e-9)


def plain_features(features, row, window, prior):
    """Return the features of one window of one picture, one after the other."""
    x1, y1, x2, y2 = window
    found = [x1, y1, x2, y2, x2 - x1, prior]
    for cell_values in features.maps[row]:
        inside, within, around = (
            sum(v * overlap(c, (x1 - g, y1 - g, x2 + g, y2 + g)) * CELLS**2
                for v, c in zip(cell_values, cells(), strict=True))
            for g in (0.0, -RIM, RIM)
        )  # fmt: skip
        found += [inside, inside / (x2 - x1) ** 2, around - within]
    for box in features.boxes[row]:
        offsets = [edge - own for edge, own in zip(box, window, strict=True)]
        found += [plain_iou(box, window), overlap(box, window) / area(box), *offsets]
    for extent in features.extents[row]:
        found += [edge - own for edge, own in zip(extent, window, strict=True)]
    for x, y in features.middles[row]:
        found += [abs(x - (x1 + x2) / 2), abs(y - (y1 + y2) / 2)]
    return [*found, *features.scalars[row]]


def test_the_features_of_a_window_are_those_of_plain_loops():
    features, windows = some_features(3, maps=2, boxes=2), some_windows(3, 5)
    prior = np.random.default_rng(4).uniform(0, 1, (3, 5))
    table = window_features(features, windows, prior)
    for row, column in np.ndindex(3, 5):
        expected = plain_features(features, row, windows[row, column], prior[row, column])
        assert table[row, column] == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_shared_windows_and_their_coverage_may_be_given_once():
    features, windows = some_features(4), candidate_windows(some_windows(9))[None]
    prior = np.random.default_rng(0).uniform(0, 1, (1, 288))
    own = window_features(features, np.repeat(windows, 4, axis=0), np.repeat(prior, 4, axis=0))
    shared = window_features(features, windows, prior)
    known = window_features(features, windows, prior, cell_coverage(windows))
    np.testing.assert_allclose(shared, own, atol=1e-12)
    np.testing.assert_array_equal(known, shared)


def test_the_features_of_a_picture_do_not_depend_on_those_beside_it():
    features, windows = some_features(6), some_windows(1, 8)
    prior = np.full((1, 8), 0.5)
    together = window_features(features, windows, prior)
    alone = np.concatenate([window_features(features[i : i + 1], windows, prior) for i in range(6)])
    np.testing.assert_array_equal(alone, together)


def test_what_was_not_found_in_a_picture_is_missing_in_its_windows():
    features = some_features(2)
    features.boxes[1] = np.nan
    table = window_features(features, some_windows(2, 3), np.zeros((2, 3)))
    of_the_box = slice(9, 15)
    assert np.isnan(table[1][:, of_the_box]).all()
    assert np.isfinite(table[0]).all()
    assert np.isfinite(np.delete(table[1], range(9, 15), axis=1)).all()
