"""`prefml rank`: put the pictures of one set in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from prefml.cli._shared import busy, emit, json_option, open_workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prefml.prediction import Ranking
    from prefml.workspace import Workspace


@click.command("rank")
@click.argument("images", nargs=-1, required=True, metavar="IMG IMG...")
@click.option("--encoder", metavar="NAME", help="Where the model's encoder lies now.")
@json_option
def command(images: tuple[str, ...], encoder: str | None, as_json: bool) -> None:
    """Say which of two or more pictures the person would keep, and why.

    Where all of them were embedded before and have not changed since, what was stored is used.
    """
    from prefml.prediction import Predictor
    from prefml.workspace import stored_path

    if len(images) < 2:
        raise click.UsageError("rank needs two pictures or more; for one: prefml crop IMG")
    workspace = open_workspace()
    project = common_project(workspace, images)
    with busy("rank"):
        predictor = Predictor.open(workspace, encoder, kinds=("ranker",))
        paths = [stored_path(workspace.root / image) for image in images]
        # An encoder that is named is one that is to be used.
        rows = predictor.measure(paths, project) if encoder else predictor.rows_of(paths, project)
        ranking = predictor.rank(rows)
    names = rows.names if len(set(rows.names)) == len(images) else images
    emit(_payload(images, ranking), _text(names, ranking), as_json)


def common_project(workspace: Workspace, images: tuple[str, ...]) -> str | None:
    """Return the project of pictures, refusing pictures of two projects.

    What is liked in one project says nothing about another.

    Parameters
    ----------
    workspace : Workspace
        Its manifests and folders tell the projects.
    images : tuple of str
        Paths as given.

    Returns
    -------
    str or None
        Their project; None if no path tells it.

    Raises
    ------
    WorkspaceError
        If two of them belong to different projects; it names both.
    """
    from prefml.decisions.projects import ProjectResolver
    from prefml.exceptions import WorkspaceError

    resolver = ProjectResolver.open(workspace)
    found = {project: image for image in images if (project := resolver.from_path(image))}
    if len(found) > 1:
        (one, first), (two, second), *_ = found.items()
        raise WorkspaceError(
            f"{first} of project {one} beside {second} of project {two}", "one project"
        )
    return next(iter(found), None)


def _payload(images: tuple[str, ...], ranking: Ranking) -> dict[str, object]:
    return {
        "ranking": [
            {
                "image": images[i],
                "score": float(ranking.scores[i]),
                "probability": float(ranking.probabilities[i]),
            }
            for i in ranking.order
        ],
        "why": [{"reason": one.reason, "contribution": one.contribution} for one in ranking.why],
    }


def _text(names: Sequence[str], ranking: Ranking) -> str:
    lines = [
        f"{place}.  {ranking.probabilities[i]:6.1%}  {names[i]}"
        for place, i in enumerate(ranking.order, 1)
    ]
    reasons = ", ".join(one.reason for one in ranking.why if one.contribution > 0) or "no reason"
    return "\n".join([*lines, f"first because: {reasons}"])
