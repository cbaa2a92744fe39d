"""Show the worst mistakes, and the closest and furthest crops, as small pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from prefml._typing import Floats, Ints, Pixels
from prefml.cropping.metrics import iou
from prefml.evaluation.choices import ChoiceRuns, set_confidence
from prefml.evaluation.crops import CropRuns
from prefml.exceptions import PrefmlError
from prefml.imaging.decode import decode
from prefml.ranking.metrics import top1_by_set
from prefml.sets import index_sets
from prefml.sidecars.store import Sidecars
from prefml.workspace import Workspace

__all__ = ["CropView", "Mistake", "SetImage", "crop_views", "find_mistakes", "make_thumbnailer"]

# Project, file name -> a data URI, or None where there is no picture.
Thumbnail = Callable[[str, str], str | None]

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


def make_thumbnailer(workspace: Workspace, sidecars: Sidecars | None) -> Thumbnail:
    """Return a function that makes thumbnails of a workspace's pictures.

    Parameters
    ----------
    workspace : Workspace
        Where the pictures lie.
    sidecars : Sidecars or None
        Which pictures there are.

    Returns
    -------
    callable
        (project, file name) -> `data:` URI of a small JPEG, or None where there is no picture.
    """

    def thumbnail(project: str, filename: str) -> str | None:
        row = -1 if sidecars is None else int(sidecars.positions([project], [filename])[0])
        if sidecars is None or row < 0:
            return None
        try:
            path = workspace.inside(sidecars.index["path"].iloc[row])
            return _data_uri(decode(path, workspace.config.max_pixels).working)
        except (PrefmlError, OSError):
            return None

    return thumbnail


def _data_uri(pixels: Pixels) -> str:
    image = Image.fromarray(pixels)
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def find_mistakes(done: ChoiceRuns, thumbnail: Thumbnail, most: int = 12) -> list[Mistake]:
    """Return the sets in which prefml was most confident of a wrong picture.

    Parameters
    ----------
    done : ChoiceRuns
        Held-out scores.
    thumbnail : callable
        Makes the small pictures.
    most : int, default=12
        How many sets to show.

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
    wrong = np.flatnonzero(hits < 0.5)
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
