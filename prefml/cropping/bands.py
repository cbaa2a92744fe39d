"""Conformalised quantile regression: bands in which each edge of the person's crop will lie.

Boosted quantiles of each edge are moved until they cover the share asked for of held-out rows.

References
----------
Y. Romano, E. Patterson, E. J. Candes, "Conformalized quantile regression", NeurIPS 2019.
"""

from __future__ import annotations

from typing import Self

import lightgbm as lgb
import numpy as np

from prefml._typing import Floats, Ints

__all__ = ["EdgeBands", "conformal_moves"]


_MIN_ROWS = 100
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
    n_jobs : int
        Threads for fitting; 0 for LightGBM's own choice.

    Attributes
    ----------
    plain_ : ndarray of shape (4, 2)
        Quantiles of the edges, the band of every picture while there are few.
    moves_ : ndarray of shape (4, 2)
        Distance by which each bound is moved outwards, in fractions.
    boosters_ : list of list of lightgbm.Booster
        Lower and upper quantile of each edge; empty where `plain_` is used.
    """

    def __init__(self, coverage: float, seed: int, n_jobs: int) -> None:
        self.coverage = coverage
        self.settings = {
            "objective": "quantile",
            "learning_rate": 0.08,
            "num_leaves": 6,
            "min_data_in_leaf": 20,
            "seed": seed,
            "num_threads": n_jobs,
            "deterministic": True,
            "force_col_wise": True,
            "verbose": -1,
        }

    def fit(self, features: Floats, boxes: Floats, folds: Ints) -> Self:
        """Fit the quantiles, and the moves on held-out folds.

        Parameters
        ----------
        features : ndarray of shape (n, f)
            Out-of-fold predictions for each picture.
        boxes : ndarray of shape (n, 4)
            The person's crops, in fractions.
        folds : ndarray of shape (n,)
            Rows of one fold are held out together.

        Returns
        -------
        EdgeBands
        """
        tails = ((1.0 - self.coverage) / 2.0, (1.0 + self.coverage) / 2.0)
        self.plain_ = np.quantile(boxes, tails, axis=0).T
        self.moves_ = np.zeros((4, 2))
        self.boosters_: list[list[lgb.Booster]] = []
        if len(boxes) < _MIN_ROWS or len(np.unique(folds)) < 2:
            return self
        held_out = np.zeros((len(boxes), 4, 2))
        for fold in np.unique(folds):
            test = folds == fold
            boosters = self._boosters(features[~test], boxes[~test], tails)
            held_out[test] = _predict_quantiles(boosters, features[test])
        self.boosters_ = self._boosters(features, boxes, tails)
        self.moves_ = np.array(
            [
                conformal_moves(held_out[:, edge, 0], held_out[:, edge, 1], truth, self.coverage)
                for edge, truth in enumerate(boxes.T)
            ]
        )
        return self

    def predict(self, features: Floats) -> Floats:
        """Return the bands.

        Parameters
        ----------
        features : ndarray of shape (n, f)
            Predictions for each picture.

        Returns
        -------
        ndarray of shape (n, 4, 2)
            Lower and upper bound of x1, y1, x2, y2, in fractions.
        """
        if not self.boosters_:
            return np.tile(self.plain_, (len(features), 1, 1))
        raw = _predict_quantiles(self.boosters_, features)
        moved = np.clip(raw + self.moves_ * np.array([-1.0, 1.0]), 0.0, 1.0)
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
    lower: Floats, upper: Floats, truth: Floats, coverage: float
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

    Returns
    -------
    tuple of float
        For the lower and the upper bound; negative moves inwards.
    """
    below, above = lower - truth, truth - upper
    misses = 1.0 - coverage
    down, up = _conformal_quantile(below, misses / 2.0), _conformal_quantile(above, misses / 2.0)
    missed_below, missed_above = (below > down).mean(), (above > up).mean()
    if missed_below < missed_above:
        up = _conformal_quantile(above, misses - missed_below)
    else:
        down = _conformal_quantile(below, misses - missed_above)
    return float(down), float(up)


def _conformal_quantile(scores: Floats, misses: float) -> float:
    """Return the quantile of conformity scores that so large a share of new ones exceeds."""
    level = min(1.0, (1.0 - misses) * (1.0 + 1.0 / len(scores)))
    return float(np.quantile(scores, level, method="higher"))


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
