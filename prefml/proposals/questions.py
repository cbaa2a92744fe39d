"""Read questions, sets that are asked about before anything is suggested, and what was predicted.

Of the sets that are drawn to be asked at random, the prediction of each model is kept until the
person answers; held against the answer it tells how good the model is (prequential evaluation).

References
----------
A. P. Dawid, "Present position and potential developments: some personal views: statistical theory:
the prequential approach", Journal of the Royal Statistical Society A 147, 1984.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias, cast, get_args

import msgspec
from msgspec import Struct

from prefml.proposals.fields import as_mapping, read_share
from prefml.proposals.lines import Row, read_lines, write_lines
from prefml.proposals.suggestions import Asked, to_row
from prefml.workspace import Workspace

__all__ = ["Prediction", "Reason", "keep_predictions", "predictions_path", "read_asked",
           "read_predictions"]  # fmt: skip

Reason: TypeAlias = Literal["random", "coverage", "uncertainty"]


class Prediction(Struct, frozen=True):
    """Prediction of a model for a set whose answer it has not learned from.

    Attributes
    ----------
    group_id : str
        Names the set.
    image : str
        Path of the picture that the model puts first.
    probability : float
        That the person chooses it.
    answers : int
        Sets that the model had learned from.
    crop : list of float or None
        Frame that it would give that picture, x1, y1, x2, y2 in fractions; None without a model
        of crops.
    """

    group_id: str
    image: str
    probability: float
    answers: int
    crop: list[float] | None = None


def read_asked(suggestion: Mapping[str, object]) -> Asked | None:
    """Read how a set came to be asked about without a suggestion.

    Parameters
    ----------
    suggestion : mapping
        A line of `automation_decisions.jsonl`, or the `suggestion` of a decision.

    Returns
    -------
    Asked or None
        None for a suggestion.
    """
    asked = as_mapping(suggestion.get("asked"))
    if asked.get("by") not in get_args(Reason):
        return None
    return Asked(cast("Reason", asked["by"]), read_share(asked.get("inclusion")) or None)


def predictions_path(workspace: Workspace) -> Path:
    """Return where the predictions for sets that are asked at random lie."""
    return workspace.sandbox / "first_day_predictions.jsonl"


def read_predictions(workspace: Workspace) -> dict[str, Prediction]:
    """Return the last prediction for each set, by `group_id`.

    Parameters
    ----------
    workspace : Workspace
        The workspace.

    Returns
    -------
    dict of str to Prediction
        Lines that hold none are passed over.
    """
    found = {}
    for group_id, row in read_lines(predictions_path(workspace)).by_group().items():
        prediction = _parse(row)
        if prediction is not None:
            found[group_id] = prediction
    return found


def _parse(row: Row) -> Prediction | None:
    try:
        return msgspec.convert(row, Prediction)
    except msgspec.ValidationError:
        return None


def keep_predictions(workspace: Workspace, made: Mapping[str, Prediction]) -> None:
    """Keep predictions, each in place of an earlier one for the same set.

    Parameters
    ----------
    workspace : Workspace
        Its sandbox is held by the caller, see `prefml.proposals.single_writer`.
    made : mapping
        Predictions by `group_id`, for sets without an answer.
    """
    kept = {**read_predictions(workspace), **made}
    write_lines(predictions_path(workspace), map(to_row, kept.values()))
