"""Write `metrics.json`: strict JSON, the same keys every time."""

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

import msgspec
import numpy as np

from prefml._version import __version__
from prefml.evaluation.run import Evaluation
from prefml.evaluation.schema import Consistency, Metrics
from prefml.files import write_text

__all__ = ["METRICS_NAME", "SCHEMA", "as_metrics", "plain", "write_metrics"]

SCHEMA = "prefml/metrics/1"
METRICS_NAME = "metrics.json"
_LIBRARIES = ("numpy", "scikit-learn", "lightgbm", "torch")
_DIGITS = 6


def as_metrics(found: Evaluation, command: str) -> Metrics:
    """Return the content of `metrics.json`.

    Parameters
    ----------
    found : Evaluation
        Outcome of the evaluation.
    command : str
        The command that ran it.

    Returns
    -------
    Metrics
        Plain types only; what does not exist is None.
    """
    spec = found.sidecars.encoder if found.sidecars else None
    share, consistency = found.consistency, None
    if share.value is not None:
        consistency = Consistency(share=share.value, n=share.n, ci=[share.low, share.high])
    metrics: Metrics = {
        "schema": SCHEMA,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        "versions": {"prefml": __version__, **{name: _version(name) for name in _LIBRARIES}},
        "encoder": {**asdict(spec), "identity": spec.identity} if spec else None,
        "cues": found.sidecars.cue_identity if found.sidecars else None,
        "consistency": consistency,
        "left_out": found.left_out,
        "ranker": found.ranker,
        "crop": found.crop,
    }
    return msgspec.convert(plain(metrics), Metrics)


def plain(value: object) -> object:
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


def write_metrics(metrics: Mapping[str, object], folder: Path) -> Path:
    """Write `metrics.json`, whole or not at all.

    Parameters
    ----------
    metrics : mapping
        Return value of `as_metrics`.
    folder : Path
        The artifacts folder; made if missing.

    Returns
    -------
    Path
    """
    path = folder / METRICS_NAME
    write_text(path, json.dumps(metrics, indent=1, allow_nan=False) + "\n")
    return path


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
