"""Models as files: train, keep, judge, compare, load and export them."""

from prefml.models.manifest import Manifest, read_manifest
from prefml.models.store import ModelVersionWarning, load_model, save_model

__all__ = ["Manifest", "ModelVersionWarning", "load_model", "read_manifest", "save_model"]
