"""Cross-validate rankers and croppers as far as the data of a workspace allow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np

from prefml._typing import Labels
from prefml.evaluation.choices import ChoiceRuns, choice_metrics
from prefml.evaluation.contenders import (
    CROPPERS,
    RANKERS,
    chosen_contenders,
    left_out_contenders,
    missing_torch,
)
from prefml.evaluation.crops import CropRuns, crop_metrics
from prefml.evaluation.crossval import (
    Contender,
    Estimator,
    HeldOutScores,
    Ranker,
    held_out_boxes,
    held_out_scores,
)
from prefml.evaluation.folds import Folds, make_folds
from prefml.evaluation.learning_curve import SHARES, curve_point, partial_point
from prefml.evaluation.per_project import compare_per_project
from prefml.evaluation.schema import CropMetrics, LearningPoint, PerProjectMetrics, RankerMetrics
from prefml.evaluation.settings import setting_metrics
from prefml.evaluation.workers import run_in_processes
from prefml.exceptions import NotEnoughDataError
from prefml.features import ChoiceTable
from prefml.features.rejections import rejected_sets, reviewed_sets
from prefml.features.training_data import MIN_DECISIONS, TrainingData, read_training_data
from prefml.ranking import default_ranker
from prefml.sidecars.store import Sidecars
from prefml.status import status_of
from prefml.status.measures import Share, share
from prefml.workspace import Workspace

__all__ = ["Evaluation", "Options", "evaluate"]

R = TypeVar("R")


class Track(Protocol):
    """Wrapper around results as they come, such as a progress bar."""

    def __call__(self, results: Iterable[R], total: int, /) -> Iterable[R]:
        """Pass on the results, of which there will be `total`."""


@dataclass(frozen=True)
class Options:
    """Options of an evaluation.

    Attributes
    ----------
    seeds : int
        Rounds, each with its own folds and seeds of the models; medians are reported.
    folds : int
        Folds of a round, at most the number of projects.
    models : tuple of str
        Baselines to include; all by default.
    jobs : int
        Processes to fit in; each uses its share of the processor.
    """

    seeds: int = 1
    folds: int = 4
    models: tuple[str, ...] = ()
    jobs: int = 1


@dataclass
class Evaluation:
    """Outcome of an evaluation.

    Attributes
    ----------
    choices : ChoiceRuns or None
        Held-out scores of all rankers; None if there are too few choices.
    crops : CropRuns or None
        Held-out boxes of all croppers; None if there are too few crops.
    ranker : RankerMetrics or None
        The part `ranker` of `metrics.json`.
    crop : CropMetrics or None
        The part `crop` of `metrics.json`.
    consistency : Share
        Old sets that were silently asked again and answered as before.
    sidecars : Sidecars or None
        Embeddings, hashes and cues of the pictures.
    left_out : list of str
        Data and models that could not take part, and why.
    """

    choices: ChoiceRuns | None = None
    crops: CropRuns | None = None
    ranker: RankerMetrics | None = None
    crop: CropMetrics | None = None
    consistency: Share = field(default_factory=lambda: share([]))
    sidecars: Sidecars | None = None
    left_out: list[str] = field(default_factory=list)


def evaluate(
    workspace: Workspace, options: Options | None = None, track: Track | None = None
) -> Evaluation:
    """Cross-validate rankers and croppers by project, as far as the data allow.

    Parameters
    ----------
    workspace : Workspace
        Logs and sidecars.
    options : Options, optional
        How to evaluate.
    track : callable, optional
        Wraps the results as they come, with their number, for a progress bar.

    Returns
    -------
    Evaluation

    Raises
    ------
    NotEnoughDataError
        If neither choices nor crops suffice.
    SidecarError
        If sidecars exist but are damaged.
    """
    data = read_training_data(workspace)
    found = Evaluation(sidecars=data.sidecars, consistency=status_of(workspace).consistency)
    settings = options or Options()
    for name, part in (("choices", _evaluate_choices), ("crops", _evaluate_crops)):
        try:
            part(found, data, settings, track)
        except NotEnoughDataError as error:
            wanted = f"; expected {error.expected}" if error.expected else ""
            found.left_out.append(f"{name}: {error.found}{wanted}")
    if found.choices is None and found.crops is None:
        lacking = found.sidecars is None or any("no sidecar" in line for line in found.left_out)
        step = "prefml embed, then prefml ingest" if lacking else "prefml ingest"
        raise NotEnoughDataError("; ".join(found.left_out), None, step)
    # Both parts may say the same; what a person can mend comes first.
    notes = [*missing_torch((*RANKERS, *CROPPERS), settings.models), *found.left_out]
    found.left_out = list(dict.fromkeys(notes))
    return found


def _evaluate_choices(
    found: Evaluation, data: TrainingData, options: Options, track: Track | None
) -> None:
    table = data.choices()
    found.left_out += _reasons("sets", table.left_out)
    _require(table.n_sets)
    rounds = _make_rounds(options, table.project, table.session_id, table.set_id, table.hashes)
    staged = bool(np.isfinite(table.stage).any())
    contenders = chosen_contenders(RANKERS, table.X.columns, options.models, staged)
    found.left_out += left_out_contenders(RANKERS, table.X.columns, staged)
    rejected = None if data.sidecars is None else rejected_sets(data.decisions, data.sidecars)
    runs, curve, per_project = _run_rankers(contenders, table, rejected, rounds, options, track)
    reviewed = reviewed_sets(data.decisions)
    found.choices = ChoiceRuns(table, rounds, runs, rejected, reviewed)
    summary = choice_metrics(found.choices)
    found.ranker = {
        **summary,
        "learning_curve": curve,
        "per_project": per_project,
        "settings": None if data.sidecars is None else setting_metrics(data.sidecars, table),
    }


def _run_rankers(
    contenders: Sequence[Contender[Ranker]],
    table: ChoiceTable,
    rejected: ChoiceTable | None,
    rounds: Sequence[Folds],
    options: Options,
    track: Track | None,
) -> tuple[dict[str, list[HeldOutScores]], list[LearningPoint], PerProjectMetrics | None]:
    first = rounds[0].folds
    jobs = [
        partial(
            held_out_scores,
            contender,
            table,
            folds.folds,
            seed,
            rejected if contender.name == "prefml" else None,
        )
        for contender in contenders
        for seed, folds in enumerate(rounds)
    ]
    points = [partial(partial_point, contenders[0], table, first, share) for share in SHARES]
    last = partial(compare_per_project, default_ranker(0), table)
    # Jobs of all three kinds share the processes and the progress bar.
    results: list[Any] = _run([*jobs, *points, last], options, track)
    runs = _by_name(contenders, results[: len(jobs)], len(rounds))
    whole = curve_point(table, 1.0, first, runs[contenders[0].name][0])
    return runs, [*results[len(jobs) : -1], whole], results[-1]


def _evaluate_crops(
    found: Evaluation, data: TrainingData, options: Options, track: Track | None
) -> None:
    table = data.crops()
    found.left_out += _reasons("crops", table.left_out)
    _require(len(table))
    hashes = None
    if found.sidecars is not None:
        rows = found.sidecars.positions(table.project, table.filename)
        hashes = np.asarray(found.sidecars.hashes)[rows]
    rounds = _make_rounds(options, table.project, table.session_id, np.arange(len(table)), hashes)
    contenders = chosen_contenders(CROPPERS, table.X.columns, options.models)
    found.left_out += left_out_contenders(CROPPERS, table.X.columns)
    jobs = [
        partial(held_out_boxes, contender, table, folds.folds, seed)
        for contender in contenders
        for seed, folds in enumerate(rounds)
    ]
    runs = _by_name(contenders, _run(jobs, options, track), len(rounds))
    found.crops = CropRuns(table, rounds, runs)
    found.crop = crop_metrics(found.crops)


def _require(count: int) -> None:
    if count < MIN_DECISIONS:
        raise NotEnoughDataError(f"{count} usable", f"at least {MIN_DECISIONS}")


def _reasons(what: str, left_out: Mapping[str, int]) -> list[str]:
    return [f"{count} {what}: {reason.replace('_', ' ')}" for reason, count in left_out.items()]


def _make_rounds(
    options: Options, project: Labels, session: Labels, name: Labels, hashes: Labels | None
) -> list[Folds]:
    return [
        make_folds(project, session, name, hashes, options.folds, seed)
        for seed in range(options.seeds)
    ]


def _run(jobs: Sequence[Callable[[], R]], options: Options, track: Track | None) -> list[R]:
    """Do all jobs, in processes of their own if more than one may run at a time."""
    results: Iterable[R] = (job() for job in jobs)
    if options.jobs > 1:
        results = run_in_processes(jobs, options.jobs)
    return list(results if track is None else track(results, len(jobs)))


def _by_name(
    contenders: Sequence[Contender[Estimator]], results: Sequence[R], seeds: int
) -> dict[str, list[R]]:
    return {
        contender.name: list(results[place * seeds : (place + 1) * seeds])
        for place, contender in enumerate(contenders)
    }
