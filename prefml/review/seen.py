"""Refuse decisions on suggestions that are others by now than those on the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prefml.exceptions import LogError
from prefml.review.groups import Group

__all__ = ["SeenVersions", "StaleSuggestionError", "stale_error"]


class StaleSuggestionError(LogError):
    """Raised for a decision on a suggestion that has changed since it was shown.

    Parameters
    ----------
    found, expected, run : str
        As in `prefml.exceptions.PrefmlError`.
    group_ids : sequence of str
        The groups whose suggestion is another now, or is gone.
    """

    def __init__(
        self,
        found: str,
        expected: str | None = None,
        run: str | None = None,
        group_ids: Sequence[str] = (),
    ) -> None:
        super().__init__(found, expected, run)
        self.group_ids = list(group_ids)


def stale_error(group_ids: Sequence[str]) -> StaleSuggestionError:
    """Return the refusal of decisions on groups whose suggestions have changed."""
    others = f" and {len(group_ids) - 1} more" if len(group_ids) > 1 else ""
    return StaleSuggestionError(
        f"the suggestion of group {group_ids[0]}{others} has changed since it was shown",
        "a decision on what is suggested now, with its version as suggestion_version",
        "load_batch, then decide again",
        group_ids,
    )


class SeenVersions:
    """Versions of suggestions as this run of the server told them first.

    A caller that states no version is taken to have seen these: a script that was written before
    there were versions goes on working, unless what it was told has changed meanwhile.
    """

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    def note(self, versions: Mapping[str, str]) -> None:
        """Remember what is told; what was told of a group before stays.

        Parameters
        ----------
        versions : mapping of str to str
            Group -> version of its suggestion.
        """
        for group_id, version in versions.items():
            self._first.setdefault(group_id, version)

    def check(self, groups: Mapping[str, Group], stated: Mapping[str, str | None]) -> None:
        """Refuse groups whose suggestion is another than the one that was on the screen.

        Parameters
        ----------
        groups : mapping of str to Group
            The suggestions as they are now.
        stated : mapping of str to str or None
            Group -> version that was on the screen; None: the caller did not say.

        Raises
        ------
        StaleSuggestionError
            If there are any. Of a group that is not suggested, only a stated version is stale.
        """
        stale = [key for key, version in stated.items() if self._differs(groups, key, version)]
        if stale:
            raise stale_error(stale)

    def _differs(self, groups: Mapping[str, Group], key: str, version: str | None) -> bool:
        if key not in groups:
            return version is not None
        seen = self._first.get(key) if version is None else version
        return seen not in (None, groups[key].version)
