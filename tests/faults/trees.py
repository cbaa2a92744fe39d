"""Small workspaces to break."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

STAGES = ("stage1_generated", "stage2_upscaled")
SETS = 7


def small_workspace(root: Path) -> Path:
    """Write a workspace from which both models can be trained in a second or two."""
    chosen, crops = [SELECTIONS], [CROPS]
    for offset, project in enumerate(("alpha", "beta")):
        day = f"2025-0{offset + 1}"
        dates = {"startedAt": f"{day}-01T00:00:00Z", "finishedAt": f"{day}-28T00:00:00Z"}
        place = root / f"data/projects/{project}.project.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps({"projectId": project, **dates}))
        for number in range(SETS):
            names = draw_set(root / "images" / project, number, 20 * offset)
            wins = names[number % 3 > 0]
            loses = names[number % 3 == 0]
            when = f"{day}-02T10:00:{number:02}Z"
            cell = json.dumps([f"{project}/{loses}"]).replace('"', '""')
            chosen.append(f's,{number},{project}/{wins},"{cell}",{when}')
            box = f"0.{number % 4},0.0,0.{6 + number % 4},0.6" if number % 3 else "0,0,1,1"
            crops.append(f"{when},{project},{wins},{box},48,64")
        draw_set(root / "new" / project, 50, offset)
    training = root / "data/training"
    training.mkdir(parents=True)
    (training / "selection_only_log.csv").write_text("\n".join(chosen) + "\n")
    (training / "crop_training_data.csv").write_text("\n".join(crops) + "\n")
    (root / "prefml.toml").write_text('encoder = "builtin"\n')
    return root


def take_away_a_decision(root: Path, away: bool) -> None:
    """Leave the latest choice and crop of a small workspace out, or put them back."""
    for path in (root / "data/training").glob("*.csv"):
        kept = path.with_suffix(".whole")
        if not kept.exists():
            kept.write_text(path.read_text())
        lines = kept.read_text().splitlines(keepends=True)
        path.write_text("".join(lines[:-1] if away else lines))


SELECTIONS = "session_id,set_id,chosen_path,neg_paths,timestamp"
CROPS = "timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height"


def draw_set(folder: Path, number: int, seed: int) -> list[str]:
    """Draw the two stages of a picture; the later one is brighter."""
    names = []
    for stage, word in enumerate(STAGES):
        name = f"20250705_{100000 + 100 * number + stage}_{word}.png"
        random = np.random.default_rng(100 * seed + number)
        pixels = random.integers(0, 180, (8, 6, 3)) + 60 * stage
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).resize((48, 64)).save(folder / name)
        names.append(name)
    return names


def write_lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def picture(path: Path, shade: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.linear_gradient("L").resize((40, 60)).point(lambda v: v ^ shade).save(path)


def reviewed_tree(root: Path) -> Path:
    """Write a workspace of reviewed sets with companions: cropped, whole, rejected, by hand."""
    manifest = {"projectId": "alpha", "startedAt": "2025-01-01T00:00:00Z", "finishedAt": None}
    place = root / "data/projects/alpha.project.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(manifest))
    suggestions: list[dict[str, object]] = []
    decisions: list[dict[str, object]] = []
    for number in range(8):
        images = [f"new/alpha/{number}_{letter}.png" for letter in "abc"]
        for shade, name in enumerate(images):
            picture(root / name, 3 * number + shade)
            (root / name).with_suffix(".yaml").write_text(name)
        group = f"g{number}"
        suggestions.append({"group_id": group, "images": images})
        row = {"group_id": group, "timestamp": "t", "action": "overridden",
               "final_choice": images[0]}  # fmt: skip
        row |= ({"crop_coords": [0.1, 0.0, 0.6, 0.5]}, {"crop_coords": None},
                {"action": "rejected"}, {"crop_by_hand": True})[number % 4]  # fmt: skip
        decisions.append(row)
    write_lines(root / "sandbox/automation_decisions.jsonl", suggestions)
    write_lines(root / "sandbox/approved_decisions.jsonl", decisions)
    return root
