"""Decide whether a newly trained model replaces the one in use."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from prefml._typing import Bools, Texts, Times
from prefml.exceptions import ModelFileError, counted
from prefml.features.tables import TAKEN_OVER
from prefml.models.history import install
from prefml.models.kinds import Kind, M, T
from prefml.models.manifest import Manifest, read_manifest
from prefml.models.neutral import MIN_NEUTRAL, Neutral, neutral_decisions
from prefml.models.replay import Comparison, compare, held_out_blocks, recent_decisions
from prefml.models.store import ModelVersionWarning, load_model
from prefml.workspace import Workspace

__all__ = ["MIN_REPLAYED", "Refit", "Verdict", "judge", "last_decision", "promote"]

# Rows of the table to learn from -> the same kind of model, fitted on them alone.
Refit: TypeAlias = Callable[[Bools], M]

# With fewer recent decisions a replay tells nothing.
MIN_REPLAYED = 20
# Each block costs up to two refits. One that lacks much of the little that the current model
# learned from would make that one look worse than it is.
_HELD_OUT_SHARE, _MOST_BLOCKS = 0.1, 5


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
        Both models as they are, on recent decisions.
    held_out : Comparison or None
        Both refitted without the decisions that they are compared by, which were made without
        sight of a suggestion.
    """

    accepted: bool
    reason: str
    replay: Comparison | None = None
    held_out: Comparison | None = None


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

    A model that loses more than `prefml.models.replay.BROKEN` on recent decisions, whatever the
    person saw, is refused. Else decisions made without sight of a suggestion decide, held out of
    both models where they can be refitted. With fewer than `prefml.models.neutral.MIN_NEUTRAL` of
    them the new model is used.

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
        Decisions up to then were learned from by the current model. Without it there are no
        refits.

    Returns
    -------
    Verdict
    """
    if current is None:
        return Verdict(True, "no usable model before it")
    group = kind.decision_ids(table)
    recent = recent_decisions(group, table.timestamp)
    if len(recent) < MIN_REPLAYED:
        return Verdict(True, f"only {counted(len(recent), 'decision')}: too few to compare")
    try:
        replay = _compare_as_they_are(kind, current, candidate, table, recent)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        said = " ".join(str(error).split())[:120]
        return Verdict(True, f"the current model does not fit these pictures: {said}")
    if replay.broken:
        return Verdict(False, f"worse on recent decisions: {replay}", replay)
    taken_over = table.left_out.get(TAKEN_OVER, 0)
    neutral = neutral_decisions(group, table.timestamp, table.exposure, taken_over)
    if not neutral.enough:
        return Verdict(True, _too_few(neutral, kind.unit, replay), replay)
    held_out = None
    if refit is not None and seen_until is not None:
        held_out = _compare_held_out(kind, current, table, refit, seen_until, neutral.decisions)
    if held_out is not None and held_out.n >= MIN_REPLAYED:
        words = "not worse" if held_out.not_worse else "learned worse than the current one"
        reason = f"{words}: {held_out} held out ({neutral})"
        return Verdict(held_out.not_worse, reason, replay, held_out)
    found = _compare_as_they_are(kind, current, candidate, table, neutral.decisions)
    words = "not worse" if found.not_worse else "worse on recent decisions"
    return Verdict(found.not_worse, f"{words}: {found} ({neutral})", found)


def _too_few(neutral: Neutral, unit: str, replay: Comparison) -> str:
    return (
        f"too few {unit} to compare by that neither model had a part in ({neutral}; "
        f"{MIN_NEUTRAL} are needed): used, as it is not broken ({replay})"
    )


def _compare_as_they_are(
    kind: Kind[M, T], current: M, candidate: M, table: T, decisions: Texts
) -> Comparison:
    rows = np.isin(kind.decision_ids(table).astype(str), decisions.astype(str))
    return compare(kind.score(current, table, rows), kind.score(candidate, table, rows))


def _compare_held_out(
    kind: Kind[M, T],
    current: M,
    table: T,
    refit: Refit[M],
    seen_until: np.datetime64,
    decisions: Texts,
) -> Comparison | None:
    """Hold blocks of decisions out of both models in turn.

    The current one is refitted on what it learned from, less the block; of later decisions it has
    seen none, and answers as it is.
    """
    group = kind.decision_ids(table)
    # A decision without a time compares as not later.
    learned = ~(table.timestamp > seen_until)
    if learned.all():
        return None
    old, new = [np.empty(0)], [np.empty(0)]
    for block in held_out_blocks(
        group, table.timestamp, decisions, _blocks(group[learned], decisions)
    ):
        try:
            candidate = refit(~block)
            parts = [(current, block & ~learned)]
            if (block & learned).any():
                parts.append((refit(learned & ~block), block & learned))
        except ValueError:
            # Too little is left to learn from.
            continue
        for model, rows in parts:
            if rows.any():
                old.append(kind.score(model, table, rows))
                new.append(kind.score(candidate, table, rows))
    return compare(np.concatenate(old), np.concatenate(new))


def _blocks(learned: Texts, decisions: Texts) -> int:
    """Return a number of blocks such that a refit lacks about a tenth of what was learned from."""
    most = max(1.0, _HELD_OUT_SHARE * len(set(learned.tolist())))
    return min(_MOST_BLOCKS, math.ceil(len(decisions) / most))
