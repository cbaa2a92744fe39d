"""`prefml train`: fit the models and write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from prefml.cli._shared import busy, emit, json_option, open_workspace
from prefml.exceptions import counted

if TYPE_CHECKING:
    from pathlib import Path

    from prefml.models.tag_flags import LearnedFlags
    from prefml.models.training import TrainingResult

_TITLES = {"rejection": "none is good"}
_WORDS = {
    "top1": "agreement (top-1)",
    "top1_highest_stage": "  of the highest stage alone",
    "top1_random": "  of chance",
    "lower_stage_top1": "agreement where they chose a lower stage",
    "iou_chosen": "overlap with the person's crop (IoU)",
    "iou_scored": "  of the best-scored box alone",
    "iou_constant": "  of one constant box",
    "auc": "rejected sets told from accepted ones (AUC)",
    "brier": "squared error of their probability (Brier)",
    "brier_base_rate": "  of the base rate alone",
    "log_loss": "log loss of their probability",
    "log_loss_base_rate": "  of the base rate alone",
}


@click.command("train")
@click.argument("what", type=click.Choice(["ranker", "crop"]), required=False)
@click.option(
    "--force", is_flag=True, help="Put new models to use even if a replay finds them worse."
)
@click.option(
    "--per-project",
    is_flag=True,
    help="Fit a further ranker for each project with 100 sets or more; other projects, and new "
    "ones, go by the ranker of all.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Grow the ranker's trees on the workers of a Dask scheduler, such as tcp://host:8786.",
)
@json_option
def command(
    what: str | None, force: bool, per_project: bool, scheduler: str | None, as_json: bool
) -> None:
    """Fit the ranker and the crop model (or one of them) and put them to use.

    The ranker comes with a model of "none is good", of the sets that were reviewed, and with the
    error budgets that it may promise (`prefml suggest`), and flags of hands and limbs are learned
    from anomaly tags once there are enough.

    Prints how well each did on projects that were held out in turn while training. What cannot be
    trained for want of decisions or pictures is named. A model that does worse on the latest
    decisions than the one in use does not replace it; the one that was replaced is kept (`prefml
    models`).
    """
    from prefml.models.training import TRAINED, train

    workspace = open_workspace()
    kinds = (what,) if what else TRAINED
    with _tree_backend(scheduler), busy("train") as part:
        asked_for = train(workspace, kinds, force, per_project, part)
    along = [result.rejection for result in asked_for if result.rejection is not None]
    results = [*asked_for, *along]
    lines = _lines(results, workspace.artifacts)
    emit({one.kind: _payload(one) for one in results}, "\n".join(lines), as_json)


@contextmanager
def _tree_backend(scheduler: str | None) -> Iterator[None]:
    if scheduler is None:
        yield
        return
    from prefml.cluster import connected, tree_backend_on

    with connected(scheduler) as client, tree_backend_on(client):
        yield


def _payload(result: TrainingResult) -> dict[str, object]:
    return {
        "path": None if result.path is None else str(result.path),
        "counts": dict(result.counts),
        "fold_scores": dict(result.scores),
        "left_out": dict(result.left_out),
        "why_not": result.why_not,
        "in_use": result.verdict is not None and result.verdict.accepted,
        "verdict": None if result.verdict is None else result.verdict.reason,
        **({} if result.flags is None else {"flags": _flags_payload(result.flags)}),
    }


def _flags_payload(learned: LearnedFlags) -> dict[str, object]:
    return {
        name: {
            "tagged": one.tagged,
            "projects": one.projects,
            "flagged": one.flagged,
            "right": one.right,
            "in_use": one.model is not None,
            "why_not": one.why_not,
        }
        for name, one in learned.flags.items()
    }


def _flag_lines(learned: LearnedFlags) -> Iterator[str]:
    """Tell what was learned from tags, and how many more are needed."""
    tagged = any(one.tagged for one in learned.flags.values())
    if not tagged:
        yield "flags: by default limits; tags that you set in prefml review (T) train them"
    for name, one in learned.flags.items() if tagged else ():
        told = f"flags of {name.replace('_', ' ')}: {counted(one.tagged, 'tagged picture')}"
        if one.model is None:
            yield f"{told}; by default limits, {one.why_not}"
        else:
            yield f"{told}; learned, {one.right} of {one.flagged} right on held-out projects"


def _note_on_older(model: Path) -> Iterator[str]:
    """Tell that a model of an earlier training stays, and how to get rid of it."""
    if model.exists():
        yield (
            f"  {model} stays in use, from an earlier training; if that was of other pictures, "
            "remove it, or keep models elsewhere: --artifacts FOLDER"
        )


def _lines(results: list[TrainingResult], artifacts: Path) -> Iterator[str]:
    for result in results:
        if result.path is None:
            yield f"{_TITLES.get(result.kind, result.kind)}: not trained; {result.why_not}"
            yield from _note_on_older(artifacts / f"{result.kind}.joblib")
            continue
        title = _TITLES.get(result.kind, result.kind)
        yield f"{title}: {_counted(result.counts)} -> {result.path}"
        # In the order of the words, so that a figure comes before those it is compared with.
        known = {name: words for name, words in _WORDS.items() if name in result.scores}
        for name, words in (known | {n: n for n in result.scores if n not in known}).items():
            yield f"  {words:<40} {result.scores[name]:.3f}"
        if result.verdict is not None and not result.verdict.accepted:
            yield f"  REFUSED: {result.verdict.reason}; the model before stays in use"
            what = "ranker" if result.kind == "rejection" else result.kind
            yield f"  to use the new one all the same: prefml train {what} --force"
        elif result.verdict is not None and result.verdict.replay is not None:
            yield f"  put to use: {result.verdict.reason}"
        if result.left_out:
            yield f"  left out: {_counted(result.left_out)}"
    yield from (line for one in results if one.flags for line in _flag_lines(one.flags))
    yield "Measured on projects held out in turn; intervals and baselines: prefml evaluate"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(
        counted(number, name.replace("_", " ").removesuffix("s"), name.replace("_", " "))
        for name, number in counts.items()
    )
