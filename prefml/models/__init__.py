"""Models as files: training, keeping, judging, comparing, loading and exporting them."""

from prefml.models.store import ModelVersionWarning, load_model, read_manifest, save_model

__all__ = ["ModelVersionWarning", "load_model", "read_manifest", "save_model"]
