import numpy as np
import pytest

from prefml.cropping.bands import EdgeBands, conformal_moves


def covered(lower, upper, truth):
    return np.mean((lower <= truth) & (truth <= upper))


@pytest.mark.parametrize("width", [0.1, 1.0, 3.0])
def test_bands_too_narrow_or_too_wide_are_moved_until_they_cover(width):
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 1, 4000)
    down, up = conformal_moves(np.full(2000, -width), np.full(2000, width), truth[:2000], 0.8)
    assert covered(-width - down, width + up, truth[2000:]) == pytest.approx(0.8, abs=0.03)


def test_the_other_bound_takes_the_misses_that_one_cannot_have():
    truth = np.maximum(np.random.default_rng(0).normal(-0.3, 1, 4000), 0)
    down, up = conformal_moves(np.zeros(2000), np.full(2000, 1.0), truth[:2000], 0.8)
    assert down == 0.0
    assert covered(0.0 - down, 1.0 + up, truth[2000:]) == pytest.approx(0.8, abs=0.03)


def test_bands_cover_what_they_promise_where_the_spread_differs():
    rng = np.random.default_rng(0)
    spread = rng.uniform(0.01, 0.15, 2000)
    boxes = np.clip([0.2, 0.0, 0.8, 0.6] + spread[:, None] * rng.normal(0, 1, (2000, 4)), 0, 1)
    features = spread[:, None]
    bands = EdgeBands(0.8, 0).fit(features[:1500], boxes[:1500], np.arange(1500) % 5)
    found = bands.predict(features[1500:])
    assert found.shape == (500, 4, 2)
    inside = (found[..., 0] <= boxes[1500:]) & (boxes[1500:] <= found[..., 1])
    assert inside.mean() == pytest.approx(0.8, abs=0.03)
    narrow, wide = (found[spread[1500:] < 0.05], found[spread[1500:] > 0.12])
    assert np.ptp(narrow, axis=2).mean() < np.ptp(wide, axis=2).mean() / 2


def test_few_rows_give_the_plain_quantiles():
    boxes = np.random.default_rng(0).uniform(0, 1, (50, 4))
    bands = EdgeBands(0.8, 0).fit(np.zeros((50, 1)), boxes, np.arange(50) % 5)
    np.testing.assert_allclose(
        bands.predict(np.ones((1, 1)))[0, 0], np.quantile(boxes[:, 0], [0.1, 0.9])
    )


def test_bounds_are_in_order_and_inside_the_picture():
    rng = np.random.default_rng(0)
    boxes = rng.choice([0.0, 0.5, 1.0], (300, 4))
    bands = EdgeBands(0.5, 0).fit(rng.normal(size=(300, 2)), boxes, np.arange(300) % 3)
    found = bands.predict(rng.normal(0, 100, (50, 2)))
    assert (found[..., 0] <= found[..., 1]).all()
    assert (found >= 0).all()
    assert (found <= 1).all()


def two_kinds(n, rng, wide=0.15):
    """Return features, crops and projects: those of `hard` scatter more, and nothing tells so."""
    project = np.where(np.arange(n) % 4 == 0, "hard", "easy")
    spread = np.where(project == "hard", wide, 0.04)
    boxes = np.array([0.3, 0.2, 0.7, 0.6]) + spread[:, None] * rng.normal(0, 1, (n, 4))
    return rng.normal(size=(n, 2)), np.clip(boxes, 0, 1), project


def coverage(bands, boxes):
    return np.mean((bands[..., 0] <= boxes) & (boxes <= bands[..., 1]))


def test_each_project_counts_the_same_whatever_its_number_of_crops():
    rng = np.random.default_rng(0)
    features, boxes, project = two_kinds(2000, rng)
    bands = EdgeBands(0.8, 0).fit(features, boxes, np.arange(2000) % 5, project)
    features, boxes, project = two_kinds(4000, rng)
    found = bands.predict(features)
    parts = [coverage(found[project == name], boxes[project == name]) for name in ("hard", "easy")]
    assert np.mean(parts) == pytest.approx(0.8, abs=0.03)
    assert parts[0] < 0.75 < 0.85 < parts[1]


def test_a_project_with_crops_of_its_own_is_covered_as_promised():
    rng = np.random.default_rng(0)
    features, boxes, project = two_kinds(2000, rng)
    bands = EdgeBands(0.8, 0).fit(features, boxes, np.arange(2000) % 5, project)
    features, boxes, project = two_kinds(4000, rng)
    found = bands.predict(features, project)
    for name in ("hard", "easy"):
        inside = coverage(found[project == name], boxes[project == name])
        assert inside == pytest.approx(0.8, abs=0.05)


def test_own_moves_come_from_rows_of_projects_that_were_seen():
    rng = np.random.default_rng(0)
    features, boxes, project = two_kinds(800, rng)
    folds, seen = np.arange(800) % 5, np.arange(800) >= 400
    fit = EdgeBands(0.8, 0).fit
    bands = fit(features, boxes, folds, project, seen)
    assert sorted(bands.own_moves_) == ["easy", "hard"]
    seen = np.arange(800) >= 800 - 4 * 49
    assert sorted(fit(features, boxes, folds, project, seen).own_moves_) == ["easy"]


def test_fifty_crops_of_a_new_project_move_its_bands_half_way():
    rng = np.random.default_rng(0)
    features, boxes, _ = two_kinds(1000, rng, wide=0.04)
    bands = EdgeBands(0.8, 0).fit(features, boxes, np.arange(1000) % 5)
    features, boxes, project = two_kinds(2000, rng)
    hard = np.flatnonzero(project == "hard")
    bands.fit_own("new", features[hard[:49]], boxes[hard[:49]])
    assert not bands.own_moves_
    bands.fit_own("new", features[hard[:50]], boxes[hard[:50]])
    names = np.full(len(hard) - 50, "new")
    before = coverage(bands.predict(features[hard[50:]]), boxes[hard[50:]])
    after = coverage(bands.predict(features[hard[50:]], names), boxes[hard[50:]])
    assert before < 0.5
    assert before + 0.1 < after < 0.8
    whole = [
        conformal_moves(*bound, truth, 0.8)
        for bound, truth in zip(
            bands_of(bands, features[hard[:50]]), boxes[hard[:50]].T, strict=True
        )
    ]
    assert bands.own_moves_["new"] == pytest.approx((np.array(whole) + bands.moves_) / 2)


def bands_of(bands, features):
    """Return the bounds of each edge before they are moved, of shape (4, 2, n)."""
    moves, bands.moves_ = bands.moves_, np.zeros((4, 2))
    found = bands.predict(features).transpose(1, 2, 0)
    bands.moves_ = moves
    return found


@pytest.mark.parametrize("scale", [1.0, 7.0])
def test_weights_count_as_that_many_rows(scale):
    truth = np.random.default_rng(0).normal(0, 1, 300)
    weight = np.repeat([1.0, 2.0, 3.0], 100)
    rows = np.repeat(np.arange(300), weight.astype(int))
    lower, upper = np.full(300, -0.5), np.full(300, 0.5)
    weighed = conformal_moves(lower, upper, truth, 0.8, scale * weight)
    copied = conformal_moves(lower[rows], upper[rows], truth[rows], 0.8)
    assert weighed == pytest.approx(copied, abs=0.03)
