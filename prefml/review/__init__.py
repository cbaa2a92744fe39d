"""The review room: one local page where a person judges suggestions at speed."""

from prefml.review.app import create_app
from prefml.review.server import serve

__all__ = ["create_app", "serve"]
