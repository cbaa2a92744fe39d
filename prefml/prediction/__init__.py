"""Models at work: new pictures in, an order, a crop and the reasons out."""

from prefml.prediction.predictions import CropProposal, PictureRows, Ranking, Reason
from prefml.prediction.predictor import Predictor

__all__ = ["CropProposal", "PictureRows", "Predictor", "Ranking", "Reason"]
