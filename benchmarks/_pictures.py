"""Pictures of realistic weight for benchmarks: real texture, some grain, no two alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from prefml.encoders.parity import sample_pictures

# Kind -> width, height, suffix and how it is saved.
KINDS = {
    "png_2048": ((2048, 2048), "png", {}),
    "jpeg_12mp": ((4000, 3000), "jpg", {"quality": 92}),
}  # fmt: skip
SMALL_KINDS = {"png_256": ((256, 256), "png", {})}
_GRAIN = 2.0


def write_pictures(folder: Path, kind: str, count: int) -> list[Path]:
    """Write pictures of one kind, crops of two photographs, and return their paths."""
    size, suffix, options = (KINDS | SMALL_KINDS)[kind]
    folder.mkdir(parents=True, exist_ok=True)
    sources = sample_pictures()
    paths = []
    for number in range(count):
        image = grainy(sources[number % len(sources)], size, number)
        paths.append(folder / f"{number:04d}.{suffix}")
        image.save(paths[-1], **options)
    return paths


def grainy(source: Image.Image, size: tuple[int, int], seed: int) -> Image.Image:
    """Enlarge a photograph, turn it by some half turns and add grain."""
    turns: tuple[Callable[[Image.Image], Image.Image], ...] = (
        lambda image: image,
        lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        lambda image: image.transpose(Image.Transpose.ROTATE_180),
        lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    )
    image = turns[seed // 10 % 4](source.resize(size, Image.Resampling.BICUBIC))
    grain = np.random.default_rng(seed).normal(0, _GRAIN, (size[1], size[0], 1))
    pixels = np.asarray(image, np.float32) + grain.astype(np.float32)
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
