"""Place the landmarks of faces, bodies and hands that a detector found.

A turned square around each is cut from the picture and given to the network of its kind, as
MediaPipe does: Y. Kartynnik et al., "Real-time facial surface geometry from monocular video on
mobile GPUs", arXiv:1907.06724; V. Bazarevsky et al., "BlazePose: on-device real-time body pose
tracking", arXiv:2006.10204; F. Zhang et al., "MediaPipe Hands: on-device real-time hand tracking",
arXiv:2006.10214.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from scipy.special import expit

from prefml._typing import Floats, Pixels
from prefml.imaging import networks
from prefml.imaging.ssd import Detections
from prefml.imaging.warp import warp

__all__ = ["Landmarks", "Region", "body_landmarks", "face_landmarks", "hand_landmarks", "hands_in"]

# Landmarks of a body beside which the pose network gives six of its own.
_BODY_POINTS = 33
# Cells of the heatmap that are averaged for a landmark: so many on each side of the first guess.
_HEATMAP_REACH = 4
_HEATMAP_LEAST = 0.5
# The depth of a hand is in these units of its square.
_HAND_DEPTH = 0.4


class _PictureLike(Protocol):
    @property
    def pixels(self) -> Pixels: ...


@dataclass(frozen=True)
class Region:
    """A turned square in a picture.

    Attributes
    ----------
    centre : ndarray of shape (2,)
        x and y in pixels of the picture.
    side : float
        In pixels.
    angle : float
        In radians, clockwise as one looks at the picture.
    """

    centre: Floats
    side: float
    angle: float

    @property
    def axes(self) -> Floats:
        """Directions of its rows and its columns as columns of a matrix of shape (2, 2)."""
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        return np.array([[cosine, -sine], [sine, cosine]])

    def cut(self, pixels: Pixels, side: int) -> Pixels:
        """Sample the region bilinearly; beyond the picture its edge goes on.

        Parameters
        ----------
        pixels : ndarray of shape (h, w, 3), uint8
            The picture.
        side : int
            Pixels of the result.

        Returns
        -------
        ndarray of shape (side, side, 3), uint8
        """
        turned = self.axes * (self.side / side)
        corner = self.centre - self.axes @ np.full(2, self.side / 2)
        placed = np.column_stack([turned, corner])
        return warp(pixels, placed, side, border=cv2.BORDER_REPLICATE)

    def place(self, points: Floats) -> Floats:
        """Convert points in fractions of the region to pixels of the picture.

        Parameters
        ----------
        points : ndarray of shape (n, 3)
            x, y and depth.

        Returns
        -------
        ndarray of shape (n, 3)
        """
        flat = self.centre + ((points[:, :2] - 0.5) * self.side) @ self.axes.T
        return np.column_stack([flat, points[:, 2] * self.side])


@dataclass(frozen=True)
class Landmarks:
    """Landmarks of one face, body or hand.

    Attributes
    ----------
    points : ndarray of shape (n, 3)
        x and y in fractions of the picture, depth in its widths; 468 of a face, 33 of a body, 21
        of a hand, numbered as MediaPipe numbers them.
    presence : float
        Probability that there is such a thing in the region.
    visibility : ndarray of shape (n,)
        Probability that a landmark is in the picture and not hidden; ones but for bodies.
    metres : ndarray of shape (n, 3)
        The same landmarks in metres about the middle of the hips or of the hand, upright; without
        rows for faces.
    right : float
        Probability that a hand is a right one, the picture not being mirrored; NaN but for hands.
    """

    points: Floats
    presence: float
    visibility: Floats
    metres: Floats
    right: float = float("nan")


def face_landmarks(picture: _PictureLike, faces: Detections) -> list[Landmarks]:
    """Place the landmarks of faces.

    Parameters
    ----------
    picture : Picture
        A decoded picture; only `pixels` is read.
    faces : Detections
        Faces in it, of either range.

    Returns
    -------
    list of Landmarks
        One for each face, sure or not.
    """
    network, found = networks.FACE_LANDMARKS, []
    for region in _box_regions(picture, faces, (0, 1), 0.0, scale=1.5):
        outputs = network.run(region.cut(picture.pixels, network.side))
        points = outputs["landmarks"].astype(float).reshape(-1, 3) / network.side
        presence = float(expit(outputs["presence"].item()))
        placed = _in_fractions(picture, region.place(points))
        found.append(Landmarks(placed, presence, np.ones(len(points)), np.zeros((0, 3))))
    return found


def body_landmarks(picture: _PictureLike, bodies: Detections) -> list[Landmarks]:
    """Place the landmarks of bodies.

    Parameters
    ----------
    picture : Picture
        A decoded picture; only `pixels` is read.
    bodies : Detections
        Bodies in it.

    Returns
    -------
    list of Landmarks
        One for each body, sure or not.
    """
    network, found = networks.POSE_LANDMARKS, []
    for region in _circle_regions(picture, bodies):
        outputs = network.run(region.cut(picture.pixels, network.side))
        rows = outputs["landmarks"][0].astype(float).reshape(-1, 5)
        points = refine(rows[:, :3] / network.side, outputs["heatmap"][0].astype(float))
        metres = outputs["world_landmarks"].astype(float).reshape(-1, 3)
        found.append(
            Landmarks(
                _in_fractions(picture, region.place(points))[:_BODY_POINTS],
                outputs["presence"].item(),
                expit(rows[:_BODY_POINTS, 3]),
                _upright(metres, region)[:_BODY_POINTS],
            )
        )
    return found


def hand_landmarks(picture: _PictureLike, palms: Detections) -> list[Landmarks]:
    """Place the landmarks of hands.

    Parameters
    ----------
    picture : Picture
        A decoded picture; only `pixels` is read.
    palms : Detections
        Palms in it.

    Returns
    -------
    list of Landmarks
        One for each palm, sure or not.
    """
    regions = _box_regions(picture, palms, (0, 2), np.pi / 2, scale=2.6, up=0.5)
    return hands_in(picture, regions)


def hands_in(picture: _PictureLike, regions: Sequence[Region]) -> list[Landmarks]:
    """Place the landmarks of hands in given regions.

    Parameters
    ----------
    picture : Picture
        A decoded picture; only `pixels` is read.
    regions : sequence of Region
        A square around each hand, fingers upwards.

    Returns
    -------
    list of Landmarks
        One for each region, sure or not.
    """
    network, found = networks.HAND_LANDMARKS, []
    for region in regions:
        outputs = network.run(region.cut(picture.pixels, network.side))
        points = outputs["landmarks"].astype(float).reshape(-1, 3) / network.side
        points[:, 2] /= _HAND_DEPTH
        metres = outputs["world_landmarks"].astype(float).reshape(-1, 3)
        found.append(
            Landmarks(
                _in_fractions(picture, region.place(points)),
                outputs["presence"].item(),
                np.ones(len(points)),
                _upright(metres, region),
                outputs["handedness"].item(),
            )
        )
    return found


def refine(points: Floats, heatmap: Floats) -> Floats:
    """Move points to the middle of the heat around them, where it is high.

    Parameters
    ----------
    points : ndarray of shape (n, 3)
        x, y and depth in fractions of the region.
    heatmap : ndarray of shape (n, rows, columns)
        Logits, one plane for each point.

    Returns
    -------
    ndarray of shape (n, 3)
        Depths are kept.
    """
    refined = points.copy()
    size = np.array(heatmap.shape[:0:-1])
    cells = np.trunc(points[:, :2] * size).astype(int)
    for i in np.flatnonzero(((cells >= 0) & (cells < size)).all(axis=1)):
        low = np.maximum(cells[i] - _HEATMAP_REACH, 0)
        high = np.minimum(cells[i] + _HEATMAP_REACH + 1, size)
        heat = expit(heatmap[i, low[1] : high[1], low[0] : high[0]])
        if heat.max() >= _HEATMAP_LEAST:
            middle = [
                np.average(np.arange(low[axis], high[axis]), weights=heat.sum(axis=axis))
                for axis in (0, 1)
            ]
            refined[i, :2] = np.array(middle) / size
    return refined


def _box_regions(
    picture: _PictureLike,
    found: Detections,
    direction: tuple[int, int],
    angle: float,
    *,
    scale: float,
    up: float = 0.0,
) -> list[Region]:
    """Return squares around boxes, moved up by a share of the box along their own direction.

    The line between two keypoints is turned to an angle above the horizontal.
    """
    size = _size(picture)
    regions = []
    for box, keypoints in zip(found.boxes, found.keypoints * size, strict=True):
        turn = _turn(keypoints[direction[0]], keypoints[direction[1]], angle)
        sides = (box[2:] - box[:2]) * size
        region = Region((box[:2] + box[2:]) / 2 * size, float(sides.max() * scale), turn)
        moved = region.centre - region.axes[:, 1] * sides[1] * up
        regions.append(Region(moved, region.side, turn))
    return regions


def _circle_regions(picture: _PictureLike, bodies: Detections) -> list[Region]:
    """Return squares around the circles that bodies lie in, head upwards."""
    regions = []
    for hips, rim in bodies.keypoints[:, :2] * _size(picture):
        radius = float(np.linalg.norm(rim - hips))
        regions.append(Region(hips, 2 * radius * 1.25, _turn(hips, rim, np.pi / 2)))
    return regions


def _turn(start: Floats, end: Floats, angle: float) -> float:
    """Return the clockwise turn, from -pi to pi, after which a level line points at an angle."""
    across, down = end - start
    return float((angle - np.arctan2(-down, across) + np.pi) % (2 * np.pi) - np.pi)


def _size(picture: _PictureLike) -> Floats:
    return np.array(picture.pixels.shape[1::-1], float)


def _in_fractions(picture: _PictureLike, points: Floats) -> Floats:
    width, height = _size(picture)
    return np.asarray(points / [width, height, width], float)


def _upright(metres: Floats, region: Region) -> Floats:
    """Turn points in metres back from the direction of their region."""
    return np.column_stack([metres[:, :2] @ region.axes.T, metres[:, 2]])
