"""Fit small neural nets on differences inside a set: Bradley-Terry's model with a hidden layer.

Without offsets a net is linear along each ray from the centre of the columns, and its score is the
sum of what each column adds to it: it explains itself as a linear score does.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import expit
from sklearn.utils import gen_batches

from prefml._typing import Bools, Floats, Floats32, Ints
from prefml.ranking.blocks import ROWS_AT_ONCE, take_columns
from prefml.ranking.pairwise import pair_weights
from prefml.ranking.scaler import WithinSetScaler
from prefml.ranking.table import Table
from prefml.sets import winning_pairs

__all__ = ["PairwiseNet", "fit_nets"]

_UNITS = 64
_EPOCHS = 15
_BATCH = 128
# With so many pairs that the epochs are more steps than this, later pairs are seen less often.
_MAX_STEPS = 1500
_KEPT_UNITS = 0.5
_LEARNING_RATE = 1e-3
_DECAY = (0.9, 0.999)
_TINY = 1e-8


class PairwiseNet:
    """Mean of small neural nets, each with one layer of rectified units and no offsets.

    Parameters
    ----------
    scaler : WithinSetScaler
        Fitted.
    hidden : ndarray of shape (n_nets, n_columns, n_units)
        Weights of the scaled columns.
    output : ndarray of shape (n_nets, n_units)
        Weights of the units.
    """

    def __init__(self, scaler: WithinSetScaler, hidden: Floats, output: Floats) -> None:
        self.scaler_ = scaler
        self.hidden_ = hidden
        self.output_ = output

    def predict(self, X: Floats) -> Floats:
        """Return a score for each row, in logits of winning against a row of score 0.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Features, NaN where missing.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        scaled, total = self.scaler_.transform(X), np.zeros(len(X))
        for hidden, output in zip(self.hidden_, self.output_, strict=True):
            total += np.maximum(scaled @ hidden, 0.0) @ output
        return total / len(self.output_)

    def contributions(self, X: Floats) -> Floats:
        """Return the contribution of each column to each row's score.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_columns)
            Features, NaN where missing.

        Returns
        -------
        ndarray of shape (n_rows, n_columns)
            Each row sums to its score.
        """
        scaled = self.scaler_.transform(X)
        slope = np.zeros(scaled.shape)
        for hidden, output in zip(self.hidden_, self.output_, strict=True):
            slope += ((scaled @ hidden > 0) * output) @ hidden.T
        return np.asarray(scaled * slope / len(self.output_))


def fit_nets(table: Table, columns: Ints, n_nets: int, random_state: int) -> PairwiseNet:
    """Fit nets by Adam on the likelihood of pairs, half of the units dropped in each step.

    Parameters
    ----------
    table : Table
        Training rows.
    columns : ndarray of int
        Columns that the nets see.
    n_nets : int
        Nets to average, each with its own seed.
    random_state : int
        Seed.

    Returns
    -------
    PairwiseNet

    References
    ----------
    C. Burges et al., "Learning to rank using gradient descent", ICML 2005; D. P. Kingma, J. Ba,
    "Adam: a method for stochastic optimization", ICLR 2015; N. Srivastava et al., "Dropout: a
    simple way to prevent neural networks from overfitting", JMLR 15, 2014.
    """
    X = take_columns(table.X, columns)
    scaler = WithinSetScaler().fit(X, table.sets, table.weight)
    scaled = np.empty(X.shape, np.float32)
    for rows in gen_batches(len(X), ROWS_AT_ONCE):
        scaled[rows] = scaler.transform(X[rows])
    better, worse = winning_pairs(table.grades, table.sets)
    weight = pair_weights(better, worse, table.sets, table.weight).astype(np.float32)
    nets = [
        _fit_net(scaled, better, worse, weight, np.random.default_rng((random_state, number)))
        for number in range(n_nets)
    ]
    hidden, output = (np.array(parts, np.float64) for parts in zip(*nets, strict=True))
    return PairwiseNet(scaler, hidden, output)


def _fit_net(
    scaled: Floats32, better: Ints, worse: Ints, weight: Floats32, rng: np.random.Generator
) -> tuple[Floats32, Floats32]:
    """Return the weights of the columns and of the units of one net."""
    hidden = _uniform(rng, (scaled.shape[1], _UNITS), scaled.shape[1])
    output = _uniform(rng, (_UNITS,), _UNITS)
    if not len(better):
        return hidden, np.zeros_like(output)
    weight = weight / max(float(weight.mean()), _TINY)
    adam = _Adam(hidden, output)
    for batch in _batches(len(better), rng):
        kept = rng.random((2 * len(batch), _UNITS), np.float32) < _KEPT_UNITS
        rows = np.concatenate([scaled[better[batch]], scaled[worse[batch]]])
        adam.step(*_gradients(rows, weight[batch], kept, hidden, output))
    return hidden, output


def _uniform(rng: np.random.Generator, shape: tuple[int, ...], inputs: int) -> Floats32:
    return rng.uniform(-1, 1, shape).astype(np.float32) / np.float32(np.sqrt(max(inputs, 1)))


def _batches(pairs: int, rng: np.random.Generator) -> Iterator[Ints]:
    """Yield the pairs of each step; every pair once in an epoch."""
    steps = min(_EPOCHS * -(-pairs // _BATCH), _MAX_STEPS)
    while steps > 0:
        order = rng.permutation(pairs)
        for start in range(0, min(pairs, steps * _BATCH), _BATCH):
            yield order[start : start + _BATCH]
            steps -= 1


def _gradients(
    rows: Floats32, weight: Floats32, kept: Bools, hidden: Floats32, output: Floats32
) -> tuple[Floats32, Floats32]:
    """Return the gradients of the mean log loss; the winners' rows come before the losers'."""
    number = len(weight)
    units = rows @ hidden
    active = kept & (units > 0)
    units = np.where(active, units, np.float32(0)) / np.float32(_KEPT_UNITS)
    scores = units @ output
    slope = -weight * expit(scores[number:] - scores[:number]) / np.float32(number)
    slopes = np.concatenate([slope, -slope])
    back = active * np.outer(slopes, output / np.float32(_KEPT_UNITS))
    return rows.T @ back.astype(np.float32, copy=False), units.T @ slopes


class _Adam:
    """Stochastic gradient descent with moments, on arrays that it changes in place."""

    def __init__(self, *weights: Floats32) -> None:
        self.weights = weights
        self.first = [np.zeros_like(one) for one in weights]
        self.second = [np.zeros_like(one) for one in weights]
        self.steps = 0

    def step(self, *gradients: Floats32) -> None:
        """Move the weights against their gradients."""
        self.steps += 1
        rates = [np.float32(1 - decay**self.steps) for decay in _DECAY]
        parts = zip(self.weights, gradients, self.first, self.second, strict=True)
        for weight, gradient, first, second in parts:
            first += (gradient - first) * np.float32(1 - _DECAY[0])
            second += (gradient**2 - second) * np.float32(1 - _DECAY[1])
            size = np.sqrt(second / rates[1]) + np.float32(_TINY)
            weight -= np.float32(_LEARNING_RATE) * (first / rates[0]) / size
