"""Hold what grouping gives: sets, pictures that are alone with the reason, and choices of rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from prefml.sidecars.find import ImageFile

__all__ = ["FolderRule", "FormedSet", "Grouping", "Lone", "Measured", "RuleScore"]


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
class RuleScore:
    """Agreement of a rule with corrected sets, over pairs of the pictures in these.

    Attributes
    ----------
    rule : str
        Its name.
    found : int
        Pairs that the rule puts into one set.
    right : int
        Those of them that are in one corrected set.
    true : int
        Pairs that are in one corrected set.
    problem : str
        Why the rule could not be measured; empty if it was.
    """

    rule: str
    found: int = 0
    right: int = 0
    true: int = 0
    problem: str = ""

    @property
    def precision(self) -> float | None:
        """Share of the found pairs that are right; None where none was found."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of the true pairs that were found; None where there is none."""
        return None if self.problem or not self.true else self.right / self.true


@dataclass(frozen=True)
class Measured:
    """Rules against corrected sets.

    Attributes
    ----------
    sets, pictures : int
        Corrected sets, single pictures that were set apart among them, and their pictures, of
        those that are there.
    rules : tuple of RuleScore
        One for each rule.
    """

    sets: int
    pictures: int
    rules: tuple[RuleScore, ...]


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
    measured : Measured or None
        Every rule against the sets that a person corrected, where that was asked for.
    """

    sets: list[FormedSet] = field(default_factory=list)
    alone: list[Lone] = field(default_factory=list)
    folders: list[FolderRule] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    measured: Measured | None = None

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
            self.measured,
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
