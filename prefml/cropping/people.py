"""Describe windows relative to the main person, and place windows as past crops lay around people.

Distances are in face heights and widths, so that what was learned from a person who fills the
picture holds for one who stands far away.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.cluster import KMeans
from sklearn.linear_model import Ridge, RidgeCV

from prefml._typing import Bools, Floats
from prefml.cropping.geometry import from_params, to_params
from prefml.cropping.inputs import PictureFeatures

__all__ = ["PersonWindows", "clip_boxes", "people_features"]

# With fewer crops of people than this nothing is learned of where they lie.
_MIN_CROPS = 30
_CLUSTERS = 12
_PENALTIES = np.logspace(-1.0, 3.0, 9)
_ROUNDS = 4
_FOLDS = 5
# Around the regressed box: moved by this share of its sides, and enlarged by these factors.
_MOVE = 0.06
_SCALES = (0.9, 1.1)
_NEAR = 1 + 4 + len(_SCALES)
_EDGE = 0.005
_LEAST_SIDE = 0.02
_MAX_UNITS = 50.0


def people_features(features: PictureFeatures, windows: Floats) -> list[Floats]:
    """Return how each window lies to the main person of its picture.

    Parameters
    ----------
    features : PictureFeatures
        n pictures.
    windows : ndarray of shape (n, m, 4) or (1, m, 4)
        In fractions.

    Returns
    -------
    list of ndarray of shape (n, m)
        Of the head: how far each of its edges lies from the window's, in face widths and heights,
        and the window's sides in these. Of each point: where it lies in the window, 0 at its left
        or upper edge, 1 at its right or lower one. NaN where there is nobody.
    """
    sides = windows[..., 2:] - windows[..., :2]
    found: list[Floats] = []
    for head in np.moveaxis(features.heads, 1, 0):
        unit = np.maximum(head[:, 2:] - head[:, :2], _LEAST_SIDE)[:, None]
        before = head[:, None, :2] - windows[..., :2]
        room = np.concatenate([before, windows[..., 2:] - head[:, None, 2:]], axis=-1)
        parts = np.concatenate([room / np.tile(unit, 2), sides / unit], axis=-1)
        found += list(np.moveaxis(np.clip(parts, -_MAX_UNITS, _MAX_UNITS), -1, 0))
    for point in np.moveaxis(features.points, 1, 0):
        place = (point[:, None] - windows[..., :2]) / np.maximum(sides, _LEAST_SIDE)
        found += list(np.moveaxis(np.clip(place, -_MAX_UNITS, _MAX_UNITS), -1, 0))
    return found


class PersonWindows:
    """Windows around the main person of a picture, as past crops lay around theirs.

    Ridge regression predicts each edge of the crop from the places of head, body, hands and joints;
    an edge that ended at the picture's is taken as censored there. Beside the predicted box and
    boxes near it stand the typical places of crops relative to the head.

    Attributes
    ----------
    mean_, scale_ : ndarray of shape (n_places,)
        By which the places are standardised; unknown ones are taken as the mean.
    weights_ : ndarray of shape (4, n_columns)
        Of the standardised places, then of which of them are unknown.
    intercept_ : ndarray of shape (4,)
    typical_ : ndarray of shape (n_typical, 4)
        Edges of typical crops relative to the middle of the head, in its widths and heights.
    locked_ : bool
        Whether windows keep the aspect of the picture.

    References
    ----------
    J. Tobin, "Estimation of relationships for limited dependent variables", Econometrica 26, 1958
    (censored regression; here by expectation and maximisation).
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.typical_ = np.zeros((0, 4))

    def fit(self, features: PictureFeatures, boxes: Floats, weight: Floats, locked: bool) -> Self:
        """Fit on crops.

        Parameters
        ----------
        features : PictureFeatures
            n pictures.
        boxes : ndarray of shape (n, 4)
            Their crops in fractions.
        weight : ndarray of shape (n,)
            Weight of each picture; those without a head are left aside.
        locked : bool
            Whether windows keep the aspect of the picture.

        Returns
        -------
        PersonWindows
            With `typical_` empty, and no windows, where there are too few people.
        """
        self.locked_, self.typical_ = locked, np.zeros((0, 4))
        rows = has_head(features)
        if int(rows.sum()) < _MIN_CROPS:
            return self
        people, crops, counts = features[np.flatnonzero(rows)], boxes[rows], weight[rows]
        places = _places(people)
        known = np.isfinite(places)
        filled = np.where(known, places, 0.0)
        self.mean_ = filled.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        spread = np.where(known, places - self.mean_, 0.0).std(axis=0)
        self.scale_ = np.where(spread > 1e-6, spread, 1.0)
        self._fit_edges(self._columns(places), crops, counts)
        middles, units = _middles_and_units(people.heads[:, 0])
        relative = np.clip((crops - middles) / units, -_MAX_UNITS, _MAX_UNITS)
        clusters = KMeans(min(_CLUSTERS, len(relative)), n_init=2, random_state=self.seed)
        self.typical_ = clusters.fit(relative, sample_weight=counts).cluster_centers_
        return self

    def _fit_edges(self, columns: Floats, boxes: Floats, weight: Floats) -> None:
        ends = np.array([0.0, 0.0, 1.0, 1.0])
        outward = np.array([-1.0, -1.0, 1.0, 1.0])
        censored = np.abs(boxes - ends) <= _EDGE
        targets = boxes.copy()
        model = RidgeCV(_PENALTIES).fit(columns, targets, sample_weight=weight)
        penalty = model.alpha_
        for _ in range(_ROUNDS - 1):
            beyond = (model.predict(columns) - ends) * outward > 0.0
            targets = np.where(censored & beyond, model.predict(columns), boxes)
            model = Ridge(penalty).fit(columns, targets, sample_weight=weight)
        self.weights_, self.intercept_ = np.asarray(model.coef_), np.asarray(model.intercept_)

    def cross_fitted_windows(
        self, features: PictureFeatures, boxes: Floats, weight: Floats
    ) -> tuple[Floats, Floats]:
        """Return windows and predicted boxes for the pictures of a fit, each by fits without it.

        Parameters
        ----------
        features, boxes, weight
            As in `fit`, which came first.

        Returns
        -------
        tuple of ndarray
            As `windows` returns them.
        """
        windows, predicted = self.windows(features)
        fold = np.random.default_rng(self.seed).permutation(len(boxes)) % _FOLDS
        for one in range(_FOLDS):
            train, test = np.flatnonzero(fold != one), np.flatnonzero(fold == one)
            other = PersonWindows(self.seed)
            other.fit(features[train], boxes[train], weight[train], self.locked_)
            found = other.windows(features[test])
            if found[0].shape[1] == windows.shape[1]:
                windows[test], predicted[test] = found
        return windows, predicted

    @property
    def count(self) -> int:
        """Number of windows of a picture."""
        return _NEAR + len(self.typical_) if len(self.typical_) else 0

    @property
    def uses_people(self) -> bool:
        """Tell whether there were people enough to learn from."""
        return bool(len(self.typical_))

    def windows(self, features: PictureFeatures) -> tuple[Floats, Floats]:
        """Return the windows around the main person of each picture.

        Parameters
        ----------
        features : PictureFeatures
            n pictures.

        Returns
        -------
        windows : ndarray of shape (n, m, 4)
            In fractions, inside the picture; NaN where there is nobody.
        predicted : ndarray of shape (n, 4)
            The predicted box, the first of them.
        """
        if not len(self.typical_):
            return np.zeros((len(features), 0, 4)), np.full((len(features), 4), np.nan)
        middles, units = _middles_and_units(features.heads[:, 0])
        typical = middles[:, None] + self.typical_ * units[:, None]
        columns = self._columns(_places(features))
        # Without BLAS, and rounded, a row's numbers do not depend on the rows beside it.
        edges = np.round(np.einsum("nc,ec->ne", columns, self.weights_) + self.intercept_, 9)
        boxes = np.concatenate([_near(edges), typical], axis=1)
        flat = clip_boxes(boxes.reshape(-1, 4))
        if self.locked_:
            flat = from_params(to_params(flat))
        windows = flat.reshape(boxes.shape)
        windows[~has_head(features)] = np.nan
        return windows, windows[:, 0].copy()

    def _columns(self, places: Floats) -> Floats:
        known = np.isfinite(places)
        standard = np.where(known, (places - self.mean_) / self.scale_, 0.0)
        return np.hstack([np.clip(standard, -10.0, 10.0), ~known])


