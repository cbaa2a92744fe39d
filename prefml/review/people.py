"""Declare who knows the faces and hands of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

__all__ = ["NOBODY", "FoundPeople", "People"]

_Box: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True)
class FoundPeople:
    """Faces and hands of a picture.

    Attributes
    ----------
    faces, hands : tuple of (x1, y1, x2, y2)
        Their boxes in fractions of the upright picture.
    """

    faces: tuple[_Box, ...] = ()
    hands: tuple[_Box, ...] = ()


NOBODY = FoundPeople()


class People(Protocol):
    """Lookup of the faces and hands that were found."""

    def __call__(self, project: str, name: str) -> FoundPeople:
        """Return what was found in a picture.

        Parameters
        ----------
        project : str
            Its project.
        name : str
            Its path relative to the workspace.

        Returns
        -------
        FoundPeople
            `NOBODY` where nobody was found, or nobody has looked.
        """
        ...
