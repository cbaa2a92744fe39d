"""Models at work: new pictures in, an order, a crop and the reasons out."""

from prefml.serving.predictions import CropProposal, PictureRows, Ranking, Reason
from prefml.serving.suggester import Suggester

__all__ = ["CropProposal", "PictureRows", "Ranking", "Reason", "Suggester"]
