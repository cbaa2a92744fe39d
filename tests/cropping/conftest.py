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


def make_people(n=240, seed=0, locked=True):
    """Return pictures of a person, some without, whose crops end at the thighs."""
    rng = np.random.default_rng(seed)
    size = rng.uniform(0.08, 0.16, n)
    start = np.column_stack([rng.uniform(0.2, 0.6, n), rng.uniform(0.05, 0.3, n)])
    eyes = start + np.column_stack([size / 2, 0.4 * size])
    thighs = eyes + np.column_stack([np.zeros(n), 4 * size])
    bottom, top = np.minimum(thighs[:, 1], 1.0), np.clip(eyes[:, 1] - 2 * size, 0.0, 1.0)
    side = (bottom - top) * (1.0 if locked else 0.5)
    left = np.clip(eyes[:, 0] - side / 2, 0.0, 1.0 - side)
    names = [f"cue__head_{corner}" for corner in ("x1", "y1", "x2", "y2")]
    names += [f"cue__point_{name}_{axis}" for name in ("eyes", "thighs") for axis in "xy"]
    places = np.hstack([start, start + size[:, None], eyes, thighs])
    places[rng.random(n) < 0.2] = np.nan
    X = pd.DataFrame(places, columns=names).assign(stage=rng.choice([1.0, 2.0, np.nan], n))
    boxes = np.column_stack([left, top, left + side, bottom])
    project = np.array([f"p{i}" for i in np.arange(n) * 4 // n])
    return Crops(X, boxes, np.full((n, 2), 600.0), project)
