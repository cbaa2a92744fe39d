"""The settings that `prefml train` uses."""

from __future__ import annotations

from prefml.cropping.regressor import CropRegressor

__all__ = ["default_cropper"]


def default_cropper(random_state: int = 0) -> CropRegressor:
    """Return the crop regressor with the settings that did best in `docs/experiments.md`.

    Parameters
    ----------
    random_state : int, default=0

    Returns
    -------
    CropRegressor
        Not fitted.
    """
    return CropRegressor(random_state=random_state)
