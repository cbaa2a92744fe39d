"""Pictures from arrays, and a scene that several cues are measured on."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from prefml.imaging.picture import Picture


def picture(pixels: np.ndarray) -> Picture:
    """Round levels of any type to bytes and make a picture of them."""
    return Picture(np.ascontiguousarray(np.clip(np.rint(pixels), 0, 255), np.uint8))


@pytest.fixture(scope="session")
def scene() -> np.ndarray:
    """Return a picture with edges and texture whose levels stay clear of both ends."""
    rng = np.random.default_rng(1)
    coarse = cv2.resize(rng.uniform(80, 170, (9, 12, 3)), (640, 480), interpolation=cv2.INTER_CUBIC)
    checks = np.kron(rng.integers(0, 2, (40, 40)), np.ones((12, 16)))[:, :, None] * 80
    return np.clip(coarse + checks - 40, 25, 230)
