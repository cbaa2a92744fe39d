"""Serve one local page on which a person reviews suggestions at speed."""

from prefml.review.app import create_app
from prefml.review.people import FoundPeople
from prefml.review.server import serve

__all__ = ["FoundPeople", "create_app", "serve"]
