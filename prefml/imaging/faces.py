"""Detect faces, and measure their number and the place of the largest.

BlazeFace (V. Bazarevsky et al., "BlazeFace: sub-millisecond neural face detection on mobile GPUs",
arXiv:1907.05047), in MediaPipe's weights for short range, lies beside this module. YuNet (Wu, Peng
and Yu, 2023) finds small faces, too; it is used when the environment variable `PREFML_FACE_MODEL`
names its ONNX file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Protocol
from zlib import crc32

import cv2
import numpy as np
from scipy.special import expit, logit

from prefml._typing import Floats, Pixels
from prefml.exceptions import ImageError
from prefml.imaging.networks import BLAZEFACE_SHORT_RANGE, open_session

__all__ = ["NAMES", "Faces", "detect_faces", "detect_faces_yunet", "measure", "yunet_detector"]

NAMES = ("face_count", "face_confidence", "face_share", "face_x1", "face_y1", "face_x2", "face_y2")

_YUNET_SIDE = 320
_BLAZEFACE_SIDE = BLAZEFACE_SHORT_RANGE.side
# Rows and columns of its anchors, and how many there are at each place.
_ANCHORS = ((16, 2), (8, 6))
# Clear human faces score more than 0.9; animals and round things seldom reach this.
_MIN_SCORE = 0.75
# Boxes whose intersection over union is higher are of one face.
_NMS_THRESHOLD = 0.3
_LOCK = Lock()

MODEL_VARIABLE = "PREFML_FACE_MODEL"
_MODEL = os.environ.get(MODEL_VARIABLE, "")
# Cues of another detector are other cues: sidecars and models made with them are told apart.
VERSION = 2 + (crc32(Path(_MODEL).name.encode()) if _MODEL else 0)


class _PictureLike(Protocol):
    @property
    def working(self) -> Pixels: ...

    def downsampled(self, side: int) -> Pixels: ...


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
        x1, y1, x2, y2 in fractions, largest first.
    confidence : ndarray of shape (n,)
        From 0 to 1, in the same order.
    """

    boxes: Floats
    confidence: Floats


def measure(picture: _PictureLike) -> dict[str, float]:
    """Measure the faces that YuNet detects if a model is named, else BlazeFace.

    Parameters
    ----------
    picture : Picture
        A decoded picture.

    Returns
    -------
    dict of str to float
        See `face_cues`.
    """
    detect = yunet_detector(Path(_MODEL).expanduser()) if _MODEL else detect_faces
    return face_cues(detect(picture))


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
    box = faces.boxes[0]
    share = float((box[2] - box[0]) * (box[3] - box[1]))
    values = [float(len(faces.boxes)), float(faces.confidence[0]), share, *map(float, box)]
    return dict(zip(NAMES, values, strict=True))


def detect_faces(picture: _PictureLike) -> Faces:
    """Detect faces by BlazeFace, on a copy of 128 pixels, with non-maximum suppression.

    Parameters
    ----------
    picture : Picture

    Returns
    -------
    Faces
        Faces of at least about a seventh of the longer side.
    """
    copy, _ = _downscaled(picture.downsampled(_BLAZEFACE_SIDE), _BLAZEFACE_SIDE)
    height, width = copy.shape[:2]
    top, left = (_BLAZEFACE_SIDE - height) // 2, (_BLAZEFACE_SIDE - width) // 2
    square = np.full((1, 3, _BLAZEFACE_SIDE, _BLAZEFACE_SIDE), -1, np.float32)
    square[0, :, top : top + height, left : left + width] = copy.transpose(2, 0, 1) / 127.5 - 1
    session = open_session(BLAZEFACE_SHORT_RANGE.name)
    offsets, logits = session.run(BLAZEFACE_SHORT_RANGE.outputs, {"input": square})
    likely = np.flatnonzero(logits[0, :, 0] > logit(_MIN_SCORE))
    scores = expit(logits[0, likely, 0].astype(float))
    middles = _anchors()[likely] * _BLAZEFACE_SIDE + offsets[0, likely, :2]
    sizes = offsets[0, likely, 2:4].astype(float)
    boxes = np.hstack([middles - sizes / 2 - [left, top], sizes])
    kept = cv2.dnn.NMSBoxes(boxes, scores, _MIN_SCORE, _NMS_THRESHOLD)  # type: ignore[arg-type]
    places = np.asarray(kept, np.intp).ravel()
    return _largest_first(boxes[places], scores[places], copy.shape)


@cache
def _anchors() -> Floats:
    """Return the middles of the anchors in fractions, x and y."""
    blocks = []
    for side, count in _ANCHORS:
        down, across = np.mgrid[:side, :side]
        middles = np.stack([across, down], axis=-1).reshape(-1, 2) + 0.5
        blocks.append(np.repeat(middles / side, count, axis=0))
    return np.concatenate(blocks)


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
    pixels, scale = _downscaled(picture.working, _YUNET_SIDE)
    with _LOCK:
        detector.setInputSize((pixels.shape[1], pixels.shape[0]))
        _, found = detector.detect(np.ascontiguousarray(pixels[..., ::-1]))
    rows = np.zeros((0, 15)) if found is None else np.asarray(found, float)
    return _largest_first(rows[:, :4] / scale, rows[:, -1], picture.working.shape)


def _downscaled(pixels: Pixels, side: int) -> tuple[Pixels, float]:
    height, width = pixels.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8), scale


def _largest_first(found: Floats, confidence: Floats, shape: tuple[int, ...]) -> Faces:
    """Convert boxes (left, top, width, height in pixels) to fractions, largest first."""
    height, width = shape[:2]
    corners = np.hstack([found[:, :2], found[:, :2] + found[:, 2:]])
    boxes = np.clip(corners / [width, height, width, height], 0.0, 1.0)
    order = np.argsort(-(found[:, 2] * found[:, 3]), kind="stable")
    return Faces(boxes[order], confidence[order])
