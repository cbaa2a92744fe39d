"""Train, keep, judge, compare, load and export models as files."""

from prefml.models.manifest import Manifest, read_manifest
from prefml.models.store import ModelVersionWarning, load_model, save_model

__all__ = ["Manifest", "ModelVersionWarning", "load_model", "read_manifest", "save_model"]
