"""`prefml duplicates`: find near duplicates inside a project."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
@json_option
def command(distance: int, cosine: float, as_json: bool) -> None:  # fmt: skip
    """Find near duplicates: pictures that hash and encoder both find alike.

    Pictures of two projects are never compared. The best of a group is the ranker's choice, or,
    before there is one, the highest stage and the largest picture. The table is written to
    data/sidecar/duplicates.parquet.
    """
    from prefml.duplicates import find_duplicates, table_path, write_table

    workspace = open_workspace()
    groups: list[DuplicateGroup] = []
    with busy("duplicates"):
        for sidecars, score in _projects(workspace):
            groups += find_duplicates(sidecars, score, distance, cosine)
    write_table(table_path(workspace), groups)
    emit({"groups": [_payload(group) for group in groups]}, _text(groups), as_json)


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
