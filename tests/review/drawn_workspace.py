"""Writes a small workspace with drawn pictures and suggestions for them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SKIES = ((58, 92, 140), (196, 132, 84), (84, 128, 96), (120, 88, 132), (64, 120, 128))
BOX = [0.1, 0.05, 0.9, 0.85]
OTHER_BOX = [0.2, 0.1, 0.7, 0.6]
STAGES = ("stage1_generated", "stage1.5_face_swapped", "stage2_upscaled", "stage3_enhanced")


def draw_picture(seed: int, variant: int, size: tuple[int, int]) -> Image.Image:
    """Draw hills, a sun and a tower; variants differ in light and in fineness of detail."""
    width, height = size
    rng = np.random.default_rng(seed)
    top = np.array(SKIES[seed % len(SKIES)]) + 12 * variant
    fade = np.linspace(1, 0.35, height)[:, None, None]
    grain = np.random.default_rng(seed * 9 + variant).normal(0, 0.4 * variant, (height, width, 1))
    pixels = np.clip(255 - (255 - top) * fade + grain, 0, 255).astype(np.uint8)
    image = Image.fromarray(pixels)
    pen = ImageDraw.Draw(image)
    x, y, r = width * rng.uniform(0.25, 0.75), height * rng.uniform(0.15, 0.35), width * 0.11
    pen.ellipse((x - r, y - r, x + r, y + r), fill=(250, 226, 160))
    for level in range(3):
        base, swing = height * (0.55 + 0.14 * level), height * 0.06
        phase = rng.uniform(0, 6)
        xs = np.linspace(0, width, 40)
        ridge = [(float(v), float(base + swing * np.sin(v / width * 7 + phase))) for v in xs]
        shade = tuple(int(c * (0.62 - 0.14 * level)) for c in SKIES[(seed + 2) % len(SKIES)])
        pen.polygon([*ridge, (width, height), (0, height)], fill=shade)
    x, wide, eaves = width * rng.uniform(0.35, 0.65), width * 0.09, height * 0.42
    pen.rectangle((x, eaves, x + wide, height * 0.8), fill=(232, 228, 216))
    roof = [(x - 6, eaves), (x + wide / 2, height * 0.34), (x + wide + 6, eaves)]
    pen.polygon(roof, fill=(150, 64, 48))
    return image


def suggestion(group_id: str, images: list[str], chosen: int, **fields: object) -> dict:
    """Return one line of `automation_decisions.jsonl` as `prefml suggest` writes it."""
    count = len(images)
    sure = 0.86 if count > 1 else 1.0
    rest = (1 - sure) / max(1, count - 1)
    row = {
        "group_id": group_id,
        "project_id": "harbour",
        "images": images,
        "step1_selection": {
            "chosen": chosen,
            "reason": "higher stage, sharper",
            "confidence": sure,
            "probabilities": [sure if i == chosen else rest for i in range(count)],
        },
        "step2_crop": {
            "needs_crop": True,
            "crop_coords": BOX,
            "reason": "the subject lies low in the picture",
            "confidence": 0.74,
            "keep_probability": 0.26,
            "alternatives": [{"crop_coords": OTHER_BOX, "probability": 0.31}],
        },
        "none_probability": 0.12,
        "reasons": ["higher stage", "sharper", "closer to the set's other stages"],
        "flags": [],
        "duplicates": [],
        "model": "ranker-1",
        "encoder": "builtin",
        "within_budget": False,
    }
    return {**row, **fields}


def write_workspace(
    root: Path, groups: int = 6, pictures: int = 3, size: tuple[int, int] = (208, 304)
) -> Path:
    """Write pictures and suggestions; set 2 is flagged, set 3 uncertain, set 4 in the budget."""
    rows = [_row(root, number, pictures, size) for number in range(groups)]
    write_suggestions(root, rows)
    return root


def write_suggestions(root: Path, rows: list[dict]) -> None:
    path = root / "sandbox" / "automation_decisions.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def _row(root: Path, number: int, pictures: int, size: tuple[int, int]) -> dict:
    project = "harbour" if number % 3 else "valley"
    images = []
    for variant in range(pictures):
        name = f"images/{project}/20250705_{200000 + number * 100 + variant}_{STAGES[variant]}.png"
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draw_picture(number, variant, size).save(path, compress_level=1)
        images.append(name)
    row = suggestion(f"{project}/g{number:03d}", images, pictures - 1, project_id=project)
    if number == 1:
        row["step2_crop"] = {"needs_crop": False, "crop_coords": None, "confidence": 0.9}
    if number == 2:
        row["flags"] = ["fingers look odd"]
    if number == 3:
        row["step1_selection"]["confidence"] = 0.44
    if number >= 4:
        row["within_budget"] = True
    return row
