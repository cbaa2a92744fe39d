"""Default crop regressor: the hyperparameters that `prefml train` uses."""

from __future__ import annotations

from prefml.cropping.regressor import CropRegressor

__all__ = ["default_cropper"]


def default_cropper(random_state: int = 0) -> CropRegressor:
    """Return the crop regressor with the hyperparameters that did best on held-out projects.

    `docs/experiments.md` has the figures.

    Parameters
    ----------
    random_state : int, default=0
        Seed of everything drawn.

    Returns
    -------
    CropRegressor
        Not fitted.
    """
    return CropRegressor(random_state=random_state)
