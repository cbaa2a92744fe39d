"""Look up the confidence threshold that keeps an error budget."""

from __future__ import annotations

import json
from collections.abc import Mapping

from prefml.proposals import as_list, as_mapping
from prefml.workspace import Workspace

__all__ = ["threshold_for"]


def threshold_for(
    workspace: Workspace, manifest: Mapping[str, object] | None, budget: float
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
    promises = as_list(as_mapping(manifest).get("auto_approve"))
    for rows in (promises, _evaluated(workspace, as_mapping(manifest))):
        kept = [
            (share, threshold)
            for row in map(as_mapping, rows)
            if (share := _share(row.get("budget"))) is not None
            and (threshold := _share(row.get("threshold"))) is not None
            and share <= budget + 1e-12
        ]
        if kept:
            return max(kept)[1]
    return None


def _share(value: object) -> float | None:
    """Read a share; what is none promises nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None


def _evaluated(workspace: Workspace, manifest: Mapping[str, object]) -> list[object]:
    """Read what `evaluate` found, if it found it with the encoder of the model in use."""
    trained = as_mapping(manifest.get("encoder")).get("identity")
    try:
        metrics = json.loads((workspace.artifacts / "metrics.json").read_text("utf-8"))
        measured = (metrics.get("encoder") or {}).get("identity")
        rows = metrics["ranker"]["auto_approve"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []
    return as_list(rows) if None in (measured, trained) or measured == trained else []
