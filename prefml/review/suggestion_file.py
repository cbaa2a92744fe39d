"""Hold the suggestions under review, and read them again when their file has changed."""

from __future__ import annotations

from collections.abc import Mapping

from prefml.proposals import suggestions_path
from prefml.review.groups import Batch, Group, read_batch
from prefml.review.seen import SeenVersions
from prefml.workspace import Workspace

__all__ = ["SuggestionFile"]

_NO_FILE = (0, 0, 0)


class SuggestionFile:
    """The file of suggestions of a workspace, as it was read last.

    Parameters
    ----------
    workspace : Workspace
        Where it lies.

    Attributes
    ----------
    batch : Batch
        The suggestions.
    seen : SeenVersions
        What of them was told.

    Raises
    ------
    WorkspaceError
        If there is no file.
    LogError
        If it cannot be read.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stamp = self._file_stamp()
        self.batch: Batch = read_batch(workspace)
        self.seen = SeenVersions()

    def _file_stamp(self) -> tuple[int, int, int]:
        try:
            status = suggestions_path(self._workspace).stat()
        except OSError:
            return _NO_FILE
        # `prefml suggest` moves another file there: within one tick of the clock, by its number.
        return (status.st_mtime_ns, status.st_size, status.st_ino)

    def refresh(self) -> bool:
        """Read the file again if it has changed; without one the suggestions stay.

        Returns
        -------
        bool
            Whether it was read again.
        """
        stamp = self._file_stamp()
        if stamp in (self._stamp, _NO_FILE):
            return False
        self.batch, self._stamp = read_batch(self._workspace), stamp
        return True

    def checked(self, stated: Mapping[str, str | None]) -> Mapping[str, Group]:
        """Return the groups, if those that a decision is about are as they were on the screen.

        Parameters
        ----------
        stated : mapping of str to str or None
            Group -> version that was on the screen; None: the caller did not say.

        Returns
        -------
        mapping of str to Group
            What was checked; a request that is answered meanwhile may read a newer file.

        Raises
        ------
        StaleSuggestionError
            If one of them has changed.
        """
        groups = self.batch.groups
        self.seen.check(groups, stated)
        return groups
