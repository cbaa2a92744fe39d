import numpy as np
import pytest

from prefml.cropping.inputs import FeatureReader

GRID = [f"cue__map_grid_{row}{column}" for row in range(7) for column in range(7)]
OBJECT = [f"cue__thing_{corner}" for corner in ("x1", "y1", "x2", "y2")]
EMBEDDING = [f"emb__{i:04d}" for i in range(20)]


def read(names, X, components=3):
    return FeatureReader.fit(X, names, components).read(X)


def test_columns_are_known_by_their_names_in_any_order():
    names = [*EMBEDDING, "stage", *reversed(OBJECT), *reversed(GRID)]
    X = np.random.default_rng(0).uniform(0, 1, (5, len(names)))
    rows = read(names, X)
    np.testing.assert_array_equal(rows.boxes[:, 0], X[:, 21:25][:, ::-1])
    np.testing.assert_array_equal(rows.maps[:, 0], X[:, 25:][:, ::-1])
    np.testing.assert_array_equal(rows.scalars[:, 0], X[:, 20])
    assert rows.scalars.shape == (5, 1 + 3)


def test_extent_and_middle_are_found():
    names = [f"cue__map_{axis}{q}" for axis in "xy" for q in ("05", "50", "95")]
    rows = read(names, np.arange(6.0)[None] / 10)
    np.testing.assert_allclose(rows.extents[0, 0], [0.0, 0.3, 0.2, 0.5])
    np.testing.assert_allclose(rows.middles[0, 0], [0.1, 0.4])


def test_what_does_not_say_where_to_cut_is_left_out():
    names = ["width", "cue__width", "cue__megapixels", "cue__noise", "cue__map_x", "cue__map_mass"]
    rows = read(names, np.arange(6.0)[None])
    assert rows.scalars.tolist() == [[5.0]]


def test_an_incomplete_grid_or_box_is_no_grid_or_box():
    rows = read(GRID[:-1] + OBJECT[:-1], np.zeros((2, 51)))
    assert rows.maps.shape == (2, 0, 49)
    assert rows.boxes.shape == (2, 0, 4)


def test_without_names_every_column_counts_and_many_are_compressed():
    X = np.random.default_rng(0).normal(size=(40, 33))
    assert read(None, X[:, :32]).scalars.shape == (40, 32)
    assert read(None, X).scalars.shape == (40, 3)


def test_a_compressed_row_does_not_depend_on_its_neighbours():
    X = np.random.default_rng(0).normal(size=(50, 20))
    inputs = FeatureReader.fit(X, EMBEDDING, 4)
    alone = np.vstack([inputs.read(X[i : i + 1]).scalars for i in range(50)])
    np.testing.assert_array_equal(alone, inputs.read(X).scalars)


def test_components_explain_most_of_the_embedding():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 20))
    compressed = read(EMBEDDING, X, components=2).scalars
    assert compressed.var(axis=0).sum() == pytest.approx(X.var(axis=0).sum(), rel=1e-4)


def test_a_row_with_gaps_is_read():
    X = np.random.default_rng(0).uniform(0, 1, (3, 73))
    reader = FeatureReader.fit(X, [*OBJECT, *EMBEDDING, *GRID], 3)
    rows = reader.read(np.full((3, 73), np.nan))
    assert rows.boxes.shape == (3, 1, 4)
    assert np.isnan(rows.boxes).all()
    assert (rows.maps == 0).all()
    assert np.isfinite(rows.scalars).all()


def test_pictures_of_which_the_same_is_known_are_looked_at_once():
    X = np.array([[1.0, np.nan], [2.0, 0.0], [1.0, np.nan], [1.0, 0.0]])
    rows = FeatureReader.fit(X, None, 2).read(X)
    different, which = rows.distinct()
    assert len(different) == 3
    np.testing.assert_array_equal(different.scalars[which], X)


@pytest.mark.parametrize(("known", "kept"), [(0, 0), (1, 0), (2, 1), (100, 1)])
def test_a_place_that_is_hardly_ever_known_is_left_out(known, kept):
    head = [f"cue__head_{corner}" for corner in ("x1", "y1", "x2", "y2")]
    names = [*OBJECT, *head, "cue__point_eyes_x", "cue__point_eyes_y"]
    X = np.full((100, len(names)), np.nan)
    X[:known] = 0.5
    rows = read(names, X)
    assert rows.boxes.shape[1] == rows.heads.shape[1] == rows.points.shape[1] == kept


def test_head_and_points_of_a_person_are_no_boxes_and_may_lie_beyond_the_picture():
    head = [f"cue__head_{corner}" for corner in ("x1", "y1", "x2", "y2")]
    rows = read([*head, "cue__point_knees_x", "cue__point_knees_y"],
                np.array([[0.1, 0.2, 0.3, 0.4, 0.5, 1.4]]))  # fmt: skip
    assert rows.boxes.shape[1] == rows.scalars.shape[1] == 0
    np.testing.assert_allclose(rows.heads, [[[0.1, 0.2, 0.3, 0.4]]])
    np.testing.assert_allclose(rows.points, [[[0.5, 1.4]]])
