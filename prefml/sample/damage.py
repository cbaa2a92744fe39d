"""Damage pictures, or the faces in them, as later stages of a pipeline do."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from prefml._typing import Floats32, Pixels
from prefml.boxes import Box

__all__ = ["apply_damage"]


def apply_damage(
    pixels: Pixels, kind: str, severity: float, subject: Box, rng: np.random.Generator
) -> Pixels:
    """Damage a picture.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        The picture, RGB; it is not changed.
    kind : str
        `ringing`, `smearing`, `wrong_colour` or `duplicated_patch`; of a face alone `face_smeared`
        or `face_pushed`.
    severity : float
        Between 0 (hardly visible) and 1 (spoilt).
    subject : tuple of float
        Where the subject lies, or its face, x1, y1, x2, y2 in fractions.
    rng : numpy.random.Generator
        Source of place and direction.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        A damaged copy.
    """
    return _KINDS[kind](pixels, severity, subject, rng)


def _ringing(pixels: Pixels, severity: float, subject: Box, rng: np.random.Generator) -> Pixels:
    image = pixels.astype(np.float32)
    width = max(pixels.shape[:2]) / 320
    for scale in (1.2, 2.6):
        blurred = cv2.GaussianBlur(image, (0, 0), scale * width)
        image = np.clip(image + (0.4 + 1.6 * severity) * (image - blurred), 0, 255)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(70 - 45 * severity)]
    _, coded = cv2.imencode(".jpg", image.astype(np.uint8), quality)
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), dtype=np.uint8)


def _smearing(pixels: Pixels, severity: float, subject: Box, rng: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    length = max(3, round((0.02 + 0.10 * severity) * max(height, width)))
    angle = float(rng.uniform(-35, 35))
    smeared = cv2.filter2D(
        pixels, -1, _motion_blur_kernel(length, angle), borderType=cv2.BORDER_REFLECT
    )
    weight = _soft_mask(height, width, subject, 0.55 + 0.6 * severity)[..., None]
    return np.asarray(np.round(pixels * (1 - weight) + smeared * weight), dtype=np.uint8)


def _motion_blur_kernel(length: int, angle: float) -> Floats32:
    size = length | 1
    kernel = np.zeros((size, size), np.float32)
    kernel[size // 2] = 1
    turn = cv2.getRotationMatrix2D((size / 2 - 0.5, size / 2 - 0.5), angle, 1)
    kernel = cv2.warpAffine(kernel, turn, (size, size))
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def _soft_mask(height: int, width: int, box: Box, reach: float) -> Floats32:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    across = (x / width - (box[0] + box[2]) / 2) / (reach * (box[2] - box[0]))
    down = (y / height - (box[1] + box[3]) / 2) / (reach * (box[3] - box[1]))
    return np.asarray(np.clip(3 - 3 * (across**2 + down**2), 0, 1), dtype=np.float32)


def _wrong_colour(
    pixels: Pixels, severity: float, subject: Box, rng: np.random.Generator
) -> Pixels:
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV).astype(np.int16)
    turn = (12 + 60 * severity) * (1 if rng.random() < 0.5 else -1)
    hsv[..., 0] = (hsv[..., 0] + round(turn)) % 180
    hsv[..., 1] = np.clip(hsv[..., 1] * (1 + 0.9 * severity), 0, 255)
    return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB), dtype=np.uint8)


def _duplicated_patch(
    pixels: Pixels, severity: float, subject: Box, rng: np.random.Generator
) -> Pixels:
    height, width = pixels.shape[:2]
    across, down = (round((0.10 + 0.25 * severity) * side) for side in (width, height))
    left = _clamp((subject[0] + subject[2]) / 2 * width - across / 2, width - across)
    top = _clamp((subject[1] + subject[3]) / 2 * height - down / 2, height - down)
    patch = pixels[top : top + down, left : left + across].copy()
    spoilt = pixels.copy()
    for _ in range(1 + round(2 * severity)):
        x = int(rng.integers(0, width - across + 1))
        y = int(rng.integers(0, height - down + 1))
        spoilt[y : y + down, x : x + across] = patch
    return spoilt


def _face_smeared(pixels: Pixels, severity: float, face: Box, rng: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    side = min((face[2] - face[0]) * width, (face[3] - face[1]) * height)
    blurred = cv2.GaussianBlur(pixels, (0, 0), max(0.3, (0.01 + 0.09 * severity) * side))
    weight = _soft_mask(height, width, face, 0.62)[..., None]
    return np.asarray(np.round(pixels * (1 - weight) + blurred * weight), dtype=np.uint8)


def _face_pushed(pixels: Pixels, severity: float, face: Box, rng: np.random.Generator) -> Pixels:
    """Push a face out of shape, by waves that fade towards its outline."""
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    across, down = (face[2] - face[0]) * width, (face[3] - face[1]) * height
    weight = _soft_mask(height, width, face, 0.62)
    push = (0.02 + 0.09 * severity) * weight
    phase = float(rng.uniform(0, 2 * np.pi))
    moved_x = x + push * across * np.sin(9.0 * y / down + phase)
    moved_y = y + push * down * np.sin(9.0 * x / across + phase)
    return np.asarray(
        cv2.remap(pixels, moved_x.astype(np.float32), moved_y.astype(np.float32), cv2.INTER_LINEAR),
        np.uint8,
    )


def _clamp(place: float, most: int) -> int:
    return min(max(round(place), 0), most)


_KINDS: dict[str, Callable[[Pixels, float, Box, np.random.Generator], Pixels]] = {
    "ringing": _ringing,
    "smearing": _smearing,
    "wrong_colour": _wrong_colour,
    "duplicated_patch": _duplicated_patch,
    "face_smeared": _face_smeared,
    "face_pushed": _face_pushed,
}
