"""How confident a suggestion must be to lie within an error budget."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from prefml.boxes import read_number
from prefml.proposals import as_mapping
from prefml.workspace import Workspace

__all__ = ["threshold_for"]


def threshold_for(
    workspace: Workspace, manifest: Mapping[str, Any] | None, budget: float
) -> float | None:
    """Return the least probability at which sets keep an error budget.

    The promise is made by risk control on held-out projects (`prefml.ranking.risk`), and is kept
    in the model's manifest or, since the last `prefml evaluate`, in `metrics.json`.

    Parameters
    ----------
    workspace : Workspace
        Its artifacts hold `metrics.json`.
    manifest : mapping or None
        The ranker's manifest.
    budget : float
        Largest tolerated share of wrong choices.

    Returns
    -------
    float or None
        The threshold of the largest budget not above the one asked for; None: none yet.
    """
    for rows in (_from_manifest(manifest), _from_metrics(workspace, manifest)):
        kept = [pair for pair in map(_pair, rows) if pair and pair[0] <= budget + 1e-12]
        if kept:
            return max(kept)[1]
    return None


def _pair(row: Any) -> tuple[float, float] | None:
    """Return budget and threshold of one row; what is no share promises nothing."""
    entries = as_mapping(row)
    budget, threshold = read_number(entries.get("budget")), read_number(entries.get("threshold"))
    return (budget, threshold) if 0 <= budget <= 1 and 0 <= threshold <= 1 else None


def _from_manifest(manifest: Mapping[str, Any] | None) -> Iterable[Any]:
    rows = (manifest or {}).get("auto_approve")
    return rows if isinstance(rows, list) else ()


def _from_metrics(workspace: Workspace, manifest: Mapping[str, Any] | None) -> Iterable[Any]:
    """Read what `evaluate` found, if it found it with the encoder of the model in use."""
    try:
        metrics = json.loads((workspace.artifacts / "metrics.json").read_text("utf-8"))
        measured = (metrics.get("encoder") or {}).get("identity")
        trained = ((manifest or {}).get("encoder") or {}).get("identity")
        rows = metrics["ranker"]["auto_approve"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ()
    fits = measured is None or trained is None or measured == trained
    return rows if fits and isinstance(rows, list) else ()
