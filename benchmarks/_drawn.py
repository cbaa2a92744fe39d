"""Draw people: photographs turned into drawings and paintings, and figures of plain shapes."""

from __future__ import annotations

import cv2
import numpy as np

WIDTH, HEIGHT = 480, 720


def cartoon(pixels: np.ndarray) -> np.ndarray:
    """Return flat colours between black outlines."""
    flat = pixels
    for _ in range(4):
        flat = cv2.bilateralFilter(flat, 9, 40, 7)
    flat = (flat // 32) * 32 + 16
    luma = cv2.medianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), 5)
    lines = cv2.adaptiveThreshold(
        luma, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 9, 4
    )  # fmt: skip
    return np.asarray(flat * (lines[..., None] > 0), np.uint8)


def pencil(pixels: np.ndarray) -> np.ndarray:
    """Return a pencil drawing in grey."""
    gray, _ = cv2.pencilSketch(pixels, sigma_s=60, sigma_r=0.07, shade_factor=0.05)
    return np.repeat(gray[..., None], 3, axis=2)


def painting(pixels: np.ndarray) -> np.ndarray:
    """Return a painting: the commonest of seven tones around each pixel, and its mean colour."""
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) // 37
    levels = pixels.astype(np.float32)
    best, result = np.full(luma.shape, -1.0, np.float32), np.zeros(pixels.shape, np.float32)
    for tone in range(7):
        own = (luma == tone).astype(np.float32)
        count = cv2.boxFilter(own, -1, (9, 9), normalize=False)
        total = cv2.boxFilter(levels * own[..., None], -1, (9, 9), normalize=False)
        more = count > best
        best[more], result[more] = count[more], (total / np.maximum(count, 1)[..., None])[more]
    return np.asarray(result, np.uint8)


STYLES = {
    "as they are": lambda pixels: pixels,
    "stylised, soft colours and edges": lambda pixels: cv2.stylization(
        pixels, sigma_s=60, sigma_r=0.45
    ),
    "painted": painting,
    "cartoon, flat colours and outlines": cartoon,
    "pencil": pencil,
    "ink, black and white": lambda pixels: np.repeat(
        cv2.adaptiveThreshold(
            cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (0, 0), 1.2), 255,
            cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, 11, 3,
        )[..., None], 3, axis=2,
    ),
}  # fmt: skip


def figure(rng: np.random.Generator) -> np.ndarray:
    """Return a standing person of plain shapes, as in a drawn strip: large eyes, no shading."""
    ground, skin, hair, shirt, legs = (tuple(map(int, one)) for one in colours(rng))
    page = np.full((HEIGHT, WIDTH, 3), ground, np.uint8)
    head = int(rng.integers(34, 62))
    x, y = int(rng.integers(180, 300)), int(rng.integers(head + 20, head + 70))
    neck, hips = y + head, y + head + int(rng.uniform(2.4, 3.4) * head)
    foot = min(hips + int(rng.uniform(2.6, 3.6) * head), HEIGHT - 8)
    wide = int(rng.uniform(0.8, 1.2) * head)
    for side in (-1, 1):
        limb(page, (x + side * wide // 3, hips), (x + side * wide // 2, foot), head // 3, legs)
        elbow = (x + side * int(wide * rng.uniform(1.1, 1.6)), (neck + hips) // 2)
        hand = (elbow[0] + side * int(rng.integers(-30, 30)), hips - int(rng.integers(-20, 60)))
        limb(page, (x + side * wide * 3 // 4, neck + head // 4), elbow, head // 4, shirt)
        limb(page, elbow, hand, head // 5, skin)
        cv2.circle(page, hand, head // 5, skin, -1, cv2.LINE_AA)
    outline = np.array([(x - wide, neck + 6), (x + wide, neck + 6), (x + wide * 2 // 3, hips),
                        (x - wide * 2 // 3, hips)], np.int32)  # fmt: skip
    cv2.fillPoly(page, [outline], shirt, cv2.LINE_AA)
    cv2.ellipse(page, (x, y - head // 6), (head, head * 11 // 10), 0, 0, 360, hair, -1, cv2.LINE_AA)
    draw_face(page, rng, (x, y), head, skin)
    return page


def draw_face(
    page: np.ndarray, rng: np.random.Generator, middle: tuple[int, int], head: int,
    skin: tuple[int, ...],
) -> None:  # fmt: skip
    x, y = middle
    cv2.ellipse(page, (x, y), (head * 4 // 5, head), 0, 0, 360, skin, -1, cv2.LINE_AA)
    cv2.ellipse(page, (x, y), (head * 4 // 5, head), 0, 0, 360, (30, 20, 20), 2, cv2.LINE_AA)
    size = int(head * rng.uniform(0.12, 0.24))
    for side in (-1, 1):
        eye = (x + side * head * 3 // 8, y - head // 8)
        cv2.ellipse(page, eye, (size, int(size * 1.2)), 0, 0, 360, (250, 250, 250), -1, cv2.LINE_AA)
        cv2.circle(page, eye, max(size * 2 // 3, 2), (40, 30, 60), -1, cv2.LINE_AA)
        brow = [(eye[0] - size, eye[1] - 2 * size), (eye[0] + size, eye[1] - 2 * size)]
        cv2.line(page, *brow, (40, 25, 20), 2, cv2.LINE_AA)
    cv2.line(page, (x, y + head // 8), (x + head // 12, y + head // 3), (120, 70, 60), 2)
    cv2.ellipse(page, (x, y + head // 2), (head // 4, head // 9), 0, 0, 180, (170, 50, 60), 3)


def limb(
    page: np.ndarray, start: tuple[int, int], end: tuple[int, int], wide: int,
    colour: tuple[int, ...],
) -> None:  # fmt: skip
    cv2.line(page, start, end, (30, 20, 20), wide + 4, cv2.LINE_AA)
    cv2.line(page, start, end, colour, wide, cv2.LINE_AA)


def colours(rng: np.random.Generator) -> list[np.ndarray]:
    """Return the colours of page, skin, hair, shirt and legs."""
    tone = rng.uniform(0.45, 1.0)
    return [
        rng.integers(150, 256, 3), np.array([250, 208, 178]) * tone, rng.integers(10, 160, 3),
        rng.integers(0, 256, 3), rng.integers(0, 200, 3),
    ]  # fmt: skip
