"""Show the worst mistakes, and the closest and furthest crops, as small pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from prefml._typing import Bools, Floats, Ints, Pixels
from prefml.cropping.metrics import iou
from prefml.evaluation.choices import ChoiceRuns, set_confidence
from prefml.evaluation.crops import CropRuns
from prefml.exceptions import PrefmlError
from prefml.imaging.decode import decode
from prefml.ranking.metrics import top1_by_set
from prefml.sets import index_sets
from prefml.sidecars.store import Sidecars
from prefml.workspace import Workspace

__all__ = ["MOST_BYTES", "CropView", "Mistake", "SetImage", "Thumbnailer", "crop_views",
           "find_mistakes", "make_thumbnailer"]  # fmt: skip

# Project, file name -> a data URI, or None where there is no picture.
Thumbnail = Callable[[str, str], str | None]

MOST_BYTES = 8 * 2**20
"""Size of all pictures of a report together; what comes later has none."""

_SIDE = 220
_QUALITY = 72


@dataclass(frozen=True)
class SetImage:
    """Picture of a set.

    Attributes
    ----------
    filename : str
        Its name.
    picture : str or None
        Data URI of a thumbnail; None where there is no picture.
    probability : float or None
        The stated probability of being chosen; None if none was stated.
    stage : float or None
        Its stage; None where the name has none.
    chosen, suggested : bool
        Whether it is the person's choice, and whether it is prefml's.
    """

    filename: str
    picture: str | None
    probability: float | None
    stage: float | None
    chosen: bool
    suggested: bool


@dataclass(frozen=True)
class Mistake:
    """Set in which prefml was confident of another picture than the person's.

    Attributes
    ----------
    set_id, project : str
        Which set.
    confidence : float
        The stated probability of the suggested picture.
    reason : str
        The reasons for it; empty if none were given.
    images : tuple of SetImage
        The pictures, lowest stage first.
    """

    set_id: str
    project: str
    confidence: float
    reason: str
    images: tuple[SetImage, ...]


@dataclass(frozen=True)
class CropView:
    """Picture with the person's crop and the proposed one.

    Attributes
    ----------
    filename, project : str
        Which picture.
    picture : str
        Data URI of a thumbnail.
    person, proposed : tuple of float
        The two boxes, x1, y1, x2, y2 in per cent of the picture.
    iou : float
        Overlap of the two.
    """

    filename: str
    project: str
    picture: str
    person: tuple[float, ...]
    proposed: tuple[float, ...]
    iou: float


class Thumbnailer:
    """Function that makes thumbnails: (project, file name) -> `data:` URI of a small JPEG.

    Each picture is made once. None where there is no picture, and where one more would make the
    report larger than it may be.

    Parameters
    ----------
    workspace : Workspace
        Where the pictures lie.
    sidecars : Sidecars or None
        Which pictures there are.
    most_bytes : int, default=8 MiB
        Size of all thumbnails together.

    Attributes
    ----------
    left_out : int
        Pictures that there was no room for.
    """

    def __init__(
        self, workspace: Workspace, sidecars: Sidecars | None, most_bytes: int = MOST_BYTES
    ) -> None:
        self._workspace, self._sidecars, self._room = workspace, sidecars, most_bytes
        self._made: dict[tuple[str, str], str | None] = {}
        self.left_out = 0

    def __call__(self, project: str, filename: str) -> str | None:
        """Return the thumbnail of a picture; each use of one takes its room."""
        key = project, filename
        if key not in self._made:
            self._made[key] = self._make(project, filename)
        made = self._made[key]
        if made is not None and len(made) > self._room:
            self.left_out += 1
            return None
        self._room -= len(made or "")
        return made

    def _make(self, project: str, filename: str) -> str | None:
        found, where = self._sidecars, self._workspace
        row = -1 if found is None else int(found.positions([project], [filename])[0])
        if found is None or row < 0:
            return None
        try:
            path = where.inside(found.index["path"].iloc[row])
            return _data_uri(decode(path, where.config.max_pixels).working)
        except (PrefmlError, OSError):
            return None


def make_thumbnailer(workspace: Workspace, sidecars: Sidecars | None) -> Thumbnailer:
    """Return what makes the thumbnails of a report.

    Parameters
    ----------
    workspace, sidecars
        As in `Thumbnailer`.

    Returns
    -------
    Thumbnailer
    """
    return Thumbnailer(workspace, sidecars)


def _data_uri(pixels: Pixels) -> str:
    image = Image.fromarray(pixels)
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def find_mistakes(
    done: ChoiceRuns, thumbnail: Thumbnail, most: int = 12, among: Bools | None = None
) -> list[Mistake]:
    """Return the sets in which prefml was most confident of a wrong picture.

    Parameters
    ----------
    done : ChoiceRuns
        Held-out scores.
    thumbnail : callable
        Makes the small pictures.
    most : int, default=12
        How many sets to show.
    among : ndarray of bool, shape (n_sets,), optional
        Sets to look at; all by default.

    Returns
    -------
    list of Mistake
        The most confident first.
    """
    table, run = done.table, done.runs["prefml"][0]
    if run.probability is None:
        return []
    hits = top1_by_set(table.y, run.scores, table.set_id)
    stated = set_confidence(table, run)
    wrong = np.flatnonzero((hits < 0.5) & (True if among is None else among))
    worst = wrong[np.argsort(-stated[wrong], kind="stable")][:most]
    members = index_sets(table.set_id).members()
    return [_mistake(done, members[number], stated[number], thumbnail) for number in worst]


def _mistake(done: ChoiceRuns, rows: Ints, confidence: float, thumbnail: Thumbnail) -> Mistake:
    table, run = done.table, done.runs["prefml"][0]
    top = rows[np.argmax(run.scores[rows])]
    order = rows[np.argsort(np.nan_to_num(table.stage[rows]), kind="stable")]
    images = tuple(
        SetImage(
            table.filename[row],
            thumbnail(table.project[row], table.filename[row]),
            None if run.probability is None else float(run.probability[row]),
            None if np.isnan(table.stage[row]) else float(table.stage[row]),
            bool(table.y[row] == table.y[rows].max()),
            bool(row == top),
        )
        for row in order
    )
    name = table.set_id[top]
    return Mistake(
        str(name), str(table.project[top]), float(confidence), run.reasons.get(name, ""), images
    )


def crop_views(
    done: CropRuns, thumbnail: Thumbnail, most: int = 6
) -> tuple[list[CropView], list[CropView]]:
    """Return the held-out crops that came closest to the person's, and those furthest from them.

    Parameters
    ----------
    done : CropRuns
        Held-out boxes.
    thumbnail : callable
        Makes the small pictures.
    most : int, default=6
        How many of each to show.

    Returns
    -------
    best, worst : list of CropView
        Pictures kept whole by both are not shown among the best.
    """
    table, boxes = done.table, done.runs["prefml"][0].boxes
    overlap = iou(table.boxes, boxes)
    order = np.argsort(-overlap, kind="stable")
    trivial = (table.boxes == boxes).all(axis=1)
    best = [row for row in order.tolist() if not trivial[row]][:most]
    worst = [row for row in order[::-1].tolist() if row not in best][:most]
    return _views(done, best, overlap, thumbnail), _views(done, worst, overlap, thumbnail)


def _views(
    done: CropRuns, rows: Sequence[int], overlap: Floats, thumbnail: Thumbnail
) -> list[CropView]:
    table, boxes = done.table, done.runs["prefml"][0].boxes
    views = []
    for row in rows:
        project, filename = str(table.project[row]), str(table.filename[row])
        picture = thumbnail(project, filename)
        if picture:
            person, proposed = (
                tuple(round(100 * float(edge), 2) for edge in box)
                for box in (table.boxes[row], boxes[row])
            )
            views.append(
                CropView(filename, project, picture, person, proposed, float(overlap[row]))
            )
    return views
