"""Cross-validate whatever a workspace allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from prefml.evaluation.choices import ChoiceRuns, choice_metrics
from prefml.evaluation.contenders import CROPPERS, RANKERS, chosen_contenders, left_out_contenders
from prefml.evaluation.crops import CropRuns, crop_metrics
from prefml.evaluation.crossval import Contender, held_out_boxes, held_out_scores
from prefml.evaluation.folds import Folds, make_folds
from prefml.evaluation.learning_curve import SHARES, curve_point, partial_point
from prefml.evaluation.per_project import compare_per_project
from prefml.exceptions import NotEnoughDataError
from prefml.features import ChoiceTable, CropTable
from prefml.features.training_data import MIN_DECISIONS, TrainingData, read_training_data
from prefml.sidecars.store import Sidecars
from prefml.status import status_of
from prefml.status.measures import Share, share
from prefml.workspace import Workspace

__all__ = ["Evaluation", "Options", "evaluate"]

# A function and what to call it with: lambdas could not travel to another process.
Job = tuple[Callable[..., Any], tuple[Any, ...]]
Track = Callable[[Iterable[Any], int], Iterable[Any]]


@dataclass(frozen=True)
class Options:
    """How to evaluate.

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
    """What came of it.

    Attributes
    ----------
    choices : ChoiceRuns or None
        Held-out scores of all rankers; None if there are too few choices.
    crops : CropRuns or None
        Held-out boxes of all croppers; None if there are too few crops.
    ranker, crop : dict or None
        The parts of `metrics.json`.
    consistency : Share
        Old sets that were silently asked again and answered as before.
    sidecars : Sidecars or None
        What the pictures were described by.
    left_out : list of str
        What could not be evaluated, or not with everything, and why.
    """

    choices: ChoiceRuns | None = None
    crops: CropRuns | None = None
    ranker: dict[str, Any] | None = None
    crop: dict[str, Any] | None = None
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
            part(found, data, settings, track or (lambda results, total: results))
        except NotEnoughDataError as error:
            wanted = f"; expected {error.expected}" if error.expected else ""
            found.left_out.append(f"{name}: {error.found}{wanted}")
    if found.choices is None and found.crops is None:
        step = "prefml ingest" if found.sidecars else "prefml embed"
        raise NotEnoughDataError("; ".join(found.left_out), None, step)
    return found


def _evaluate_choices(
    found: Evaluation, data: TrainingData, options: Options, track: Track
) -> None:
    table = data.choices()
    found.left_out += _reasons("sets", table.left_out)
    _require(table.n_sets)
    rounds = _rounds(options, table.project, table.session_id, table.set_id, table.hashes)
    contenders = chosen_contenders(RANKERS, table.X.columns, options.models)
    found.left_out += left_out_contenders(RANKERS, table.X.columns)
    run = _runner(options, track)
    runs, further = _run_rankers(contenders, table, rounds, run)
    found.choices = ChoiceRuns(table, rounds, runs)
    found.ranker = {**choice_metrics(found.choices), **further}


def _run_rankers(
    contenders: list[Contender],
    table: ChoiceTable,
    rounds: list[Folds],
    run: Callable[[list[Job]], list[Any]],
) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    jobs = _jobs(held_out_scores, contenders, table, rounds)
    first = rounds[0].folds
    partial: list[Job] = [(partial_point, (contenders[0], table, first, s)) for s in SHARES]
    results = run([*jobs, *partial, (compare_per_project, (contenders[0], table))])
    runs = _by_name(contenders, results[: len(jobs)], len(rounds))
    whole = curve_point(table, 1.0, first, runs[contenders[0].name][0])
    curve = [*results[len(jobs) : -1], whole]
    return runs, {"learning_curve": curve, "per_project": results[-1]}


def _evaluate_crops(found: Evaluation, data: TrainingData, options: Options, track: Track) -> None:
    table = data.crops()
    found.left_out += _reasons("crops", table.left_out)
    _require(len(table))
    hashes = _hashes(table, found.sidecars)
    rounds = _rounds(options, table.project, table.session_id, np.arange(len(table)), hashes)
    contenders = chosen_contenders(CROPPERS, table.X.columns, options.models)
    found.left_out += left_out_contenders(CROPPERS, table.X.columns)
    jobs = _jobs(held_out_boxes, contenders, table, rounds)
    results = _runner(options, track)(jobs)
    found.crops = CropRuns(table, rounds, _by_name(contenders, results, len(rounds)))
    found.crop = crop_metrics(found.crops)


def _require(count: int) -> None:
    if count < MIN_DECISIONS:
        raise NotEnoughDataError(f"{count} usable", f"at least {MIN_DECISIONS}")


def _reasons(what: str, left_out: Any) -> list[str]:
    return [f"{count} {what}: {reason.replace('_', ' ')}" for reason, count in left_out.items()]


def _rounds(
    options: Options,
    project: NDArray[Any],
    session: NDArray[Any],
    name: NDArray[Any],
    hashes: NDArray[Any] | None,
) -> list[Folds]:
    return [
        make_folds(project, session, name, hashes, options.folds, seed)
        for seed in range(options.seeds)
    ]


def _hashes(table: CropTable, sidecars: Sidecars | None) -> NDArray[Any] | None:
    if sidecars is None:
        return None
    return np.asarray(sidecars.hashes)[sidecars.positions(table.project, table.filename)]


def _jobs(run: Any, contenders: list[Contender], table: Any, rounds: list[Folds]) -> list[Job]:
    return [
        (run, (contender, table, folds.folds, seed))
        for contender in contenders
        for seed, folds in enumerate(rounds)
    ]


def _runner(options: Options, track: Track) -> Callable[[list[Job]], list[Any]]:
    def run(jobs: list[Job]) -> list[Any]:
        results: Iterable[Any] = (function(*arguments) for function, arguments in jobs)
        if options.jobs > 1:
            calls = (delayed(function)(*arguments) for function, arguments in jobs)
            results = Parallel(options.jobs, return_as="generator")(calls)
        return list(track(results, len(jobs)))

    return run


def _by_name(contenders: list[Contender], results: list[Any], seeds: int) -> dict[str, list[Any]]:
    return {
        contender.name: results[place * seeds : (place + 1) * seeds]
        for place, contender in enumerate(contenders)
    }
