"""Conformalised quantile regression: bands in which each edge of the person's crop will lie.

Boosted quantiles of each edge are moved until they cover the share asked for of held-out rows. Each
project counts the same, for the next one may be like any of them; a project with crops enough of
its own gets moves of its own, shrunk towards those of all.

References
----------
Y. Romano, E. Patterson, E. J. Candes, "Conformalized quantile regression", NeurIPS 2019;
R. Dunn, L. Wasserman, A. Ramdas, "Distribution-free prediction sets for two-layer hierarchical
models", JASA 118, 2023 (pooling of groups).
"""

from __future__ import annotations

from typing import Self

import lightgbm as lgb
import numpy as np

from prefml._typing import Bools, Floats, Ints, Labels

__all__ = ["EdgeBands", "conformal_moves"]


_MIN_ROWS = 100
# Crops from which on a project has moves of its own, and so many that these count half.
_OWN_CROPS = 50
_ROUNDS = 60
# Edges this near to the picture's are on it: 64 % of real crops touch the top.
_SNAP = 0.005


class EdgeBands:
    """Quantile bands of the four edges.

    Parameters
    ----------
    coverage : float
        Share of edges that lie inside their band, between 0 and 1.
    seed : int
        Of LightGBM.

    Attributes
    ----------
    plain_ : ndarray of shape (4, 2)
        Quantiles of the edges, the band of every picture while there are few.
    moves_ : ndarray of shape (4, 2)
        Distance by which each bound is moved outwards, in fractions.
    own_moves_ : dict of str to ndarray of shape (4, 2)
        The same for projects with crops enough of their own.
    boosters_ : list of list of lightgbm.Booster
        Lower and upper quantile of each edge; empty where `plain_` is used.
    """

    def __init__(self, coverage: float, seed: int) -> None:
        self.coverage = coverage
        self.settings = {
            "objective": "quantile",
            "learning_rate": 0.08,
            "num_leaves": 6,
            "min_data_in_leaf": 20,
            "seed": seed,
            "num_threads": 1,
            "deterministic": True,
            "force_col_wise": True,
            "verbose": -1,
        }

    def fit(
        self,
        features: Floats,
        boxes: Floats,
        folds: Ints,
        project: Labels | None = None,
        seen: Bools | None = None,
    ) -> Self:
        """Fit the quantiles, and the moves on held-out folds.

        Parameters
        ----------
        features : ndarray of shape (n, f)
            Out-of-fold predictions for each picture.
        boxes : ndarray of shape (n, 4)
            The person's crops, in fractions.
        folds : ndarray of shape (n,)
            Rows of one fold are held out together.
        project : ndarray of shape (n,), optional
            The project of each row; one for all by default.
        seen : ndarray of shape (n,), bool, optional
            Rows predicted by models that know other crops of their project, as those of a known
            project will be; all by default.

        Returns
        -------
        EdgeBands
        """
        tails = ((1.0 - self.coverage) / 2.0, (1.0 + self.coverage) / 2.0)
        self.plain_ = np.quantile(boxes, tails, axis=0).T
        self.moves_ = np.zeros((4, 2))
        self.own_moves_: dict[str, Floats] = {}
        self.boosters_: list[list[lgb.Booster]] = []
        if len(boxes) < _MIN_ROWS or len(np.unique(folds)) < 2:
            return self
        held_out = np.zeros((len(boxes), 4, 2))
        for fold in np.unique(folds):
            test = folds == fold
            boosters = self._boosters(features[~test], boxes[~test], tails)
            held_out[test] = _predict_quantiles(boosters, features[test])
        self.boosters_ = self._boosters(features, boxes, tails)
        names = np.zeros(len(boxes), np.intp) if project is None else np.asarray(project)
        _, codes, counts = np.unique(names, return_inverse=True, return_counts=True)
        self.moves_ = self._moves(held_out, boxes, 1.0 / counts[codes])
        if project is not None:
            known = np.ones(len(boxes), bool) if seen is None else seen
            for name in np.unique(names[known]):
                rows = known & (names == name)
                self._add_own(str(name), held_out[rows], boxes[rows])
        return self

    def fit_own(self, project: str, features: Floats, boxes: Floats) -> Self:
        """Fit the moves of a project that the quantiles have not been fitted on.

        Parameters
        ----------
        project : str
            Its name.
        features : ndarray of shape (n, f)
            Predictions for its pictures, by models that have not seen them.
        boxes : ndarray of shape (n, 4)
            The person's crops of these; with fewer than 50, nothing changes.

        Returns
        -------
        EdgeBands
        """
        if self.boosters_:
            self._add_own(project, _predict_quantiles(self.boosters_, features), boxes)
        return self

    def _add_own(self, project: str, bounds: Floats, boxes: Floats) -> None:
        """Shrink a project's moves towards those of all, the more the fewer its crops."""
        if len(boxes) >= _OWN_CROPS:
            trust = len(boxes) / (len(boxes) + _OWN_CROPS)
            own = self._moves(bounds, boxes, np.ones(len(boxes)))
            self.own_moves_[project] = trust * own + (1.0 - trust) * self.moves_

    def _moves(self, bounds: Floats, boxes: Floats, weight: Floats) -> Floats:
        edges = zip(bounds.transpose(1, 2, 0), boxes.T, strict=True)
        return np.array(
            [conformal_moves(b[0], b[1], truth, self.coverage, weight) for b, truth in edges]
        )

    def predict(self, features: Floats, project: Labels | None = None) -> Floats:
        """Return the bands.

        Parameters
        ----------
        features : ndarray of shape (n, f)
            Predictions for each picture.
        project : ndarray of shape (n,), optional
            The project of each picture; none that is known by default.

        Returns
        -------
        ndarray of shape (n, 4, 2)
            Lower and upper bound of x1, y1, x2, y2, in fractions.
        """
        if not self.boosters_:
            return np.tile(self.plain_, (len(features), 1, 1))
        moves = np.tile(self.moves_, (len(features), 1, 1))
        for row, name in enumerate([] if project is None else project):
            moves[row] = self.own_moves_.get(str(name), self.moves_)
        raw = _predict_quantiles(self.boosters_, features)
        moved = np.clip(raw + moves * np.array([-1.0, 1.0]), 0.0, 1.0)
        # Narrowing can make a band cross itself; it is then the point between.
        middle = moved.mean(axis=2, keepdims=True)
        crossed = moved[..., :1] > moved[..., 1:]
        return np.asarray(np.where(crossed, middle, moved))

    def _boosters(
        self, features: Floats, boxes: Floats, tails: tuple[float, float]
    ) -> list[list[lgb.Booster]]:
        data = lgb.Dataset(features, boxes[:, 0], params={"verbose": -1}, free_raw_data=False)
        data.construct()
        boosters = []
        for edge in boxes.T:
            data.set_label(edge)
            boosters.append(
                [lgb.train(self.settings | {"alpha": tail}, data, _ROUNDS) for tail in tails]
            )
        return boosters


