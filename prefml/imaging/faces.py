"""Faces: how many, and where the largest is.

OpenCV's frontal cascade of local binary patterns (Viola and Jones, CVPR 2001; Liao et al., ICB
2007) lies beside this module: OpenCV's Python packages bring only Haar cascades, which are slower.
YuNet (Wu, Peng and Yu, 2023) finds more and errs less; it is used when the environment variable
`PREFML_FACE_MODEL` names its ONNX file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Protocol
from zlib import crc32

import cv2
import numpy as np
from numpy.typing import NDArray

from prefml.exceptions import ImageError

__all__ = ["NAMES", "Faces", "find_faces", "find_faces_yunet", "measure", "yunet_finder"]

NAMES = ("face_count", "face_confidence", "face_share", "face_x1", "face_y1", "face_x2", "face_y2")

# The cascade's cost is what limits its side.
_CASCADE_SIDE = 192
_YUNET_SIDE = 320
_CASCADE = Path(__file__).parent / "cascades" / "lbpcascade_frontalface.xml"
# The margin of the cascade's last stage: 0 at its threshold, clear faces reach this.
_CASCADE_FULL = 4.0
_LEAST = 20
_LOCK = Lock()
# A classifier keeps scratch space between calls, so one serves one thread at a time. Reading it
# takes longer than finding faces; threads come and go, and take over what others have read.
_IDLE: SimpleQueue[cv2.CascadeClassifier] = SimpleQueue()

VARIABLE = "PREFML_FACE_MODEL"
_MODEL = os.environ.get(VARIABLE, "")
# Cues of another detector are other cues: sidecars and models made with them are told apart.
VERSION = 1 + (crc32(Path(_MODEL).name.encode()) if _MODEL else 0)

Array = NDArray[np.float64]


class _Pixels(Protocol):
    @property
    def working(self) -> NDArray[np.uint8]: ...

    def small(self, side: int) -> NDArray[np.uint8]: ...


class Finder(Protocol):
    """Finds the faces of a picture."""

    def __call__(self, picture: _Pixels) -> Faces:
        """Return what was found."""


@dataclass(frozen=True)
class Faces:
    """Faces of one picture.

    Attributes
    ----------
    boxes : ndarray of shape (n, 4)
        x1, y1, x2, y2 in fractions, largest first.
    confidence : ndarray of shape (n,)
        From 0 to 1, in the same order.
    """

    boxes: Array
    confidence: Array


def measure(picture: _Pixels) -> dict[str, float]:
    """Measure the faces that YuNet finds if a model is named, else the bundled cascade.

    Parameters
    ----------
    picture : Picture
        A decoded picture.

    Returns
    -------
    dict of str to float
        See `describe`.
    """
    return describe(_finder()(picture))


def describe(faces: Faces) -> dict[str, float]:
    """Summarise faces as cues.

    Parameters
    ----------
    faces : Faces

    Returns
    -------
    dict of str to float
        `face_count`; of the largest face `face_confidence`, `face_share` of the picture's area and
        its box in fractions, NaN where there is none.
    """
    if not len(faces.boxes):
        return {"face_count": 0.0, "face_confidence": 0.0, "face_share": 0.0} | dict.fromkeys(
            NAMES[3:], float("nan")
        )
    box = faces.boxes[0]
    share = float((box[2] - box[0]) * (box[3] - box[1]))
    values = [float(len(faces.boxes)), float(faces.confidence[0]), share, *map(float, box)]
    return dict(zip(NAMES, values, strict=True))


def find_faces(picture: _Pixels) -> Faces:
    """Find faces by the bundled cascade, on a copy of at most 192 pixels.

    Parameters
    ----------
    picture : Picture

    Returns
    -------
    Faces
        Upright frontal faces of at least an eighth of the longer side.
    """
    copy = picture.small(_CASCADE_SIDE)
    gray, scale = _reduced(cv2.cvtColor(copy, cv2.COLOR_RGB2GRAY), _CASCADE_SIDE)
    with _cascade() as cascade:
        boxes, _, weights = cascade.detectMultiScale3(
            gray, 1.15, 2, 0, (_LEAST, _LEAST), outputRejectLevels=True
        )
    if not len(boxes):
        return _faces(np.zeros((0, 4)), np.zeros(0), copy.shape)
    confidence = np.clip(np.ravel(weights) / _CASCADE_FULL, 0.0, 1.0)
    return _faces(np.asarray(boxes, float) / scale, confidence, copy.shape)


def yunet_finder(model: Path) -> Finder:
    """Open a YuNet model.

    Parameters
    ----------
    model : Path
        `face_detection_yunet_2023mar.onnx`, from OpenCV's model zoo.

    Returns
    -------
    callable
        Takes a picture, returns `Faces`.

    Raises
    ------
    ImageError
        If the file is missing or is no such model.
    """
    try:
        detector = cv2.FaceDetectorYN.create(str(model), "", (_YUNET_SIDE, _YUNET_SIDE), 0.7)
    except cv2.error as error:
        raise ImageError(
            f"{model}: no face model", "YuNet as ONNX, from OpenCV's model zoo"
        ) from error

    def find(picture: _Pixels) -> Faces:
        return find_faces_yunet(picture, detector)

    return find


def find_faces_yunet(picture: _Pixels, detector: cv2.FaceDetectorYN) -> Faces:
    """Find faces by YuNet.

    Parameters
    ----------
    picture : Picture
    detector : cv2.FaceDetectorYN

    Returns
    -------
    Faces
    """
    pixels, scale = _reduced(picture.working, _YUNET_SIDE)
    with _LOCK:
        detector.setInputSize((pixels.shape[1], pixels.shape[0]))
        _, found = detector.detect(np.ascontiguousarray(pixels[..., ::-1]))
    rows = np.zeros((0, 15)) if found is None else np.asarray(found, float)
    return _faces(rows[:, :4] / scale, rows[:, -1], picture.working.shape)


@cache
def _finder() -> Finder:
    return yunet_finder(Path(_MODEL).expanduser()) if _MODEL else find_faces


@contextmanager
def _cascade() -> Iterator[cv2.CascadeClassifier]:
    try:
        cascade = _IDLE.get_nowait()
    except Empty:
        cascade = cv2.CascadeClassifier(str(_CASCADE))
    try:
        yield cascade
    finally:
        _IDLE.put(cascade)


def _reduced(pixels: NDArray[np.uint8], side: int) -> tuple[NDArray[np.uint8], float]:
    height, width = pixels.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def _faces(found: Array, confidence: Array, shape: tuple[int, ...]) -> Faces:
    """Order boxes given as left, top, width, height in pixels, and turn them into fractions."""
    height, width = shape[:2]
    corners = np.hstack([found[:, :2], found[:, :2] + found[:, 2:]])
    boxes = np.clip(corners / [width, height, width, height], 0.0, 1.0)
    order = np.argsort(-(found[:, 2] * found[:, 3]), kind="stable")
    return Faces(boxes[order], confidence[order])
