"""Plant anomalies in photographs: local warps of real hands, wrists and limbs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from prefml.imaging.landmarks import Landmarks
from prefml.imaging.people import People

# Shoulder, elbow, wrist, and hip, knee, ankle of either side: MediaPipe's numbers.
ARMS = ((11, 13, 15), (12, 14, 16))
LEGS = ((23, 25, 27), (24, 26, 28))
SEEN = 0.5


@dataclass(frozen=True)
class Planted:
    """A picture with one anomaly: its flag, the kind of warp, and about where it is."""

    flag: str
    kind: str
    pixels: np.ndarray
    place: np.ndarray


def plant(pixels: np.ndarray, people: People) -> Iterator[Planted]:
    """Yield a picture for each warp of each hand and limb that is seen whole."""
    height, width = pixels.shape[:2]
    size = np.array([width, height], float)
    for hand in people.hands:
        points = hand.points[:, :2] * size
        wrist, reach = points[0], float(np.linalg.norm(points[9] - points[0]))
        arm = arm_of(people, points, size)
        if arm is None or reach < 12 or not inside(points, size, reach / 2):
            continue
        for flag, kind, warp in hand_warps(points, arm):
            yield Planted(flag, kind, moved(pixels, warp), wrist / size)
    for body in people.bodies[:1]:
        for name, limb in limbs(body, size):
            for kind, warp in limb_warps(name, *limb):
                yield Planted("limb", kind, moved(pixels, warp), limb[1] / size)


def inside(points: np.ndarray, size: np.ndarray, margin: float) -> bool:
    return bool((points >= margin).all() and (points <= size - margin).all())


def arm_of(people: People, hand: np.ndarray, size: np.ndarray) -> np.ndarray | None:
    """Return elbow and wrist of the arm that a hand ends, None where no arm is seen."""
    reach = float(np.linalg.norm(hand[9] - hand[0]))
    for body in people.bodies:
        for _, elbow, wrist in ARMS:
            pair = body.points[[elbow, wrist], :2] * size
            if np.linalg.norm(pair[1] - hand[0]) < reach and body.visibility[elbow] > SEEN:
                return pair
    return None


def limbs(body: Landmarks, size: np.ndarray) -> Iterator[tuple[str, tuple[np.ndarray, ...]]]:
    """Yield the halves of arms and legs that are seen: start, end, and end of what hangs on it."""
    points = body.points[:, :2] * size
    for name, chain in [("arm", one) for one in ARMS] + [("leg", one) for one in LEGS]:
        root, middle, end = points[list(chain)]
        if (body.visibility[list(chain)] < SEEN).any() or not inside(points[list(chain)], size, 4):
            continue
        yield f"upper {name}", (root, middle, end)
        yield f"lower {name}", (middle, end, end + 0.5 * (end - middle))


Warp = Callable[[np.ndarray], np.ndarray]


def hand_warps(points: np.ndarray, arm: np.ndarray) -> Iterator[tuple[str, str, Warp]]:
    """Yield flag, kind and warp for one hand; a warp maps places to where their pixels are from."""
    wrist, roots, tip = points[0], points[[5, 9, 13, 17]].mean(axis=0), points[12]
    reach = float(np.linalg.norm(points[9] - wrist))
    radius = 1.15 * float(np.linalg.norm(points - points.mean(axis=0), axis=1).max())
    middle = points.mean(axis=0)
    yield "hand length", "fingers 1.8 times as long", stretch(roots, tip, 1.8, reach)
    yield "hand length", "hand half as large", swell(middle, radius, 0.5)
    yield "hand length", "hand 1.8 times as large", swell(middle, radius, 1.8)
    yield "hand length", "palm 1.8 times as long", stretch(wrist, roots, 1.8, reach)
    along = (arm[1] - arm[0]) / max(float(np.linalg.norm(arm[1] - arm[0])), 1e-6)
    yield "wrist", "hand beside the wrist", shift(wrist, along, 0.9 * reach, reach)
    yield "wrist", "hand turned back", bend(wrist, along, 2.0, 2.4 * reach)
    yield "wrist", "wrist drawn out", stretch(wrist - 0.3 * reach * along, wrist, 4.5, reach)
    yield "wrist", "hand turned aside", bend(wrist, along, -1.6, 2.4 * reach)


def limb_warps(
    name: str, root: np.ndarray, end: np.ndarray, rest: np.ndarray
) -> Iterator[tuple[str, Warp]]:
    """Yield kind and warp for half a limb, that what hangs on it moves with it."""
    half = 0.45 * float(np.linalg.norm(end - root))
    carried = float(np.linalg.norm(rest - end))
    yield f"{name} 1.7 times as long", stretch(root, end, 1.7, half, carried)
    yield f"{name} half as long", stretch(root, end, 0.5, half, carried)
    along = (end - root) / max(float(np.linalg.norm(end - root)), 1e-6)
    yield f"{name} set on beside", shift(root, along, 1.2 * half, half, carried + 2.2 * half)


def stretch(
    start: np.ndarray, end: np.ndarray, times: float, half: float, carried: float | None = None
) -> Warp:
    """Stretch what lies between two points; what follows is carried along and fades out."""
    length = max(float(np.linalg.norm(end - start)), 1e-6)
    along = (end - start) / length
    hang = 2.0 * half if carried is None else carried

    def source(places: np.ndarray) -> np.ndarray:
        t = (places - start) @ along
        s = np.abs((places - start) @ np.array([-along[1], along[0]]))
        step = (times - 1.0) * length
        wanted = np.where(t < times * length, t / times, t - step)
        fade = 1.0 - smooth((t - times * length - hang) / (2.0 * abs(step) + half))
        weight = np.where(t < 0, 0.0, fade) * (1.0 - smooth((s - half) / half))
        return places + (wanted - t)[..., None] * along * weight[..., None]

    return source


def swell(centre: np.ndarray, radius: float, times: float) -> Warp:
    """Scale what lies within a circle; around it the picture gives way."""
    inner = radius * times
    outer = 1.7 * max(inner, radius)

    def source(places: np.ndarray) -> np.ndarray:
        r = np.maximum(np.linalg.norm(places - centre, axis=-1), 1e-6)
        between = radius + (r - inner) * (outer - radius) / (outer - inner)
        wanted = np.where(r < inner, r / times, np.where(r < outer, between, r))
        return centre + (places - centre) * (wanted / r)[..., None]

    return source


def shift(
    start: np.ndarray, along: np.ndarray, by: float, half: float, reach: float | None = None
) -> Warp:
    """Move what follows a point sideways."""
    across = np.array([-along[1], along[0]])
    length = 2.5 * half if reach is None else reach

    def source(places: np.ndarray) -> np.ndarray:
        t, s = (places - start) @ along, (places - start) @ across - by
        begins = smooth(t / (0.25 * half) + 0.5)
        weight = begins * (1.0 - smooth((t - length) / half))
        weight = weight * (1.0 - smooth((np.abs(s) - half) / (1.5 * by)))
        return places - by * across * weight[..., None]

    return source


def bend(pivot: np.ndarray, along: np.ndarray, angle: float, radius: float) -> Warp:
    """Turn what follows a point about it."""

    def source(places: np.ndarray) -> np.ndarray:
        away = places - pivot
        r = np.linalg.norm(away, axis=-1)
        # Of the place where the hand comes to lie, and of where it lay.
        turned = rotate(away, -angle * np.ones_like(r))
        follows = np.maximum(turned @ along, away @ along) / np.maximum(r, 1e-6)
        weight = (1.0 - smooth((r - radius) / (0.5 * radius))) * smooth(2.0 * follows + 0.5)
        return pivot + rotate(away, -angle * weight)

    return source


def rotate(vectors: np.ndarray, angle: np.ndarray) -> np.ndarray:
    cosine, sine = np.cos(angle), np.sin(angle)
    x, y = vectors[..., 0], vectors[..., 1]
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=-1)


def smooth(t: np.ndarray) -> np.ndarray:
    """Rise from 0 to 1 while t does."""
    t = np.clip(t, 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))


def moved(pixels: np.ndarray, warp: Warp) -> np.ndarray:
    """Return a picture whose pixels come from where the warp says."""
    height, width = pixels.shape[:2]
    places = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(float)
    source = warp(places).astype(np.float32)
    return np.asarray(
        cv2.remap(
            pixels, source[..., 0], source[..., 1], cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ), np.uint8,
    )  # fmt: skip
