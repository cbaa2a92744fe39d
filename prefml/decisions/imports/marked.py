"""Hold what another program knows of a picture."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from prefml.boxes import Size
from prefml.decisions.xmp.marks import Marks

__all__ = ["Marked", "MarkedPicture"]


@dataclass(frozen=True)
class MarkedPicture:
    """A picture as another program knows it.

    Attributes
    ----------
    path : str
        As that program has it, with `/`.
    marks : Marks
        What was marked; nothing where `problem` says why.
    problem : str
        Why its marks cannot be read; empty if they can.
    stack : str
        Set that the program itself put it into; empty without one.
    size : tuple of int or None
        Width and height of the upright picture in pixels, where the program knows them.
    project : str
        Project that the program states; empty without one.
    """

    path: str
    marks: Marks = field(default_factory=Marks)
    problem: str = ""
    stack: str = ""
    size: Size | None = None
    project: str = ""


@dataclass(frozen=True)
class Marked:
    """Content of a source.

    Attributes
    ----------
    pictures : list of MarkedPicture
        Its pictures.
    passed_over : Counter
        Reason -> entries that are no pictures to judge.
    """

    pictures: list[MarkedPicture] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
