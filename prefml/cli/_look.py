"""Embed the pictures that are to be compared before anything can be asked about them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from prefml.cli._shared import progress

if TYPE_CHECKING:
    from prefml.workspace import Workspace

__all__ = ["look_at"]


def look_at(workspace: Workspace) -> None:
    """Embed the pictures of a workspace that is asked about, as far as they are not, with a bar.

    Parameters
    ----------
    workspace : Workspace
        The workspace; its encoder is the built-in one where it names none.
    """
    from prefml.decisions.projects import ProjectResolver
    from prefml.encoders import open_encoder
    from prefml.sidecars.choice import chosen_encoder, record_encoder
    from prefml.suggest.candidates import find_new
    from prefml.suggest.embedding import embed_missing
    from prefml.suggest.first_day import picture_folders

    name = chosen_encoder(workspace, None if workspace.config.encoder else "builtin")
    resolver = ProjectResolver.open(workspace)
    images = find_new(workspace, resolver, picture_folders(workspace)).images
    bar = partial(progress, label="looking at the pictures", unit="picture")
    made = embed_missing(
        workspace, resolver, partial(open_encoder, name, workspace.root), images, bar
    )
    if made is not None:
        record_encoder(workspace, name)
