"""Hold what a row of a log was parsed to, before rows are compared with each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from prefml.boxes import Corners, Size
from prefml.decisions.evidence import Standing
from prefml.decisions.projects import ProjectMatch
from prefml.decisions.quarantine import Refusal, RowRefusedError, refusal_of
from prefml.decisions.stages import split_path

__all__ = ["Choice", "Crop", "ParsedRow", "Rejection", "Row"]

# What a log holds was decided by the person, set by set.
_LOGGED = Standing("judged", "judged")


class Choice(NamedTuple):
    """Choice in an image set: `paths[chosen]` was kept.

    Attributes
    ----------
    session_id, set_id : str
        As logged; `set_id` may be empty.
    paths : tuple of str
        The images of the set, as logged, each file name once.
    chosen : int
        Position of the winner.
    corrected : bool
        Whether the person overruled a suggestion.
    """

    session_id: str
    set_id: str
    paths: tuple[str, ...]
    chosen: int
    corrected: bool = False


class Rejection(NamedTuple):
    """Image set of which no image was good.

    Attributes
    ----------
    session_id, set_id : str
        As logged.
    paths : tuple of str
        The images of the set, as logged.
    """

    session_id: str
    set_id: str
    paths: tuple[str, ...]


class Crop(NamedTuple):
    """Crop label of an image.

    Attributes
    ----------
    session_id : str
        As logged; may be empty.
    path : str
        The image, as logged.
    box : tuple of float
        x1, y1, x2, y2 as logged: pixels or fractions when `may_be_pixels`, else fractions.
    size : tuple of int or None
        Width and height of the image in pixels, if the row gives it.
    may_be_pixels : bool
        Whether the unit of the box depends on its values.
    corrected : bool
        Whether the person overruled a suggestion.
    """

    session_id: str
    path: str
    box: Corners
    size: Size | None
    may_be_pixels: bool = False
    corrected: bool = False


class ParsedRow(NamedTuple):
    """Parsed content of a row: a choice, a crop, both, or a rejection.

    Attributes
    ----------
    match : ProjectMatch
        The project of the row.
    when : datetime or None
        Time of the decision in UTC, if the row gives it.
    choice : Choice or None
        The chosen image of a set.
    crop : Crop or None
        The crop of an image.
    rejection : Rejection or None
        A set of which no image was good.
    standing : Standing
        Evidence that the row is.
    stated_time : object
        The time as the row gives it, whatever it is.
    """

    match: ProjectMatch
    when: datetime | None
    choice: Choice | None = None
    crop: Crop | None = None
    rejection: Rejection | None = None
    standing: Standing = _LOGGED
    stated_time: object = None


@dataclass(slots=True)
class Row:
    """Row of a log file with its parsed content and the reasons against it.

    A row is accepted while a choice, a crop or a rejection is left in it; `refusals` gives the
    reasons why parts of it, or all of it, are not used.

    Attributes
    ----------
    source : str
        The file, relative to the workspace.
    line : int
        First line of the row, from 1.
    raw : str or sequence of str
        The row as read: its text, or its fields.
    project : str
        A project id or `unknown`; empty until the row is filled.
    when, choice, crop, rejection, standing
        As in `ParsedRow`; a part is None once refused.
    unmatched : tuple of str
        Folder names that name no project.
    unread_time : str
        The time that the row gives, if it cannot be read.
    refusals : list of Refusal
        Why the row, or a part of it, is not used.
    names : dict of str to str
        Path as logged -> what the picture is called in its project, where that is more than its
        file name.
    """

    source: str
    line: int
    raw: str | Sequence[str]
    project: str = ""
    when: datetime | None = None
    choice: Choice | None = None
    crop: Crop | None = None
    rejection: Rejection | None = None
    standing: Standing = _LOGGED
    unmatched: tuple[str, ...] = ()
    unread_time: str = ""
    refusals: list[Refusal] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        """Tell whether any part of the row is used."""
        return not (self.choice is None and self.crop is None and self.rejection is None)

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the paths of the pictures that the row still names."""
        cropped = () if self.crop is None else (self.crop.path,)
        chosen = () if self.choice is None else self.choice.paths
        return (*chosen, *cropped, *(() if self.rejection is None else self.rejection.paths))

    def fill(self, parsed: ParsedRow) -> None:
        """Fill in the content that a reader has parsed.

        Parameters
        ----------
        parsed : ParsedRow
            Project, time and labels.
        """
        self.project, self.when = parsed.match.project, parsed.when
        self.unmatched, self.standing = parsed.match.unmatched, parsed.standing
        if parsed.when is None and parsed.stated_time is not None:
            self.unread_time = str(parsed.stated_time).strip()[:100]
        self.choice, self.crop, self.rejection = parsed.choice, parsed.crop, parsed.rejection

    def name(self, path: str) -> str:
        """Return what a picture of the row is called in its project.

        Parameters
        ----------
        path : str
            As logged.

        Returns
        -------
        str
        """
        return self.names.get(path) or split_path(path)[1]

    def identify(self, name_of: Callable[[str, str], str]) -> None:
        """Look up what the pictures of the row are called, and refuse what is ambiguous.

        Parameters
        ----------
        name_of : callable
            (project, path) -> name; raises `RowRefusedError`.
        """
        for part in ("choice", "crop", "rejection"):
            found = getattr(self, part)
            if found is None:
                continue
            paths = (found.path,) if isinstance(found, Crop) else found.paths
            try:
                names = {path: name_of(self.project, path) for path in paths}
            except RowRefusedError as error:
                setattr(self, part, None)
                self.refusals.append(refusal_of(error))
            else:
                self.names.update({path: name for path, name in names.items() if "/" in name})
