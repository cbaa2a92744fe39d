"""From crop logs to a crop: geometry, measures, baselines, the regressor and the person's rules."""

from prefml.cropping.defaults import default_cropper
from prefml.cropping.proposal import Option, Proposal
from prefml.cropping.regressor import CropRegressor

__all__ = ["CropRegressor", "Option", "Proposal", "default_cropper"]
