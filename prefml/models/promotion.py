"""Decide whether a newly trained model replaces the one in use."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from prefml._typing import Bools, Times
from prefml.exceptions import ModelFileError
from prefml.models.history import install
from prefml.models.kinds import Kind, M, T
from prefml.models.manifest import Manifest, read_manifest
from prefml.models.replay import WINDOW, Comparison, compare, recent_decisions, time_blocks
from prefml.models.store import ModelVersionWarning, load_model
from prefml.workspace import Workspace

__all__ = ["MIN_REPLAYED", "Refit", "Verdict", "judge", "last_decision", "promote"]

# Rows of the table to learn from -> the same kind of model, fitted on them alone.
Refit: TypeAlias = Callable[[Bools], M]

# With fewer recent decisions a replay tells nothing.
MIN_REPLAYED = 20
# New decisions to a refit: each costs as much as the training itself.
_BLOCK, _MOST_BLOCKS = 100, 3


@dataclass(frozen=True)
class Verdict:
    """Decision on a new model.

    Attributes
    ----------
    accepted : bool
        Whether it may replace the one in use.
    reason : str
        Why, in words.
    replay : Comparison or None
        The new model as it is, on recent decisions.
    prequential : Comparison or None
        The same way of learning, refitted before each block of decisions that the model in use
        has not seen.
    """

    accepted: bool
    reason: str
    replay: Comparison | None = None
    prequential: Comparison | None = None


def promote(
    workspace: Workspace,
    kind: Kind[M, T],
    candidate: Path,
    table: T,
    refit: Refit[M] | None = None,
) -> Verdict:
    """Put a new model to use if a replay of recent decisions says that it is not worse.

    Parameters
    ----------
    workspace : Workspace
        Its artifacts hold the current model, which is kept in `artifacts/history/`.
    kind : Kind
        Kind of both.
    candidate : Path
        The new model's file, anywhere but in the place of the current one.
    table : ChoiceTable or CropTable
        Every decision that it was trained on.
    refit : callable, optional
        Rows of the table -> the same kind of model fitted on them alone.

    Returns
    -------
    Verdict
    """
    model = load_model(candidate, kind.name)
    current, manifest = _load_current(workspace, kind)
    if manifest is not None and manifest.sha256 == read_manifest(candidate).sha256:
        return Verdict(True, "the same as the model in use")
    told = None if manifest is None else manifest.last_decision
    when = pd.to_datetime(told or "", utc=True, errors="coerce")
    seen_until = None if pd.isna(when) else when.tz_localize(None).to_datetime64()
    verdict = judge(kind, current, model, table, refit, seen_until)
    if verdict.accepted:
        install(workspace, kind.name, candidate)
    return verdict


def _load_current(workspace: Workspace, kind: Kind[M, T]) -> tuple[M | None, Manifest | None]:
    path = workspace.artifacts / kind.file
    try:
        with warnings.catch_warnings():
            # It asks for what is being done: to train again.
            warnings.simplefilter("ignore", ModelVersionWarning)
            return load_model(path, kind.name), read_manifest(path)
    except ModelFileError:
        # Damaged, or of versions that cannot be opened here; it must not keep a new model out.
        return None, None


def last_decision(timestamp: Times) -> str | None:
    """Return the time of the latest decision, which a model's manifest keeps.

    Parameters
    ----------
    timestamp : ndarray of datetime64
        When the decisions were made, UTC.

    Returns
    -------
    str or None
        As in ISO 8601; None if no time is known.
    """
    latest = pd.to_datetime(pd.Series(timestamp), utc=True).max()
    return None if pd.isna(latest) else latest.isoformat()


def judge(
    kind: Kind[M, T],
    current: M | None,
    candidate: M,
    table: T,
    refit: Refit[M] | None = None,
    seen_until: np.datetime64 | None = None,
) -> Verdict:
    """Decide whether a new model may replace the current one, by replaying recent decisions.

    Parameters
    ----------
    kind : Kind
        Kind of both.
    current : estimator or None
        The model in use.
    candidate : estimator
        The new one.
    table : ChoiceTable or CropTable
        Decisions.
    refit : callable, optional
        As in `promote`.
    seen_until : datetime64, optional
        Decisions up to then were learned from by the current model, so that only later ones can
        tell whether a refit learns worse. Without it there are no refits.

    Returns
    -------
    Verdict
    """
    if current is None:
        return Verdict(True, "no usable model before it")
    group = kind.decision_ids(table)
    recent = recent_decisions(group, table.timestamp)
    if len(recent) < MIN_REPLAYED:
        return Verdict(True, f"only {len(recent)} decisions: too few to compare")
    rows = np.isin(group.astype(str), recent.astype(str))
    try:
        old = kind.score(current, table, rows)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        said = " ".join(str(error).split())[:120]
        return Verdict(True, f"the current model does not fit these pictures: {said}")
    replay = compare(old, kind.score(candidate, table, rows))
    if not replay.not_worse:
        return Verdict(False, f"worse on recent decisions: {replay}", replay)
    prequential = None
    if refit is not None and seen_until is not None:
        prequential = _compare_prequential(kind, current, table, refit, seen_until)
    if prequential is not None and prequential.n >= MIN_REPLAYED and not prequential.not_worse:
        return Verdict(
            False, f"learns worse than the current one: {prequential}", replay, prequential
        )
    return Verdict(True, f"not worse: {replay}", replay, prequential)


def _compare_prequential(
    kind: Kind[M, T], current: M, table: T, refit: Refit[M], seen_until: np.datetime64
) -> Comparison | None:
    """Refit before each block of decisions that the current model has not seen."""
    group = kind.decision_ids(table)
    # A decision without a time compares as not later.
    unseen = min(WINDOW, len(set(group[table.timestamp > seen_until].tolist())))
    if unseen < MIN_REPLAYED:
        return None
    blocks = min(_MOST_BLOCKS, max(1, unseen // _BLOCK))
    old, new = [np.empty(0)], [np.empty(0)]
    for before, block in time_blocks(group, table.timestamp, unseen, blocks):
        try:
            model = refit(before)
        except ValueError:
            # Too little came before this block to learn from.
            continue
        old.append(kind.score(current, table, block))
        new.append(kind.score(model, table, block))
    return compare(np.concatenate(old), np.concatenate(new))
