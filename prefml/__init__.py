"""prefml learns one person's taste in pictures from the choices they already logged.

The names below are imported when first used, so that ``import prefml`` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from prefml._version import __version__

if TYPE_CHECKING:
    from prefml.cropping import CropRegressor
    from prefml.models.exported import load_exported
    from prefml.models.store import load_model
    from prefml.ranking import SetRanker
    from prefml.workspace import Workspace

__all__ = [
    "CropRegressor",
    "SetRanker",
    "Workspace",
    "__version__",
    "load_exported",
    "load_model",
]

_HOMES = {
    "CropRegressor": "prefml.cropping",
    "SetRanker": "prefml.ranking",
    "Workspace": "prefml.workspace",
    "load_exported": "prefml.models.exported",
    "load_model": "prefml.models.store",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