def has_head(features: PictureFeatures) -> Bools:
    """Tell in which pictures the head of a main person is known, shape (n,)."""
    if not features.heads.shape[1]:
        return np.zeros(len(features), bool)
    return np.asarray(np.isfinite(features.heads[:, 0]).all(axis=1))


def clip_boxes(boxes: Floats) -> Floats:
    """Bring boxes into the picture, at least a fiftieth of it wide and high.

    Parameters
    ----------
    boxes : ndarray of shape (n, 4)
        In fractions, also beyond the picture or inside out.

    Returns
    -------
    ndarray of shape (n, 4)
    """
    low = np.clip(boxes[:, :2], 0.0, 1.0 - _LEAST_SIDE)
    high = np.clip(boxes[:, 2:], low + _LEAST_SIDE, 1.0)
    return np.hstack([low, high])


def _places(features: PictureFeatures) -> Floats:
    """Return everything that is known of where things are, one row for each picture."""
    parts = (features.points, features.heads, features.boxes, features.extents)
    return np.hstack([part.reshape(len(features), -1) for part in parts])


def _middles_and_units(heads: Floats) -> tuple[Floats, Floats]:
    """Return the middle of each head, and its width and height, once for each corner of a box."""
    middles = (heads[:, :2] + heads[:, 2:]) / 2.0
    return np.tile(middles, 2), np.tile(np.maximum(heads[:, 2:] - heads[:, :2], _LEAST_SIDE), 2)


def _near(edges: Floats) -> Floats:
    """Return boxes, and each moved and enlarged a little, shape (n, 7, 4)."""
    middle, half = (edges[:, :2] + edges[:, 2:]) / 2.0, (edges[:, 2:] - edges[:, :2]) / 2.0
    found = [edges]
    for axis in (0, 1):
        step = np.zeros_like(edges)
        step[:, [axis, axis + 2]] = 2.0 * _MOVE * half[:, [axis]]
        found += [edges - step, edges + step]
    found += [np.hstack([middle - half * scale, middle + half * scale]) for scale in _SCALES]
    return np.stack(found, axis=1)
