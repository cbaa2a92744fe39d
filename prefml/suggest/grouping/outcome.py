"""Hold what grouping gives: sets, pictures that are alone with the reason, and choices of rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from prefml.sidecars.find import ImageFile

__all__ = ["FolderRule", "FormedSet", "Grouping", "Lone"]


@dataclass(frozen=True)
class FormedSet:
    """Two or more pictures of one project that are compared with one another.

    Attributes
    ----------
    project : str
        Their project.
    images : tuple of ImageFile
        In the order of the rule: stages, times or numbers, then names.
    rule : str
        Name of the rule that formed it.
    doubt : str
        Why a person should look at it twice; empty if there is no reason.
    """

    project: str
    images: tuple[ImageFile, ...]
    rule: str
    doubt: str = ""


@dataclass(frozen=True)
class Lone:
    """Picture that forms no set.

    Attributes
    ----------
    image : ImageFile
        The picture.
    reason : str
        The reason, in words that many pictures share, so that they can be counted.
    """

    image: ImageFile
    reason: str


@dataclass(frozen=True)
class FolderRule:
    """Rule that was taken for a folder, and why.

    Attributes
    ----------
    folder : str
        Relative to the workspace.
    rule : str
        Its name; empty where none is sure.
    why : str
        What in the folder speaks for it, or the question where none is sure.
    images : int
        Pictures in the folder.
    settings : str
        Lines for `[sets]` in `prefml.toml` that state the rule.
    """

    folder: str
    rule: str
    why: str
    images: int
    settings: str = ""


@dataclass(frozen=True)
class Grouping:
    """Partition of pictures into sets and pictures that are alone.

    Attributes
    ----------
    sets : list of FormedSet
        By project and first picture.
    alone : list of Lone
        By path.
    folders : list of FolderRule
        Choices of the rule `auto`, by folder.
    notes : list of str
        What else a person should know, such as pictures of a table that are not there.
    """

    sets: list[FormedSet] = field(default_factory=list)
    alone: list[Lone] = field(default_factory=list)
    folders: list[FolderRule] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def reasons(self) -> Counter[str]:
        """Number of pictures that are alone, by reason."""
        return Counter(lone.reason for lone in self.alone)

    def sorted(self) -> Grouping:
        """Return the same partition in an order that does not hang on how it was made."""
        return Grouping(
            sorted(self.sets, key=lambda one: (one.project, one.images[0].filename)),
            sorted(self.alone, key=lambda one: one.image.path),
            sorted(self.folders, key=lambda one: one.folder),
            self.notes,
        )


def joined(parts: Sequence[Grouping]) -> Grouping:
    """Join partitions of different pictures.

    Parameters
    ----------
    parts : sequence of Grouping
        No picture in two of them.

    Returns
    -------
    Grouping
    """
    whole = Grouping()
    for part in parts:
        whole.sets.extend(part.sets)
        whole.alone.extend(part.alone)
        whole.folders.extend(part.folders)
        whole.notes.extend(part.notes)
    return whole
