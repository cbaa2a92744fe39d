"""Detect faces, and measure their number and the place of the largest.

BlazeFace (V. Bazarevsky et al., "BlazeFace: sub-millisecond neural face detection on mobile GPUs",
arXiv:1907.05047), in MediaPipe's weights for full and for short range, lies beside this module.
YuNet (Wu, Peng and Yu, 2023) takes its place when the environment variable `PREFML_FACE_MODEL`
names its ONNX file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Protocol
from zlib import crc32

import cv2
import numpy as np

from prefml._typing import Floats, Pixels
from prefml.exceptions import ImageError
from prefml.imaging.ssd import FACE_FULL_RANGE, FACE_SHORT_RANGE, Detections, add_missed, detect

__all__ = [
    "NAMES",
    "Faces",
    "detect_faces",
    "detect_faces_yunet",
    "face_cues",
    "find_faces",
    "measure",
    "yunet_detector",
]

NAMES = ("face_count", "face_confidence", "face_share", "face_x1", "face_y1", "face_x2", "face_y2")

_YUNET_SIDE = 320
# Clear human faces score more than 0.9 at short range; animals and round things seldom reach this.
_MIN_SCORE = 0.75
_LOCK = Lock()

MODEL_VARIABLE = "PREFML_FACE_MODEL"
_MODEL = os.environ.get(MODEL_VARIABLE, "")
# Cues of another detector are other cues: sidecars and models made with them are told apart.
VERSION = 3 + (crc32(Path(_MODEL).name.encode()) if _MODEL else 0)


class _PictureLike(Protocol):
    @property
    def pixels(self) -> Pixels: ...

    @property
    def working(self) -> Pixels: ...


class FaceDetector(Protocol):
    """A function that detects the faces of a picture."""

    def __call__(self, picture: _PictureLike) -> Faces:
        """Return the faces of a picture."""


@dataclass(frozen=True)
class Faces:
    """Faces of one picture.

    Attributes
    ----------
    boxes : ndarray of shape (n, 4)
        x1, y1, x2, y2 in fractions, largest first; a box may reach beyond the picture.
    confidence : ndarray of shape (n,)
        From 0 to 1, in the same order.
    keypoints : ndarray of shape (n, 6, 2)
        As of `prefml.imaging.ssd.Detections`.
    """

    boxes: Floats
    confidence: Floats
    keypoints: Floats = field(default_factory=lambda: np.zeros((0, 6, 2)))


def measure(picture: _PictureLike) -> dict[str, float]:
    """Measure the faces of a picture.

    Parameters
    ----------
    picture : Picture
        A decoded picture.

    Returns
    -------
    dict of str to float
        See `face_cues`.
    """
    return face_cues(find_faces(picture))


def face_cues(faces: Faces) -> dict[str, float]:
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
    box = np.clip(faces.boxes[0], 0.0, 1.0)
    share = float((box[2] - box[0]) * (box[3] - box[1]))
    values = [float(len(faces.boxes)), float(faces.confidence[0]), share, *map(float, box)]
    return dict(zip(NAMES, values, strict=True))


def find_faces(picture: _PictureLike) -> Faces:
    """Detect faces by YuNet if a model is named, else by BlazeFace.

    Parameters
    ----------
    picture : Picture

    Returns
    -------
    Faces
    """
    detect = yunet_detector(Path(_MODEL).expanduser()) if _MODEL else detect_faces
    return detect(picture)


def detect_faces(picture: _PictureLike) -> Faces:
    """Detect faces by BlazeFace at full range, and large ones that it misses at short range.

    Parameters
    ----------
    picture : Picture

    Returns
    -------
    Faces
    """
    near = detect(picture, FACE_SHORT_RANGE)
    return _largest_first(
        add_missed(detect(picture, FACE_FULL_RANGE), near.take(near.confidence > _MIN_SCORE))
    )


@cache
def yunet_detector(model: Path) -> FaceDetector:
    """Open a YuNet model, once for each file.

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

    def find(picture: _PictureLike) -> Faces:
        return detect_faces_yunet(picture, detector)

    return find


def detect_faces_yunet(picture: _PictureLike, detector: cv2.FaceDetectorYN) -> Faces:
    """Detect faces by YuNet.

    Parameters
    ----------
    picture : Picture
    detector : cv2.FaceDetectorYN

    Returns
    -------
    Faces
    """
    pixels = _downscaled(picture.working, _YUNET_SIDE)
    with _LOCK:
        detector.setInputSize((pixels.shape[1], pixels.shape[0]))
        _, found = detector.detect(np.ascontiguousarray(pixels[..., ::-1]))
    rows = np.zeros((0, 15)) if found is None else np.asarray(found, float)
    rows[:, :14] /= np.tile(pixels.shape[1::-1], 7)
    boxes = np.hstack([rows[:, :2], rows[:, :2] + rows[:, 2:4]])
    points = rows[:, 4:14].reshape(-1, 5, 2)
    eyes, mouth = points[:, :2], points[:, 3:].mean(axis=1, keepdims=True)
    # It has no ears.
    keypoints = np.concatenate([eyes, points[:, 2:3], mouth, eyes], axis=1)
    return _largest_first(Detections(boxes, keypoints, rows[:, -1]))


def _downscaled(pixels: Pixels, side: int) -> Pixels:
    height, width = pixels.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _largest_first(found: Detections) -> Faces:
    sides = found.boxes[:, 2:] - found.boxes[:, :2]
    order = np.argsort(-sides.prod(axis=1), kind="stable")
    return Faces(found.boxes[order], found.confidence[order], found.keypoints[order])
