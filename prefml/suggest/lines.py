"""Make a suggestion, one line of `automation_decisions.jsonl`, for a set or a single picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from msgspec import UNSET

from prefml.prediction import CropProposal, PictureRows, Predictor, Ranking
from prefml.prediction.flags import Flagging
from prefml.proposals.suggestions import (
    Alternative,
    CropAlternative,
    CropSuggestion,
    EncoderStamp,
    FlagPlace,
    ModelStamp,
    Selection,
    Suggestion,
    rounded,
)
from prefml.suggest.budget import ErrorBudget, Stated
from prefml.suggest.candidates import Candidate
from prefml.suggest.flags import person_flags, set_flags
from prefml.suggest.reask import OldSet

__all__ = ["Context", "make_suggestion"]

_REASONS = 3
# Where the ranker names the feature group that it looked at, and not how the winner differs in it.
_WORDS = {
    "content": "its overall look",
    "closeness to the set": "its similarity to the rest of the set",
    "change from the stage below": "how it differs from the stage below",
    "composition": "its composition",
    "colour": "its colour",
    "noise": "its grain",
    "eyes": "the eyes",
    "face": "the face",
    "hands and body": "hands and body",
    "exposure": "its exposure",
    "sharpness": "its sharpness",
    "contrast": "its contrast",
    "natural look": "its natural look",
    "stage": "its stage",
    "size": "its size",
}
# Feature groups that say nothing to a person.
_NOTHING = frozenset({"other", "size of the set"})


@dataclass(frozen=True)
class Context:
    """Models and figures that every suggestion of a run shares.

    Attributes
    ----------
    predictor : Predictor
        The models.
    budget : ErrorBudget
        What the ranker promises for the error budget asked for.
    duplicates : mapping
        (project, file name) -> what looks the same elsewhere, in words.
    created : str
        When the run began, in UTC and ISO form.
    flagging : Flagging
        Flags what looks wrong about people.
    """

    predictor: Predictor
    budget: ErrorBudget
    duplicates: Mapping[tuple[str, str], Sequence[tuple[str, str]]] = field(default_factory=dict)
    created: str = ""
    flagging: Flagging = field(default_factory=Flagging)


def make_suggestion(
    candidate: Candidate, rows: PictureRows, context: Context
) -> tuple[Suggestion, Stated]:
    """Suggest for one candidate.

    Parameters
    ----------
    candidate : Candidate
        A set, or a single picture.
    rows : PictureRows
        What the models need to know of its pictures.
    context : Context
        Models and what else every suggestion shares.

    Returns
    -------
    suggestion : Suggestion
        One line of the file.
    stated : Stated
        By which it lies within the error budget, or does not.
    """
    predictor, several = context.predictor, len(rows) > 1
    ranking = predictor.rank(rows) if several and predictor.ranker is not None else None
    best = ranking.order[0] if ranking else int(np.argmax(np.nan_to_num(rows.stage)))
    none = predictor.none_probability(rows) if ranking else None
    crop = None if predictor.cropper is None else predictor.crop(rows, best)
    selection = _select(candidate, rows, ranking, best)
    duplicates = _duplicates(candidate, context)
    people = person_flags(rows, best, context.flagging)
    stated = _state(candidate, ranking, none, crop)
    joint = context.budget.confidence(stated)
    suggestion = Suggestion(
        group_id=candidate.group_id,
        images=list(candidate.paths),
        step1_selection=selection,
        step2_crop=_suggest_crop(crop),
        project_id=candidate.project,
        alternatives=_alternatives(candidate, ranking),
        probabilities=selection.probabilities or None,
        none_probability=None if none is None else round(none, 4),
        reasons=_reasons(ranking) if several else [selection.reason],
        duplicates=duplicates,
        flags=set_flags(rows, best, ranking, none, duplicates, people),
        flag_places=[
            FlagPlace(flag, candidate.paths[best], rounded(box)) for flag, box in people.items()
        ]
        or UNSET,
        within_budget=context.budget.contains(stated),
        budget=context.budget.budget,
        model=_model_stamps(predictor),
        encoder=_encoder_stamp(predictor),
        created=context.created,
        reask_of=candidate.set_id if isinstance(candidate, OldSet) else UNSET,
        least_budget=context.budget.least(stated),
        joint_confidence=None if joint is None else round(joint, 4),
    )
    return suggestion, stated


def _state(
    candidate: Candidate, ranking: Ranking | None, none: float | None, crop: CropProposal | None
) -> Stated:
    return Stated(
        project=candidate.project,
        win=None if ranking is None else float(ranking.probabilities[ranking.order[0]]),
        none=none,
        crop=None if crop is None else crop.probability,
        unsure_crop=crop is not None and crop.unsure,
    )


def _select(
    candidate: Candidate, rows: PictureRows, ranking: Ranking | None, best: int
) -> Selection:
    chosen = candidate.paths[best]
    if len(candidate.paths) == 1:
        return Selection(chosen, "a single picture: crop only")
    if ranking is None:
        how = "the first" if np.isnan(rows.stage).all() else "highest stage"
        return Selection(chosen, f"{how}; no ranker yet")
    probabilities = [round(float(p), 4) for p in ranking.probabilities]
    reason = ", ".join(_reasons(ranking)) or "no clear reason"
    return Selection(chosen, reason, probabilities[best], probabilities)


def _reasons(ranking: Ranking | None) -> list[str]:
    """Name what speaks for the winner, and what speaks much against it."""
    if ranking is None:
        return []
    told = [reason for reason in ranking.why if reason.reason not in _NOTHING]
    lead = [reason for reason in told if reason.contribution > 0][:_REASONS]
    against = [reason for reason in told if reason.contribution < 0][:1]
    heavy = bool(lead) and bool(against) and -against[0].contribution > lead[0].contribution / 2
    words = [_WORDS.get(reason.reason, reason.reason) for reason in lead]
    if len(lead) > 1 and lead[0].contribution > 2 * lead[1].contribution:
        words[0] = f"mainly {words[0]}"
    return words + [
        f"against it: {_WORDS.get(reason.reason, reason.reason)}" for reason in against if heavy
    ]


def _alternatives(candidate: Candidate, ranking: Ranking | None) -> list[Alternative]:
    if ranking is None:
        return []
    return [
        Alternative(candidate.paths[i], round(float(ranking.probabilities[i]), 4))
        for i in ranking.order[1:]
    ]


def _suggest_crop(found: CropProposal | None) -> CropSuggestion:
    if found is None:
        # Neither yes nor no: approving this says nothing about a crop.
        return CropSuggestion(None, None, "no crop model yet", None)
    return CropSuggestion(
        needs_crop=not found.keeps_whole,
        crop_coords=None if found.keeps_whole else rounded(found.box),
        reason="; ".join((found.certainty, *found.reasons)),
        confidence=round(found.probability, 4),
        keep_probability=round(found.keep_probability, 4),
        alternatives=[
            CropAlternative(rounded(box), round(probability, 4))
            for box, probability in found.alternatives
        ],
    )


def _duplicates(candidate: Candidate, context: Context) -> list[str]:
    own = set(candidate.paths)
    return [
        f"{name} looks like {path} ({how})"
        for name, key in zip(candidate.names, candidate.keys, strict=True)
        for path, how in context.duplicates.get(key, ())
        if path not in own
    ]


def _model_stamps(predictor: Predictor) -> dict[str, ModelStamp]:
    return {
        kind: ModelStamp(manifest.sha256, manifest.written)
        for kind, manifest in predictor.manifests.items()
    }


def _encoder_stamp(predictor: Predictor) -> EncoderStamp | None:
    for manifest in predictor.manifests.values():
        if manifest.encoder:
            return EncoderStamp(manifest.encoder.id, manifest.encoder.identity)
    return None
