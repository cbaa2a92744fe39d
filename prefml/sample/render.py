"""From a planned set to its pictures: background, subject, stages, flaws."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from prefml._typing import Floats32, Pixels
from prefml.sample.damage import apply_damage
from prefml.sample.plan import PROJECTS, Scene, Shot

__all__ = ["render"]

_PLATE_OF = {project.name: project.plate for project in PROJECTS}
# Outline of the building in scikit-learn's china.jpg, in pixels.
_PAGODA = (
    (205, 28), (216, 44), (226, 72), (320, 122), (300, 140), (296, 156), (330, 178), (316, 196),
    (322, 236), (352, 258), (344, 296), (350, 322), (372, 340), (330, 352), (310, 398), (228, 392),
    (208, 350), (74, 345), (80, 286), (64, 270), (96, 236), (98, 196), (84, 178), (118, 158),
    (120, 142), (95, 126), (184, 72), (196, 44),
)  # fmt: skip
_FLOWER = (308, 222, 136)
# Blur and noise (in grey levels) of a stage, and how much it is sharpened.
_LOOK = {1.0: (0.7, 0.8, 0.0), 1.5: (0.5, 0.5, 0.1), 2.0: (0.0, 0.0, 0.2), 3.0: (0.0, 0.0, 0.4)}


@dataclass(frozen=True)
class _Cut:
    """A subject cut out of its photograph: RGB pixels and how much each belongs to it."""

    pixels: Pixels
    alpha: Floats32


def render(scene: Scene) -> list[Pixels]:
    """Make the pictures of a set.

    Parameters
    ----------
    scene : Scene
        The plan; the same plan gives the same pixels.

    Returns
    -------
    list of ndarray of uint8, shape (height, width, 3)
        RGB, one picture for each of `scene.shots`.
    """
    rng = np.random.default_rng(scene.seed)
    largest = max(scene.shots, key=lambda shot: shot.width * shot.height)
    base = _compose(scene, largest.width, largest.height, rng)
    return [_stage(base, scene, shot, rng) for shot in scene.shots]


def _compose(scene: Scene, width: int, height: int, rng: np.random.Generator) -> Pixels:
    background = _background(_PLATE_OF[scene.project], width, height, rng)
    cut = _subjects()[scene.subject]
    pixels = _tint(cut.pixels, float(rng.normal(0, 7)), float(rng.uniform(0.85, 1.1)))
    if rng.random() < 0.3:
        background = _distract(background, _Cut(pixels, cut.alpha), scene, rng)
    picture, alpha = _put(_Cut(pixels, cut.alpha), scene.subject_box, width, height, 0.03, rng)
    mixed = background * (1 - alpha) + picture * alpha
    return np.asarray(np.round(mixed), dtype=np.uint8)


def _background(plate: str, width: int, height: int, rng: np.random.Generator) -> Pixels:
    full = _plates()[plate]
    share = float(rng.uniform(0.45, 0.95))
    tall, wide = (round(share * side) for side in full.shape[:2])
    top, left = (
        int(rng.integers(0, f - s + 1)) for f, s in zip(full.shape, (tall, wide), strict=False)
    )
    piece = full[top : top + tall, left : left + wide]
    if rng.random() < 0.5:
        piece = piece[:, ::-1]
    scaled = cv2.resize(np.ascontiguousarray(piece), (width, height), interpolation=cv2.INTER_CUBIC)
    blurred = cv2.GaussianBlur(
        scaled, (0, 0), float(rng.uniform(0.6, 2.4)) * max(width, height) / 320
    )
    return _tint(blurred, float(rng.normal(0, 9)), float(rng.uniform(0.75, 1.12)))


def _distract(background: Pixels, cut: _Cut, scene: Scene, rng: np.random.Generator) -> Pixels:
    height, width = background.shape[:2]
    side = float(rng.uniform(0.08, 0.16))
    x, y = rng.uniform(0, 1 - side, 2)
    box = (float(x), float(y), float(x) + side, float(y) + side * width / height)
    picture, alpha = _put(cut, box, width, height, 0.1, rng)
    weight = cv2.GaussianBlur(alpha, (0, 0), 2.5)[..., None] * 0.55
    return np.asarray(np.round(background * (1 - weight) + picture * weight), dtype=np.uint8)


def _put(
    cut: _Cut,
    box: tuple[float, float, float, float],
    width: int,
    height: int,
    tilt: float,
    rng: np.random.Generator,
) -> tuple[Pixels, Floats32]:
    tall, wide = cut.alpha.shape
    corners = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], np.float32)
    if rng.random() < 0.5:
        corners = corners[[1, 0, 3, 2]]
    x1, y1, x2, y2 = box
    target = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
    target += rng.uniform(-tilt, tilt, (4, 2)) * (x2 - x1, y2 - y1)
    target = (target * (width, height)).astype(np.float32)
    warp = cv2.getPerspectiveTransform(corners, target)
    picture = cv2.warpPerspective(cut.pixels, warp, (width, height), flags=cv2.INTER_LINEAR)
    alpha = cv2.warpPerspective(cut.alpha, warp, (width, height), flags=cv2.INTER_LINEAR)
    return np.asarray(picture, np.uint8), np.asarray(alpha, np.float32)[..., None]


def _stage(base: Pixels, scene: Scene, shot: Shot, rng: np.random.Generator) -> Pixels:
    blur, noise, sharpen = _LOOK[shot.stage]
    size = (shot.width, shot.height)
    image = cv2.resize(base, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    if blur:
        image = cv2.GaussianBlur(image, (0, 0), blur * float(rng.uniform(0.7, 1.3)))
    soft = cv2.GaussianBlur(image, (0, 0), 1.2)
    image += sharpen * float(rng.uniform(0.5, 1.5)) * (image - soft)
    image *= float(rng.normal(1, 0.02))
    image += rng.normal(0, noise, image.shape[:2]).astype(np.float32)[..., None]
    pixels: Pixels = np.asarray(np.clip(np.round(image), 0, 255), dtype=np.uint8)
    if not shot.damage:
        return pixels
    return apply_damage(pixels, shot.damage.kind, shot.damage.severity, scene.subject_box, rng)


def _tint(pixels: Pixels, turn: float, gain: float) -> Pixels:
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV).astype(np.float32)
    hsv[..., 0] = np.mod(hsv[..., 0] + turn, 180)
    hsv[..., 2] = np.clip(hsv[..., 2] * gain, 0, 255)
    return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB), dtype=np.uint8)


@cache
def _photographs() -> tuple[Pixels, Pixels]:
    from sklearn.datasets import load_sample_images

    china, flower = load_sample_images().images
    return np.asarray(china, np.uint8), np.asarray(flower, np.uint8)


@cache
def _subjects() -> dict[str, _Cut]:
    china, flower = _photographs()
    outline = np.zeros(china.shape[:2], np.float32)
    cv2.fillPoly(outline, [np.array(_PAGODA, np.int32)], 1.0)
    disc = np.zeros(flower.shape[:2], np.float32)
    cv2.circle(disc, _FLOWER[:2], _FLOWER[2], 1.0, -1)
    return {"pagoda": _trim(china, outline), "flower": _trim(flower, disc)}


def _trim(pixels: Pixels, mask: Floats32) -> _Cut:
    x, y, width, height = cv2.boundingRect((mask > 0).astype(np.uint8))
    alpha = cv2.GaussianBlur(mask, (0, 0), 1.5)[y : y + height, x : x + width]
    return _Cut(pixels[y : y + height, x : x + width].copy(), np.ascontiguousarray(alpha))


@cache
def _plates() -> dict[str, Pixels]:
    china, flower = _photographs()
    shore = _widen(china[:, 380:])
    leaves = _without_flower(flower)
    dusk = cv2.addWeighted(_tint(shore, -60, 0.6), 0.65, cv2.flip(leaves, 0), 0.6, 0)
    return {"shore": shore, "leaves": leaves, "trees": _widen(china[290:, 320:]), "dusk": dusk}


def _widen(piece: Pixels) -> Pixels:
    mirrored = np.concatenate([piece, piece[:, ::-1]], axis=1)
    return np.asarray(cv2.resize(mirrored, (640, 427), interpolation=cv2.INTER_CUBIC), np.uint8)


def _without_flower(flower: Pixels) -> Pixels:
    mask = np.zeros(flower.shape[:2], np.uint8)
    cv2.circle(mask, _FLOWER[:2], _FLOWER[2] + 14, 255, -1)
    cv2.ellipse(mask, (362, 412), (90, 62), 0, 0, 360, 255, -1)
    small = (
        cv2.resize(image, (160, 107), interpolation=cv2.INTER_AREA) for image in (flower, mask)
    )
    picture, hole = small
    filled = cv2.inpaint(picture, (hole > 0).astype(np.uint8), 5, cv2.INPAINT_TELEA)
    filled = cv2.resize(filled, (640, 427), interpolation=cv2.INTER_CUBIC)
    keep = 1 - cv2.GaussianBlur((mask > 0).astype(np.float32), (0, 0), 6)[..., None]
    return np.asarray(np.round(flower * keep + filled * (1 - keep)), dtype=np.uint8)
