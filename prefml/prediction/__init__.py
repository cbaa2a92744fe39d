"""Predict with trained models: an order, a crop and the reasons for new pictures."""

from prefml.prediction.predictions import CropProposal, PictureRows, Ranking, Reason
from prefml.prediction.predictor import Predictor

__all__ = ["CropProposal", "PictureRows", "Predictor", "Ranking", "Reason"]
