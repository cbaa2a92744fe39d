"""Make up models, and tables of decisions with known answers."""

import numpy as np
import pandas as pd

from prefml.features.tables import ChoiceTable, CropTable


class Ranker:
    """Ranker by one column, whose weight may be reversed."""

    def __init__(self, weight=1.0, noise=0.0):
        self.weight, self.noise = weight, noise

    def predict(self, X):
        noise = np.random.default_rng(0).normal(size=len(X)) * self.noise
        return self.weight * X["quality"].to_numpy() + noise


class Cropper:
    """Cropper to the upper left quarter, moved to the right."""

    def __init__(self, shift=0.0):
        self.shift = shift

    def predict(self, X, size):
        return np.tile([self.shift, 0.0, 0.5 + self.shift, 0.5], (len(X), 1))


def choices(n_sets=100):
    """Return sets of three, one a day, in which the picture of the highest quality was chosen."""
    rng = np.random.default_rng(0)
    quality = rng.normal(size=3 * n_sets)
    set_id = np.repeat([f"s{i}" for i in range(n_sets)], 3)
    y = np.zeros(3 * n_sets, int)
    y[quality.reshape(-1, 3).argmax(1) + 3 * np.arange(n_sets)] = 1
    days = np.repeat(np.arange(n_sets), 3) * np.timedelta64(1, "D")
    text = np.full(3 * n_sets, "p", object)
    return ChoiceTable(
        pd.DataFrame({"quality": quality}), y, set_id.astype(object), text, text, text,
        np.full(3 * n_sets, np.nan), np.datetime64("2025-01-01", "ns") + days,
        np.ones(3 * n_sets), text, np.ones(3 * n_sets),
    )  # fmt: skip


def crops(n=60):
    """Return crops to the upper left quarter, one a day."""
    text = np.full(n, "p", object)
    times = np.datetime64("2025-01-01", "ns") + np.arange(n) * np.timedelta64(1, "D")
    boxes = np.tile([0.0, 0.0, 0.5, 0.5], (n, 1))
    size = np.full((n, 2), 100.0)
    return CropTable(pd.DataFrame({"x": np.zeros(n)}), boxes, size, text, text, text,
                     np.full(n, np.nan), times, np.ones(n))  # fmt: skip
