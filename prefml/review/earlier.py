"""Write out what an earlier review had not, because it was killed."""

from __future__ import annotations

from prefml.proposals import suggestions_path
from prefml.review.service import ReviewService
from prefml.review.store import STORE_NAME
from prefml.workspace import Workspace

__all__ = ["submit_earlier"]


def submit_earlier(workspace: Workspace) -> None:
    """Write the exports of an earlier review that was killed before it did.

    Parameters
    ----------
    workspace : Workspace
        Its review may never have begun.

    Raises
    ------
    LogError
        If the suggestions or the event table cannot be read.
    """
    if not (suggestions_path(workspace).exists() and (workspace.sandbox / STORE_NAME).exists()):
        return
    service = ReviewService(workspace)
    try:
        if service.progress().unsubmitted:
            service.submit()
    finally:
        service.close()
