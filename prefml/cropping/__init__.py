"""Predict the crop a person would make: arrays in, boxes out."""

from prefml.cropping.proposal import Option, Proposal
from prefml.cropping.protocols import Cropper
from prefml.cropping.regressor import CropRegressor

__all__ = ["CropRegressor", "Cropper", "Option", "Proposal"]
