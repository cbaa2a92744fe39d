"""Declare the structure of `metrics.json`.

Measures that do not exist, such as the calibration error of a model without probabilities, are NaN
while they are computed and None in the file.
"""

from __future__ import annotations

from typing import NotRequired, TypeAlias, TypedDict

__all__ = [
    "ApprovalMetrics",
    "ChoiceBreakdown",
    "ChoiceMetrics",
    "Consistency",
    "CropBreakdown",
    "CropMetrics",
    "CropperScores",
    "Interval",
    "IouLead",
    "LearningPoint",
    "Machine",
    "Metrics",
    "OverTime",
    "PerProjectMetrics",
    "PreferenceMetrics",
    "RankerMetrics",
    "RankerScores",
    "RejectionMetrics",
    "ReliabilityPoint",
    "SettingMetrics",
    "TimeBlock",
    "Top1",
    "WeakSpot",
]

# Lower and upper end of a 95 % interval.
Interval: TypeAlias = list[float | None]


class Machine(TypedDict):
    """Machine on which the evaluation ran."""

    system: str
    cores: int | None
    python: str


class Consistency(TypedDict):
    """Share of the old sets that were answered as before when they were asked again."""

    share: float
    n: int
    ci: Interval


class RankerScores(TypedDict):
    """Measures of a ranker on held-out sets, medians over the seeds."""

    top1: float | None
    pair_accuracy: float | None
    ndcg: float | None
    lower_stage_top1: float | None
    other_top1: float | None
    ece: float | None
    fit_seconds: float | None
    top1_ci: Interval
    top1_by_seed: list[float | None]


class Top1(TypedDict):
    """Agreement, or a difference of two, with its interval."""

    top1: float | None
    top1_ci: Interval


class ApprovalMetrics(TypedDict):
    """Sets that may be approved unseen within an error budget."""

    budget: float
    coverage: float
    error: float | None
    sets: int
    threshold: float | None
    promise: str
    reason: str | None
    covers: list[str]


class RejectionMetrics(TypedDict):
    """Held-out probabilities that none of a set is good, beside the base rate."""

    reviewed_sets: int
    rejected: int
    projects: int
    log_loss: float | None
    log_loss_base_rate: float | None
    brier: float | None
    brier_base_rate: float | None
    auc: float | None


class ChoiceBreakdown(TypedDict):
    """Agreement on part of the sets, by model, and the interval of prefml's."""

    sets: int
    lower_stage_sets: int
    top1: dict[str, float | None]
    top1_ci: Interval


class ReliabilityPoint(TypedDict):
    """Mean stated probability of a tenth of the sets beside the observed agreement."""

    stated: float
    observed: float
    sets: int


class LearningPoint(TypedDict):
    """Agreement after learning from a share of the sets."""

    share: float
    sets: float
    top1: float | None
    top1_ci: Interval
    lower_stage_top1: float | None


class PerProjectMetrics(TypedDict):
    """Agreement of one ranker for all projects beside that of one for each project."""

    sets: int
    together: Top1
    own: Top1
    lead: Top1
    projects: int


class AuditMetrics(TypedDict):
    """Audited sets among the choices, and agreement without their weights.

    Audited sets stand for those that were approved with them; without weights the sets that were
    judged one by one, the hard ones, count for too much.
    """

    sets: int
    effective_sets: float
    top1_unweighted: float | None


class PreferenceMetrics(TypedDict):
    """Measure by which chosen pictures differ from the others of their sets, in words."""

    theme: str
    word: str
    column: str
    sets: int
    share: float
    share_ci: Interval
    model_share: float | None
    p: float
    words: str


class TimeBlock(TypedDict):
    """Agreement on the sets of a stretch of time."""

    since: str
    until: str
    sets: int
    top1: float | None
    top1_ci: Interval


class OverTime(TypedDict):
    """Held-out agreement by the time of the choice, and the later half minus the earlier one."""

    blocks: list[TimeBlock]
    change: Top1
    words: str


class WeakSpot(TypedDict):
    """Sets on which agreement is lower than on the others, corrected for all looked at."""

    kind: str
    name: str
    sets: int
    top1: float
    top1_ci: Interval
    elsewhere: float
    p: float
    words: str


class ChoiceMetrics(TypedDict):
    """Summary of held-out choices."""

    sets: int
    images: int
    projects: int
    folds: int
    folds_by: str
    seeds: int
    near_duplicate_sets_purged: list[int]
    interval_by: str
    lower_stage_sets: int
    models: dict[str, RankerScores]
    lead: dict[str, Top1]
    auto_approve: list[ApprovalMetrics]
    rejection: RejectionMetrics | None
    audit: NotRequired[AuditMetrics]
    by_project: dict[str, ChoiceBreakdown]
    by_set_size: dict[str, ChoiceBreakdown]
    by_stage_choice: dict[str, ChoiceBreakdown]
    reliability: list[ReliabilityPoint]
    risk_coverage: dict[str, list[list[float]]]
    importances: dict[str, float]
    preferences: NotRequired[list[PreferenceMetrics]]
    over_time: NotRequired[OverTime | None]
    weak_spots: NotRequired[list[WeakSpot]]


class SettingMetrics(TypedDict):
    """Effect of a generator's setting on sets, corrected for all that was looked at."""

    stage: float | None
    setting: str
    above: float | None
    word: str | None
    sets: int
    lost: float
    lost_ci: Interval
    otherwise: float
    p: float


class RankerMetrics(ChoiceMetrics):
    """Part `ranker`: the summary of held-out choices and what further fits tell."""

    learning_curve: list[LearningPoint]
    per_project: PerProjectMetrics | None
    settings: list[SettingMetrics] | None


class CropperScores(TypedDict):
    """Measures of a cropper on held-out pictures, medians over the seeds."""

    iou: float | None
    bde: float | None
    edges_within_5pct: float | None
    keep_balanced_accuracy: float | None
    similar: float | None
    band_coverage: float | None
    fit_seconds: float | None
    iou_ci: Interval
    iou_by_seed: list[float | None]


class IouLead(TypedDict):
    """Difference of the overlaps of prefml and another model, with its interval."""

    iou: float | None
    iou_ci: Interval


class CropBreakdown(TypedDict):
    """Mean overlap on part of the pictures, by model."""

    rows: int
    iou: dict[str, float | None]


class CropMetrics(TypedDict):
    """Part `crop`: summary of held-out crops."""

    rows: int
    projects: int
    folds: int
    folds_by: str
    seeds: int
    near_duplicates_purged: list[int]
    interval_by: str
    kept_whole: float
    models: dict[str, CropperScores]
    lead: dict[str, IouLead]
    by_project: dict[str, CropBreakdown]
    by_size: dict[str, CropBreakdown]
    by_stage: dict[str, CropBreakdown]
    habits: NotRequired[list[str]]


class Metrics(TypedDict):
    """Content of `metrics.json`."""

    schema: str
    written: str
    command: str
    machine: Machine
    versions: dict[str, str | None]
    encoder: dict[str, object] | None
    cues: str | None
    consistency: Consistency | None
    left_out: list[str]
    ranker: RankerMetrics | None
    crop: CropMetrics | None