def conformal_moves(
    lower: Floats, upper: Floats, truth: Floats, coverage: float, weight: Floats | None = None
) -> tuple[float, float]:
    """Return the distances to move both bounds outwards so that the share asked for lies between.

    Each bound gets half of the misses. Where one bound cannot use up its half, because the truth
    cannot lie beyond it (an edge on the picture's own), the other gets the rest.

    Parameters
    ----------
    lower, upper, truth : ndarray of shape (n,)
        Bounds of held-out rows, and the values that were observed.
    coverage : float
        Share that must lie between.
    weight : ndarray of shape (n,), optional
        Weight of each row in that share; 1 by default.

    Returns
    -------
    tuple of float
        For the lower and the upper bound; negative moves inwards.
    """
    share = np.ones(len(truth)) if weight is None else weight
    share = share / share.sum()
    below, above = lower - truth, truth - upper
    misses = 1.0 - coverage
    down = _conformal_quantile(below, misses / 2.0, share)
    up = _conformal_quantile(above, misses / 2.0, share)
    missed_below, missed_above = share @ (below > down), share @ (above > up)
    if missed_below < missed_above:
        up = _conformal_quantile(above, misses - missed_below, share)
    else:
        down = _conformal_quantile(below, misses - missed_above, share)
    return float(down), float(up)


def _conformal_quantile(scores: Floats, misses: float, share: Floats) -> float:
    """Return the quantile of conformity scores that so large a share of new ones exceeds."""
    level = min(1.0, (1.0 - misses) * (1.0 + 1.0 / len(scores)))
    order = np.argsort(scores)
    # Sums of shares that are a level in truth may end a rounding below it.
    place = np.searchsorted(np.cumsum(share[order]), level - 1e-9)
    return float(scores[order[min(int(place), len(scores) - 1)]])


def _predict_quantiles(boosters: list[list[lgb.Booster]], features: Floats) -> Floats:
    bands = np.stack(
        [
            np.column_stack([booster.predict(features, num_threads=1) for booster in pair])
            for pair in boosters
        ],
        axis=1,
    )
    bands = np.sort(bands, axis=2)
    bands[bands < _SNAP] = 0.0
    bands[bands > 1.0 - _SNAP] = 1.0
    return np.asarray(bands)
