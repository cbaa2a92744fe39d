"""Render the images of a planned set: background, subject, stages, damages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from prefml._typing import Floats32, Pixels
from prefml.boxes import Box
from prefml.sample.damage import apply_damage
from prefml.sample.plan import FACE_DAMAGES, PROJECTS, ImagePlan, SetPlan

__all__ = ["render"]

_BACKGROUND_OF = {project.name: project.background for project in PROJECTS}
# Outline of the building in scikit-learn's china.jpg, in pixels.
_PAGODA = (
    (205, 28), (216, 44), (226, 72), (320, 122), (300, 140), (296, 156), (330, 178), (316, 196),
    (322, 236), (352, 258), (344, 296), (350, 322), (372, 340), (330, 352), (310, 398), (228, 392),
    (208, 350), (74, 345), (80, 286), (64, 270), (96, 236), (98, 196), (84, 178), (118, 158),
    (120, 142), (95, 126), (184, 72), (196, 44),
)  # fmt: skip
_FLOWER = (308, 222, 136)
# Head and shoulders in matplotlib's grace_hopper.jpg, which is in the public domain: middle and
# half axes of an ellipse, in pixels; and the face, in fractions of the ellipse's box.
_PORTRAIT = ((266, 222), (148, 203))
_FACE = Box(0.24, 0.26, 0.76, 0.78)
# Blur and noise (in grey levels) of a stage, and how much it is sharpened.
_STAGE_QUALITY = {
    1.0: (0.7, 0.8, 0.0),
    1.5: (0.5, 0.5, 0.1),
    2.0: (0.0, 0.0, 0.2),
    3.0: (0.0, 0.0, 0.4),
}


@dataclass(frozen=True)
class _Cutout:
    """A subject cut out of its photograph: RGB pixels and their opacity."""

    pixels: Pixels
    alpha: Floats32


def render(plan: SetPlan) -> list[Pixels]:
    """Render the images of a set.

    Parameters
    ----------
    plan : SetPlan
        The plan; the same plan gives the same pixels.

    Returns
    -------
    list of ndarray of uint8, shape (height, width, 3)
        RGB, one picture for each of `plan.images`.
    """
    rng = np.random.default_rng(plan.seed)
    largest = max(plan.images, key=lambda image: image.width * image.height)
    base = _compose(plan, largest.width, largest.height, rng)
    return [_render_stage(base, plan, image, rng) for image in plan.images]


def _compose(plan: SetPlan, width: int, height: int, rng: np.random.Generator) -> Pixels:
    background = _crop_background(_BACKGROUND_OF[plan.project], width, height, rng)
    cut = _subjects()[plan.subject]
    pixels = _shift_hue(cut.pixels, float(rng.normal(0, 7)), float(rng.uniform(0.85, 1.1)))
    if rng.random() < 0.3:
        background = _add_distractor(background, _Cutout(pixels, cut.alpha), plan, rng)
    picture, alpha = _warp(_Cutout(pixels, cut.alpha), plan.subject_box, width, height, 0.03, rng)
    mixed = background * (1 - alpha) + picture * alpha
    return np.asarray(np.round(mixed), dtype=np.uint8)


def _crop_background(background: str, width: int, height: int, rng: np.random.Generator) -> Pixels:
    full = _backgrounds()[background]
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
    return _shift_hue(blurred, float(rng.normal(0, 9)), float(rng.uniform(0.75, 1.12)))


def _add_distractor(
    background: Pixels, cut: _Cutout, plan: SetPlan, rng: np.random.Generator
) -> Pixels:
    height, width = background.shape[:2]
    side = float(rng.uniform(0.08, 0.16))
    x, y = rng.uniform(0, 1 - side, 2)
    box = (float(x), float(y), float(x) + side, float(y) + side * width / height)
    picture, alpha = _warp(cut, box, width, height, 0.1, rng)
    weight = cv2.GaussianBlur(alpha, (0, 0), 2.5)[..., None] * 0.55
    return np.asarray(np.round(background * (1 - weight) + picture * weight), dtype=np.uint8)


def _warp(
    cut: _Cutout,
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


def _render_stage(
    base: Pixels, plan: SetPlan, image: ImagePlan, rng: np.random.Generator
) -> Pixels:
    blur, noise, sharpen = _STAGE_QUALITY[image.stage]
    size = (image.width, image.height)
    levels = cv2.resize(base, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    if blur:
        levels = cv2.GaussianBlur(levels, (0, 0), blur * float(rng.uniform(0.7, 1.3)))
    soft = cv2.GaussianBlur(levels, (0, 0), 1.2)
    levels += sharpen * float(rng.uniform(0.5, 1.5)) * (levels - soft)
    levels *= float(rng.normal(1, 0.02))
    levels += rng.normal(0, noise, levels.shape[:2]).astype(np.float32)[..., None]
    pixels: Pixels = np.asarray(np.clip(np.round(levels), 0, 255), dtype=np.uint8)
    if not image.damage:
        return pixels
    kind, severity = image.damage.kind, image.damage.severity
    where = _face_of(plan.subject_box) if kind in FACE_DAMAGES else plan.subject_box
    return apply_damage(pixels, kind, severity, where, rng)


def _face_of(portrait: Box) -> Box:
    x1, y1, x2, y2 = portrait
    width, height = x2 - x1, y2 - y1
    return Box(
        x1 + _FACE.x1 * width, y1 + _FACE.y1 * height,
        x1 + _FACE.x2 * width, y1 + _FACE.y2 * height,
    )  # fmt: skip


def _shift_hue(pixels: Pixels, turn: float, gain: float) -> Pixels:
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
def _subjects() -> dict[str, _Cutout]:
    china, flower = _photographs()
    outline = np.zeros(china.shape[:2], np.float32)
    cv2.fillPoly(outline, [np.array(_PAGODA, np.int32)], 1.0)
    disc = np.zeros(flower.shape[:2], np.float32)
    cv2.circle(disc, _FLOWER[:2], _FLOWER[2], 1.0, -1)
    return {
        "pagoda": _cut_out(china, outline),
        "flower": _cut_out(flower, disc),
        "portrait": _portrait(),
    }


def _portrait() -> _Cutout:
    import matplotlib

    path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    found = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    pixels: Pixels = np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), np.uint8)
    oval = np.zeros(pixels.shape[:2], np.float32)
    cv2.ellipse(oval, _PORTRAIT[0], _PORTRAIT[1], 0, 0, 360, 1.0, -1)
    return _cut_out(pixels, oval)


def _cut_out(pixels: Pixels, mask: Floats32) -> _Cutout:
    x, y, width, height = cv2.boundingRect((mask > 0).astype(np.uint8))
    alpha = cv2.GaussianBlur(mask, (0, 0), 1.5)[y : y + height, x : x + width]
    return _Cutout(pixels[y : y + height, x : x + width].copy(), np.ascontiguousarray(alpha))


@cache
def _backgrounds() -> dict[str, Pixels]:
    china, flower = _photographs()
    shore = _mirror(china[:, 380:])
    leaves = _inpaint_flower(flower)
    dusk = cv2.addWeighted(_shift_hue(shore, -60, 0.6), 0.65, cv2.flip(leaves, 0), 0.6, 0)
    return {"shore": shore, "leaves": leaves, "trees": _mirror(china[290:, 320:]), "dusk": dusk}


def _mirror(piece: Pixels) -> Pixels:
    mirrored = np.concatenate([piece, piece[:, ::-1]], axis=1)
    return np.asarray(cv2.resize(mirrored, (640, 427), interpolation=cv2.INTER_CUBIC), np.uint8)


def _inpaint_flower(flower: Pixels) -> Pixels:
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
