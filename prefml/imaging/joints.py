"""Name the landmarks of faces, bodies and hands by MediaPipe's numbers."""

from __future__ import annotations

__all__ = [
    "ARMS",
    "CHIN",
    "EARS",
    "EYES",
    "FINGERS",
    "FOREHEAD",
    "HAND_WRIST",
    "LEGS",
    "LIDS",
    "MIDDLE_ROOT",
    "MOUTH",
    "NOSE_TIP",
    "WRISTS",
]

# Of a face: outer and inner corner of the eye on the left of the picture, and of the other.
EYES = ((33, 133), (263, 362))
# Two pairs of points that lie above each other on the lids of each eye.
LIDS = ((160, 144, 158, 153), (387, 373, 385, 380))
MOUTH = (61, 291)
NOSE_TIP, FOREHEAD, CHIN = 1, 10, 152

# Of a body, its left side first: shoulder, elbow, wrist; hip, knee, ankle; ears.
ARMS = ((11, 13, 15), (12, 14, 16))
LEGS = ((23, 25, 27), (24, 26, 28))
EARS = (7, 8)
# A wrist, and the roots of its little and its index finger.
WRISTS = ((15, 17, 19), (16, 18, 20))

# Of a hand: the wrist, the root of the middle finger, and each finger from root to tip.
HAND_WRIST, MIDDLE_ROOT = 0, 9
FINGERS = tuple(tuple(range(first, first + 4)) for first in (1, 5, 9, 13, 17))
