"""Workspace: its configuration, its paths, and names of files as they are compared."""

from prefml.workspace.config import CONFIG_NAME, MOST, RULES, Config, read_config
from prefml.workspace.folder import REVIEWED_ROOTS, Workspace
from prefml.workspace.names import canonical_name, stored_path

__all__ = [
    "CONFIG_NAME",
    "MOST",
    "REVIEWED_ROOTS",
    "RULES",
    "Config",
    "Workspace",
    "canonical_name",
    "read_config",
    "stored_path",
]
