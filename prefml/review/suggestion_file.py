"""Hold the suggestions under review, and read them again when their file has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prefml.proposals import suggestions_path
from prefml.proposals.corrections import CorrectedSet
from prefml.review.groups import Group, corrected_batch, read_batch
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
        The suggestions, held to the sets that were formed by hand.
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
        self._read = self.batch = read_batch(workspace)
        self._held: tuple[CorrectedSet, ...] = ()
        self.seen = SeenVersions()

    def _file_stamp(self) -> tuple[int, int, int]:
        try:
            status = suggestions_path(self._workspace).stat()
        except OSError:
            return _NO_FILE
        # `prefml suggest` moves another file there: within one tick of the clock, by its number.
        return (status.st_mtime_ns, status.st_size, status.st_ino)

    def refresh(self, sets: Sequence[CorrectedSet] = ()) -> bool:
        """Read the file again if it has changed; without one the suggestions stay.

        Parameters
        ----------
        sets : sequence of CorrectedSet, optional
            The sets that were formed by hand.

        Returns
        -------
        bool
            Whether the suggestions may be others.
        """
        stamp = self._file_stamp()
        if stamp not in (self._stamp, _NO_FILE):
            self._read, self._stamp = read_batch(self._workspace), stamp
        elif tuple(sets) == self._held:
            return False
        self._held = tuple(sets)
        self.batch = corrected_batch(self._read, self._held)
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
