"""Made-up pictures whose crops follow an object, or follow nothing."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from prefml.cropping import CropRegressor
from prefml.cropping.geometry import from_params


@dataclass(frozen=True)
class Crops:
    X: pd.DataFrame
    boxes: np.ndarray
    size: np.ndarray
    project: np.ndarray


def make_crops(n=240, seed=0, follows=True):
    rng = np.random.default_rng(seed)
    side = rng.uniform(0.2, 0.6, n)
    objects = from_params(np.column_stack([side, rng.uniform(0, 1, (n, 2))]))
    wanted = np.minimum(side * 1.4, 1.0)
    centre = (objects[:, :2] + objects[:, 2:]) / 2 + rng.normal(0, 0.01, (n, 2))
    start = np.clip(centre - wanted[:, None] / 2, 0, 1 - wanted[:, None])
    boxes = np.hstack([start, start + wanted[:, None]])
    boxes[wanted > 0.78] = [0.0, 0.0, 1.0, 1.0]
    if not follows:
        boxes = boxes[rng.permutation(n)]
    X = pd.DataFrame(
        objects, columns=[f"cue__thing_{corner}" for corner in ("x1", "y1", "x2", "y2")]
    )
    X["stage"] = rng.choice([1.0, 2.0, np.nan], n)
    X["aspect"] = rng.choice([1.0, 1.5], n)
    size = np.column_stack([600 * X["aspect"], np.full(n, 600.0)])
    return Crops(X, np.clip(boxes, 0, 1), size, np.array([f"p{i}" for i in np.arange(n) * 4 // n]))


@pytest.fixture(scope="session")
def unseen():
    return make_crops(seed=1, n=400)


@pytest.fixture(scope="session")
def crops():
    return make_crops()


@pytest.fixture(scope="session")
def noise():
    return make_crops(follows=False)


@pytest.fixture(scope="session")
def more_noise():
    return make_crops(seed=3, n=400, follows=False)


@pytest.fixture(scope="session")
def fitted(crops):
    return CropRegressor(n_estimators=60).fit(crops.X, crops.boxes, groups=crops.project)


@pytest.fixture(scope="session")
def fitted_on_noise(noise):
    return CropRegressor(n_estimators=60).fit(noise.X, noise.boxes, groups=noise.project)
