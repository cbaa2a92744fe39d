"""`metrics.json`: strict JSON, the same keys every time."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from prefml._version import __version__
from prefml.evaluation.run import Evaluation
from prefml.files import write_text
from prefml.status.measures import Share

__all__ = ["METRICS_NAME", "SCHEMA", "as_metrics", "plain", "write_metrics"]

SCHEMA = "prefml/metrics/1"
METRICS_NAME = "metrics.json"
_LIBRARIES = ("numpy", "scikit-learn", "lightgbm", "torch")
_DIGITS = 6


def as_metrics(found: Evaluation, command: str) -> dict[str, Any]:
    """Return the content of `metrics.json`.

    Parameters
    ----------
    found : Evaluation
        What was measured.
    command : str
        The command that measured it.

    Returns
    -------
    dict
        Plain types only; what does not exist is None.
    """
    spec = found.sidecars.encoder if found.sidecars else None
    metrics = {
        "schema": SCHEMA,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "machine": _machine(),
        "versions": {"prefml": __version__, **_versions()},
        "encoder": {**asdict(spec), "identity": spec.identity} if spec else None,
        "cues": found.sidecars.cue_identity if found.sidecars else None,
        "consistency": _share(found.consistency),
        "left_out": found.left_out,
        "ranker": found.ranker,
        "crop": found.crop,
    }
    content: dict[str, Any] = plain(metrics)
    return content


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: plain types, NaN and infinity as None.

    Parameters
    ----------
    value : object
        Mappings, sequences, arrays, numbers, texts.

    Returns
    -------
    object
        Numbers are rounded to six decimals.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(entry) for entry in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return round(value, _DIGITS) if math.isfinite(value) else None
    return value


def write_metrics(metrics: Mapping[str, Any], folder: Path) -> Path:
    """Write `metrics.json`, whole or not at all.

    Parameters
    ----------
    metrics : mapping
        What `as_metrics` gave.
    folder : Path
        The artifacts folder; made if missing.

    Returns
    -------
    Path
    """
    path = folder / METRICS_NAME
    write_text(path, json.dumps(metrics, indent=1, allow_nan=False) + "\n")
    return path


def _share(value: Share) -> dict[str, Any] | None:
    if value.value is None:
        return None
    return {"share": value.value, "n": value.n, "ci": [value.low, value.high]}


def _machine() -> dict[str, Any]:
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def _versions() -> dict[str, str | None]:
    return {name: _version(name) for name in _LIBRARIES}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
