"""One line of `automation_decisions.jsonl`: what is suggested for a set or a single picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from prefml.prediction import CropProposal, PictureRows, Predictor, Ranking
from prefml.suggest.candidates import Candidate
from prefml.suggest.flags import set_flags
from prefml.suggest.none_good import NoneGood

__all__ = ["Context", "make_line"]

_REASONS = 3
# Where the ranker names what it looked at, and not how the winner differs in it.
_SPOKEN = {
    "content": "its overall look",
    "closeness to the set": "how it sits among the others",
    "change from the stage below": "how it differs from the stage below",
    "composition": "its composition",
    "colour": "its colour",
    "noise": "its grain",
}


@dataclass(frozen=True)
class Context:
    """What every line of a run shares.

    Attributes
    ----------
    predictor : Predictor
        The models.
    none_good : NoneGood
        How likely a set is rejected whole.
    budget : float
        The error budget asked for.
    threshold : float or None
        The least probability within it; None: none yet.
    duplicates : mapping
        (project, file name) -> what looks the same elsewhere, in words.
    """

    predictor: Predictor
    none_good: NoneGood
    budget: float = 0.05
    threshold: float | None = None
    duplicates: Mapping[tuple[str, str], Sequence[tuple[str, str]]] = field(default_factory=dict)


def make_line(candidate: Candidate, rows: PictureRows, context: Context) -> dict[str, Any]:
    """Suggest for one candidate.

    Parameters
    ----------
    candidate : Candidate
        A set, or a single picture.
    rows : PictureRows
        What the models need to know of its pictures.
    context : Context
        Models and what else every line shares.

    Returns
    -------
    dict
        Plain types: the fields of the format, then alternatives, probabilities, reasons, flags,
        and what made the suggestion.
    """
    ranking = _ranking(rows, context.predictor)
    best = ranking.order[0] if ranking else _highest_stage(rows)
    none = context.none_good.probability(rows) if len(rows) > 1 and ranking else None
    same = _duplicates(candidate, context)
    first = _selection(candidate, rows, ranking, best)
    confidence = first["confidence"]
    return {
        "group_id": candidate.group_id,
        "images": list(candidate.paths),
        "step1_selection": first,
        "step2_crop": _crop(rows, best, context.predictor),
        "project_id": candidate.project,
        "alternatives": _alternatives(candidate, ranking),
        "probabilities": first.get("probabilities"),
        "none_probability": None if none is None else round(none, 4),
        "reasons": [first["reason"]] if len(rows) == 1 else _reasons(ranking),
        "duplicates": same,
        "flags": set_flags(rows, best, ranking, none, same),
        "within_budget": _within(confidence if ranking else None, none, context),
        "budget": context.budget,
        "model": _models(context.predictor),
        "encoder": _encoder(context.predictor),
    }


def _ranking(rows: PictureRows, predictor: Predictor) -> Ranking | None:
    return predictor.rank(rows) if len(rows) > 1 and predictor.ranker is not None else None


def _highest_stage(rows: PictureRows) -> int:
    return int(np.argmax(np.nan_to_num(rows.stage)))


def _selection(
    candidate: Candidate, rows: PictureRows, ranking: Ranking | None, best: int
) -> dict[str, Any]:
    chosen = candidate.paths[best]
    if len(rows) == 1:
        return {"chosen": chosen, "reason": "a single picture: crop only", "confidence": None}
    if ranking is None:
        return {"chosen": chosen, "reason": "highest stage; no ranker yet", "confidence": None}
    chances = [round(float(p), 4) for p in ranking.probabilities]
    return {
        "chosen": chosen,
        "reason": ", ".join(_reasons(ranking)) or "no clear reason",
        "confidence": chances[best],
        "probabilities": chances,
    }


def _reasons(ranking: Ranking | None) -> list[str]:
    """Name what speaks for the winner, and what speaks much against it."""
    if ranking is None:
        return []
    lead = [reason for reason in ranking.why if reason.contribution > 0][:_REASONS]
    against = [reason for reason in ranking.why if reason.contribution < 0][:1]
    heavy = bool(lead) and bool(against) and -against[0].contribution > lead[0].contribution / 2
    words = [_SPOKEN.get(reason.reason, reason.reason) for reason in lead]
    if len(lead) > 1 and lead[0].contribution > 2 * lead[1].contribution:
        words[0] = f"mainly {words[0]}"
    return words + [
        f"against it: {_SPOKEN.get(reason.reason, reason.reason)}" for reason in against if heavy
    ]


def _alternatives(candidate: Candidate, ranking: Ranking | None) -> list[dict[str, Any]]:
    if ranking is None:
        return []
    return [
        {"image": candidate.paths[i], "probability": round(float(ranking.probabilities[i]), 4)}
        for i in ranking.order[1:]
    ]


def _crop(rows: PictureRows, best: int, predictor: Predictor) -> dict[str, Any]:
    if predictor.cropper is None:
        # Neither yes nor no: approving this says nothing about a crop.
        return {"needs_crop": None, "crop_coords": None, "reason": "no crop model yet",
                "confidence": None}  # fmt: skip
    found = predictor.crop(rows, best)
    return {
        "needs_crop": not found.keeps_whole,
        "crop_coords": None if found.keeps_whole else _plain(found.box),
        "reason": "; ".join((found.certainty, *found.reasons)),
        "confidence": round(found.probability, 4),
        "keep_probability": round(found.keep_probability, 4),
        "alternatives": _crop_alternatives(found),
    }


def _crop_alternatives(found: CropProposal) -> list[dict[str, Any]]:
    return [
        {"crop_coords": _plain(box), "probability": round(probability, 4)}
        for box, probability in found.alternatives
    ]


def _plain(box: Sequence[float]) -> list[float]:
    return [round(float(edge), 6) for edge in box]


def _duplicates(candidate: Candidate, context: Context) -> list[str]:
    own = set(candidate.paths)
    return [
        f"{name} looks like {path} ({how})"
        for name, key in zip(candidate.names, candidate.keys, strict=True)
        for path, how in context.duplicates.get(key, ())
        if path not in own
    ]


def _within(confidence: float | None, none: float | None, context: Context) -> bool:
    if confidence is None or context.threshold is None or confidence < context.threshold:
        return False
    # The promise is about the choice, not about whether the set is rejected whole.
    return none is None or none <= context.budget


def _models(predictor: Predictor) -> dict[str, Any]:
    return {
        kind: {"sha256": manifest.sha256, "written": manifest.written}
        for kind, manifest in predictor.manifests.items()
    }


def _encoder(predictor: Predictor) -> dict[str, Any] | None:
    for manifest in predictor.manifests.values():
        if manifest.encoder:
            return {"id": manifest.encoder.id, "identity": manifest.encoder.identity}
    return None
