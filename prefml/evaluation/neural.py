"""Fit the two small neural nets that serve as baselines, in torch.

Nothing else needs them, and torch is imported when one is fitted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from prefml._typing import Floats, Floats32, Ints
from prefml.exceptions import NotEnoughDataError, PrefmlError
from prefml.sets import index_sets, winning_pairs

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    # Row numbers of a batch of examples -> their mean loss.
    Loss: TypeAlias = Callable[[Tensor], Tensor]
    # The net and its standardised inputs -> the loss that is minimised.
    LossOf: TypeAlias = Callable[[Module, Tensor], Loss]

__all__ = ["NeuralCropper", "NeuralRanker", "has_torch"]


def has_torch() -> bool:
    """Tell whether torch is installed, without importing it.

    Returns
    -------
    bool
    """
    return find_spec("torch") is not None


class _Net(BaseEstimator):
    """Multilayer perceptron: standardised inputs, rectified layers with dropout, Adam."""

    def __init__(
        self,
        hidden: Sequence[int],
        dropout: float = 0.3,
        epochs: int = 30,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        random_state: int = 0,
    ) -> None:
        self.hidden = hidden
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    def _fit(self, X: ArrayLike, outputs: int, examples: int, loss_of: LossOf) -> None:
        torch = _import_torch()
        values = np.asarray(X, np.float32)
        self.n_features_in_ = values.shape[1]
        self.mean_, self.scale_ = _moments(values)
        inputs = torch.from_numpy(self._standardised(values))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.random_state)
            self.net_ = self._layers(torch, outputs)
            self._descend(torch, examples, loss_of(self.net_, inputs))
        self.net_.eval()

    def _layers(self, torch: ModuleType, outputs: int) -> Module:
        layers: list[Module] = []
        width = self.n_features_in_
        for units in self.hidden:
            layers += [
                torch.nn.Linear(width, units),
                torch.nn.ReLU(),
                torch.nn.Dropout(self.dropout),
            ]
            width = units
        return torch.nn.Sequential(*layers, torch.nn.Linear(width, outputs))

    def _descend(self, torch: ModuleType, examples: int, loss: Loss) -> None:
        optimiser = torch.optim.Adam(self.net_.parameters(), lr=self.learning_rate)
        rng = np.random.default_rng(self.random_state)
        self.net_.train()
        for batch in self._batches(examples, rng):
            optimiser.zero_grad()
            loss(torch.from_numpy(batch)).backward()
            optimiser.step()

    def _batches(self, examples: int, rng: np.random.Generator) -> Iterator[Ints]:
        for _ in range(self.epochs):
            order = rng.permutation(examples)
            for start in range(0, examples, self.batch_size):
                yield order[start : start + self.batch_size]

    def _standardised(self, values: Floats32) -> Floats32:
        scaled = (values - self.mean_) / self.scale_
        return np.asarray(np.nan_to_num(scaled, nan=0.0, posinf=0.0, neginf=0.0), np.float32)

    def _outputs(self, X: ArrayLike) -> Tensor:
        torch = _import_torch()
        with torch.no_grad():
            return self.net_(torch.from_numpy(self._standardised(np.asarray(X, np.float32))))


class NeuralRanker(_Net):
    """Multilayer perceptron that scores pictures, trained on pairs by Bradley-Terry.

    With an embedding of 512 numbers the layers are 512-256-64-1.

    Parameters
    ----------
    hidden : sequence of int, default=(256, 64)
        Units of the hidden layers.
    dropout : float, default=0.3
        Share of hidden units dropped in training.
    epochs : int, default=30
        Passes over all pairs.
    batch_size : int, default=128
        Pairs a step.
    learning_rate : float, default=1e-3
        Of Adam.
    random_state : int, default=0
        Seed of weights, dropout and order.

    References
    ----------
    C. Burges et al., "Learning to rank using gradient descent", ICML 2005 (the pairwise loss).
    """

    def __init__(
        self,
        hidden: Sequence[int] = (256, 64),
        dropout: float = 0.3,
        epochs: int = 30,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        random_state: int = 0,
    ) -> None:
        super().__init__(hidden, dropout, epochs, batch_size, learning_rate, random_state)

    def fit(self, X: ArrayLike, y: ArrayLike, *, set_id: ArrayLike) -> NeuralRanker:
        """Learn from the pairs inside sets.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            One row an image; missing values count as the mean.
        y : array-like of shape (n_rows,)
            Higher is better; pairs of equal labels are not used.
        set_id : array-like of shape (n_rows,)
            The set of each row.

        Returns
        -------
        NeuralRanker

        Raises
        ------
        NotEnoughDataError
            If no set has a better and a worse image.
        PrefmlError
            If torch is not installed.
        """
        labels = np.asarray(y, float)
        pairs = np.stack(winning_pairs(labels, index_sets(set_id, len(labels))), axis=1)
        if not len(pairs):
            raise NotEnoughDataError("no set with a choice", "sets with a winner and a loser")
        torch = _import_torch()
        index = torch.from_numpy(pairs)

        def loss_of(net: Module, inputs: Tensor) -> Loss:
            def loss(batch: Tensor) -> Tensor:
                better, worse = index[batch].T
                gap = net(inputs[better]) - net(inputs[worse])
                return torch.nn.functional.softplus(-gap).mean()

            return loss

        self._fit(X, 1, len(pairs), loss_of)
        return self

    def predict(self, X: ArrayLike) -> Floats:
        """Score pictures.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
            Log odds up to a constant: a difference of 0 means an even chance.
        """
        return np.asarray(self._outputs(X)[:, 0].numpy(), dtype=np.float64)


class NeuralCropper(_Net):
    """Multilayer perceptron from a picture's features to its four crop edges.

    With an embedding of 512 numbers the layers are 512-256-128-4, then a sigmoid.

    Parameters
    ----------
    hidden : sequence of int, default=(256, 128)
        Units of the hidden layers.
    dropout : float, default=0.3
        Share of hidden units dropped in training.
    epochs : int, default=30
        Passes over all pictures.
    batch_size : int, default=128
        Pictures a step.
    learning_rate : float, default=1e-3
        Of Adam.
    random_state : int, default=0
        Seed of weights, dropout and order.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (256, 128),
        dropout: float = 0.3,
        epochs: int = 30,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        random_state: int = 0,
    ) -> None:
        super().__init__(hidden, dropout, epochs, batch_size, learning_rate, random_state)

    def fit(
        self, X: ArrayLike, boxes: ArrayLike, *, size: ArrayLike | None = None
    ) -> NeuralCropper:
        """Learn the edges by mean squared error.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            One row a picture; missing values count as the mean.
        boxes : array-like of shape (n_rows, 4)
            Crop boxes x1, y1, x2, y2 in fractions.
        size : array-like of shape (n_rows, 2), optional
            Ignored; taken so that all croppers are called alike.

        Returns
        -------
        NeuralCropper

        Raises
        ------
        NotEnoughDataError
            If there is no row.
        PrefmlError
            If torch is not installed.
        """
        edges = np.asarray(boxes, np.float32)
        if not len(edges):
            raise NotEnoughDataError("no crops", "pictures with a crop box")

        torch = _import_torch()
        target = torch.from_numpy(edges)

        def loss_of(net: Module, inputs: Tensor) -> Loss:
            def loss(batch: Tensor) -> Tensor:
                return ((torch.sigmoid(net(inputs[batch])) - target[batch]) ** 2).mean()

            return loss

        self._fit(X, 4, len(edges), loss_of)
        return self

    def predict(self, X: ArrayLike, *, size: ArrayLike | None = None) -> Floats:
        """Propose a box for each picture.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            As in `fit`.
        size : array-like of shape (n_rows, 2), optional
            Ignored.

        Returns
        -------
        ndarray of shape (n_rows, 4)
            x1, y1, x2, y2 in fractions, with x1 <= x2 and y1 <= y2; the aspect is not kept.
        """
        edges = self._outputs(X).sigmoid().numpy().astype(np.float64)
        left, right = np.sort(edges[:, [0, 2]], axis=1).T
        top, bottom = np.sort(edges[:, [1, 3]], axis=1).T
        return np.column_stack([left, top, right, bottom])


def _import_torch() -> ModuleType:
    if not has_torch():
        raise PrefmlError(
            "torch is not installed", "the extra `clip`", "pip install 'prefml[clip]'"
        )
    import torch

    module: ModuleType = torch
    return module


def _moments(values: Floats32) -> tuple[Floats32, Floats32]:
    """Return mean and standard deviation of each column, of its finite values."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (values - mean) ** 2, 0).sum(axis=0) / count)
    return mean.astype(np.float32), np.where(spread > 1e-8, spread, 1).astype(np.float32)
