"""What one row of a log says, before rows are compared with each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from prefml.boxes import Corners, Size
from prefml.decisions.projects import ProjectMatch
from prefml.decisions.quarantine import Refusal

__all__ = ["Choice", "Crop", "ParsedRow", "Rejection", "Row"]


class Choice(NamedTuple):
    """One image set: `paths[chosen]` was kept."""

    session_id: str
    set_id: str
    paths: tuple[str, ...]
    chosen: int
    corrected: bool = False


class Rejection(NamedTuple):
    """One image set of which none was good."""

    session_id: str
    set_id: str
    paths: tuple[str, ...]


class Crop(NamedTuple):
    """One crop label.

    `box` is as logged: pixels or fractions when `may_be_pixels`, else fractions. `size` is the
    image's width and height in pixels, if the row says it.
    """

    session_id: str
    path: str
    box: Corners
    size: Size | None
    may_be_pixels: bool = False
    corrected: bool = False


class ParsedRow(NamedTuple):
    """What a row says: a choice, a crop, both, or a rejection."""

    match: ProjectMatch
    when: datetime | None
    choice: Choice | None = None
    crop: Crop | None = None
    rejection: Rejection | None = None


@dataclass(slots=True)
class Row:
    """One row of one file, and what became of it.

    A row is used while a choice, a crop or a rejection is left in it; `refusals` says why parts of
    it, or all of it, are not.
    """

    source: str
    line: int
    raw: str | Sequence[str]
    project: str = ""
    when: datetime | None = None
    choice: Choice | None = None
    crop: Crop | None = None
    rejection: Rejection | None = None
    unmatched: tuple[str, ...] = ()
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        """Whether anything of the row is left."""
        return not (self.choice is None and self.crop is None and self.rejection is None)

    def fill(self, parsed: ParsedRow) -> None:
        """Take over the fields that a reader has parsed."""
        self.project, self.when = parsed.match.project, parsed.when
        self.unmatched = parsed.match.unmatched
        self.choice, self.crop, self.rejection = parsed.choice, parsed.crop, parsed.rejection
