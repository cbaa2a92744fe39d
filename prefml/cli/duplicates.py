"""`prefml duplicates`: find near duplicates inside a project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from prefml.cli._shared import busy, emit, json_option, open_workspace
from prefml.exceptions import counted

if TYPE_CHECKING:
    from prefml.duplicates import DuplicateGroup
    from prefml.duplicates.find import Scorer
    from prefml.prediction import Predictor
    from prefml.sidecars.store import Sidecars
    from prefml.workspace import Workspace

_SHOWN = 50


@click.command("duplicates")
@click.option(
    "--distance",
    type=click.IntRange(0, 64),
    default=8,
    show_default=True,
    help="Largest Hamming distance of two perceptual hashes.",
)
@click.option(
    "--cosine",
    type=click.FloatRange(-1, 1),
    default=0.95,
    show_default=True,
    help="Least cosine of two embeddings.",
)
@click.option(
    "--ask",
    is_flag=True,
    help="Put the groups among the sets under review, to be decided by keys.",
)
@click.option("--withdraw", is_flag=True, help="Take back those that nobody has answered.")
@json_option
def command(
    distance: int, cosine: float, ask: bool, withdraw: bool, as_json: bool
) -> None:  # fmt: skip
    """Find near duplicates: pictures that hash and encoder both find alike.

    Pictures of two projects are never compared. The best of a group is the ranker's choice, or,
    before there is one, the highest stage and the largest picture. The table is written to
    data/sidecar/duplicates.parquet.

    With --ask you decide on them in prefml review: the one you keep stays where it lies, and prefml
    apply moves the others to delete_staging/. Left out are pictures in delete_staging/ or new/, of
    sets that wait, and those that lost their set. Without it nothing is asked, and the counts say
    what would be.
    """
    from prefml.suggest.near_duplicates import ask_about
    from prefml.suggest.near_duplicates import withdraw as take_back

    if ask and withdraw:
        raise click.UsageError("--ask and --withdraw exclude each other")
    workspace = open_workspace()
    if withdraw:
        count = take_back(workspace)
        words = f"{counted(count, 'group')} of near duplicates not asked about any more."
        emit({"withdrawn": count}, words, as_json)
        return
    with busy("duplicates"):
        found = _find(workspace, distance, cosine)
    new = ask_about(workspace, found.free, found.how) if ask else 0
    asked = {
        "groups": len(found.free), "pictures": sum(len(group.paths) for group in found.free),
        "left_out": dict(found.left_out), "asked": ask, "new": new,
    }  # fmt: skip
    payload = {"groups": [_payload(group) for group in found.groups], "questions": asked}
    emit(payload, "\n".join([_text(found.groups), *_questions(found, ask, new)]), as_json)


@dataclass(frozen=True)
class _Found:
    """Near duplicates, those of them that may be decided, and how the best was found."""

    groups: list[DuplicateGroup]
    free: list[DuplicateGroup]
    left_out: Counter[str]
    how: str


def _find(workspace: Workspace, distance: int, cosine: float) -> _Found:
    from prefml.duplicates import find_duplicates, table_path, write_table
    from prefml.suggest.near_duplicates import MOST, FreePictures

    groups: list[DuplicateGroup] = []
    free: list[DuplicateGroup] = []
    how, pictures = "highest stage, then most pixels", FreePictures(workspace)
    for sidecars, score in _projects(workspace):
        here = find_duplicates(sidecars, score, distance, cosine)
        rows = pictures.rows(sidecars, here)
        free += find_duplicates(sidecars, score, distance, cosine, rows)
        groups += here
        how = how if score is None else "the model ranks it first"
    write_table(table_path(workspace), groups)
    shown = [group for group in free if len(group.paths) <= MOST]
    left_out = pictures.left_out
    left_out[f"in groups of more than {MOST}"] += sum(
        len(group.paths) for group in free if len(group.paths) > MOST
    )
    return _Found(groups, shown, +left_out, how)


def _questions(found: _Found, ask: bool, new: int) -> Iterator[str]:
    """Say what is asked, or would be."""
    if not found.groups:
        return
    for reason, count in found.left_out.items():
        yield f"not asked about: {counted(count, 'picture')} {reason}"
    groups = counted(len(found.free), "group")
    if ask:
        yield f"{groups} to decide, {new} of them new. Next: prefml review"
    elif found.free:
        yield f"{groups} could be decided by keys: prefml duplicates --ask"


def _projects(workspace: Workspace) -> Iterator[tuple[Sidecars, Scorer | None]]:
    """Read one project after the other, with the ranker's scores of it if there is a ranker."""
    from prefml.sidecars.store import read_index, read_sidecars

    projects = read_index(workspace.sidecars)["project"].unique()
    predictor = _open_ranker(workspace)
    for project in projects:
        if predictor is None:
            yield read_sidecars(workspace.sidecars, [project], cues=("width", "height")), None
        else:
            predictor.reload_sidecars([project])
            yield predictor.sidecars, predictor.score


def _open_ranker(workspace: Workspace) -> Predictor | None:
    """Open the ranker that is to choose, once there is one that fits the sidecars."""
    from prefml.exceptions import EncoderMismatchError, visible
    from prefml.models.store import model_file
    from prefml.prediction import Predictor

    if not (workspace.artifacts / model_file("ranker")).exists():
        return None
    predictor = Predictor.open(workspace, kinds=("ranker",))
    try:
        predictor.refuse_other_sidecars()
    except EncoderMismatchError as error:
        click.echo(visible(f"The ranker is not asked: {error}"), err=True)
        return None
    return predictor


def _payload(group: DuplicateGroup) -> dict[str, object]:
    return {
        "project": group.project,
        "images": list(group.paths),
        "best": group.paths[group.best],
    }


def _text(groups: Sequence[DuplicateGroup]) -> str:
    lines = [line for group in groups[:_SHOWN] for line in _lines(group)]
    if len(groups) > _SHOWN:
        lines.append(
            f"... and {counted(len(groups) - _SHOWN, 'more group')}; --json prints all of them"
        )
    images, found = sum(len(group.paths) for group in groups), counted(len(groups), "group")
    return "\n".join([*lines, f"{found} of near duplicates, {counted(images, 'picture')}."])


def _lines(group: DuplicateGroup) -> list[str]:
    return [
        f"{group.project}: {group.paths[group.best]} (best)",
        *(
            f"    {path}  {counted(group.distance[i], 'bit')}, cosine {group.cosine[i]:.3f}"
            for i, path in enumerate(group.paths)
            if i != group.best
        ),
    ]
