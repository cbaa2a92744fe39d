"""Small sound logs of every kind, and what holds of whatever is read from damaged ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from prefml.decisions import Decisions, read_decisions
from prefml.decisions.manifests import UNKNOWN
from prefml.decisions.quarantine import REASONS
from prefml.workspace import Workspace

STAGES = ("stage1_generated", "stage1.5_face_swapped", "stage2_upscaled")
V1_START = (
    "session_id,set_id,directory,image_count,chosen_index,chosen_path,crop_x1,crop_y1,crop_x2,"
    "crop_y2,timestamp,image_0_path,image_0_stage,width_0,height_0"
)
V1_HEADER = f"{V1_START},image_1_path,image_1_stage,width_1,height_1"


def name(number: int, stage: int = 0) -> str:
    return f"20250705_{100000 + number * 100 + stage}_{STAGES[stage]}.png"


def selection_log() -> bytes:
    rows = ["session_id,set_id,chosen_path,neg_paths,timestamp"]
    for n in range(8):
        losers = [f"training data/alpha/{name(n, s)}" for s in range(n % 2 + 1)]
        listed = str(losers) if n == 3 else json.dumps(losers)
        quoted = listed.replace('"', '""')
        when = ("2025-10-05T01:43:47Z", "20250727_224840", "2025-10-05T01:43:47.5+00:00")[n % 3]
        rows.append(f's{n % 2},group_{n},alpha_final/{name(n, 2)},"{quoted}",{when}')
    return ("\n".join(rows) + "\n").encode()


def crop_log() -> bytes:
    """Return a crop log, version 1: pixels and one row of fractions."""
    rows = [V1_HEADER]
    for n in range(8):
        box = "0.1,0.0,0.9,0.7" if n == 2 else f"{10 + n},0,{800 - n},{1000 + n}"
        rows.append(_crop_row(n, box, "1664,2432"))
    return ("\n".join(rows) + "\n").encode()


def _crop_row(n: int, box: str, size: str) -> str:
    first, second = f"crop/{name(n)}", f"crop/{name(n, 2)}"
    return (
        f"s1,g{n},crop/alpha,2,{n % 2},{(first, second)[n % 2]},{box},2025-10-05T01:43:47Z,"
        f"{first},1.0,{size},{second},2.0,{size}"
    )


def mixed_log() -> bytes:
    """Return rows of 19, 15 and 9 fields under one header."""
    rows = [V1_HEADER, _crop_row(0, "10,0,800,1000", "1664,2432")]
    for n in range(1, 6):
        path = f"crop/{name(n)}"
        rows.append(
            f"s1,g{n},crop/alpha,1,0,{path},0.1,0,0.8,0.7,20250727_224840,{path},1.0,0,0"
            if n % 2
            else f"s1,crop/alpha,{path},1.0,0,0,1,1,20250727_224840"
        )
        rows.append(_crop_row(n + 10, "10,0,800,1000", "1664,2432"))
    return ("\n".join(rows) + "\n").encode()


def plain_crop_log() -> bytes:
    """Return a crop log, version 2."""
    rows = ["timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height"]
    rows += [
        f"2025-10-05T01:43:4{n}Z,alpha,{name(n)},0.1,0.0,0.9,0.{7 + n % 3},832,1216"
        for n in range(8)
    ]
    return ("\n".join(rows) + "\n").encode()


def suggestion(n: int) -> dict[str, object]:
    images = [f"new/alpha/{name(n, s)}" for s in range(3)]
    return {
        "group_id": f"alpha_{n}", "project_id": "alpha", "images": images,
        "step1_selection": {"chosen": images[2], "reason": "sharper", "confidence": 0.8,
                            "probabilities": [0.1, 0.1, 0.8]},
        "step2_crop": {"needs_crop": True, "crop_coords": [0.1, 0.0, 0.9, 0.8], "reason": "r",
                       "confidence": 0.7, "keep_probability": 0.2,
                       "alternatives": [{"crop_coords": [0.2, 0.1, 0.7, 0.6], "probability": 0.3}]},
        "none_probability": 0.1, "reasons": ["sharper"], "flags": [], "duplicates": [],
        "within_budget": n % 2 == 0, "model": {"ranker": {"sha256": "0"}}, "encoder": {"id": "x"},
    }  # fmt: skip


def suggestions(count: int = 5) -> bytes:
    return "".join(json.dumps(suggestion(n)) + "\n" for n in range(count)).encode()


def approved(count: int = 5) -> bytes:
    rows = []
    for n in range(count):
        shown = suggestion(n)
        images = shown["images"]
        action = ("approved", "overridden", "rejected")[n % 3]
        row = {"group_id": shown["group_id"], "action": action,
               "final_choice": images[n % 3], "crop_coords": [0.1, 0.0, 0.9, 0.8],
               "timestamp": f"2025-10-0{n + 1}T01:43:47Z"}  # fmt: skip
        if n % 2:
            row |= {"images": images, "suggestion": shown, "project_id": "alpha", "final_index": 1,
                    "crop_source": "edited", "shown": {"bulk": False, "seconds": 1.5},
                    "tags": {images[0]: ["long_hand"]}, "session_id": "review_1"}  # fmt: skip
        rows.append(json.dumps(row) + "\n")
    return "".join(rows).encode()


def decision_file() -> bytes:
    images = [name(0, s) for s in range(3)]
    return json.dumps({
        "group_id": "g1", "images": images, "project_id": "alpha", "needs_crop": True,
        "ai_recommendation": {"selected_image": images[2], "selected_index": 2},
        "user_decision": {"action": "approve", "selected_image": images[1], "selected_index": 1,
                          "timestamp": "2025-10-05T01:43:47Z"},
    }).encode()  # fmt: skip


def accepted_crop_file() -> bytes:
    return json.dumps({
        "ai_crop_accepted": True, "ai_crop_coords": [0.1, 0.0, 0.9, 0.7], "needs_crop": True,
        "project_id": "alpha",
    }).encode()  # fmt: skip


def manifest(project: str = "alpha", end: str | None = "2025-12-31T00:00:00Z") -> bytes:
    return json.dumps({
        "projectId": project, "title": f"{project} one", "startedAt": "2025-10-01T00:00:00Z",
        "finishedAt": end, "counts": {"initialImages": 10, "finalImages": None},
        "paths": {"root": f"../../{project}"},
    }).encode()  # fmt: skip


def workspace(root: Path, *manifests: str) -> Workspace:
    """Make a workspace of the projects named; what is to be attacked comes on top."""
    folder = root / "data" / "projects"
    folder.mkdir(parents=True, exist_ok=True)
    for project in manifests or ("alpha", "beta"):
        (folder / f"{project}.project.json").write_bytes(manifest(project))
    (root / "data" / "training").mkdir(exist_ok=True)
    (root / "sandbox").mkdir(exist_ok=True)
    return Workspace.open(root)


def read_all(root: Path) -> Decisions:
    return read_decisions(Workspace.open(root))


def judge(found: Decisions) -> str:
    """Check what every reading must obey and say what became of the rows."""
    for file in found.files:
        assert file.rows == file.accepted + sum(file.quarantined.values())
        assert set(file.quarantined) <= set(REASONS)
    refused = sum(sum(file.quarantined.values()) for file in found.files)
    assert len(found.quarantine) == refused
    known = {m.project for m in found.manifests} | {UNKNOWN}
    judge_sets(found.items, known)
    judge_crops(found.crops)
    for frame in (found.items, found.crops, found.rejections):
        text = "".join(frame["filename"]) + "".join(frame["path"])
        assert "\0" not in text
        text.encode()
    accepted = sum(file.accepted for file in found.files)
    if not refused:
        return "accepted"
    return "quarantined in part" if accepted else "quarantined"


def judge_sets(items: pd.DataFrame, known: set[str]) -> None:
    for _, rows in items.groupby("set_id"):
        assert rows["project"].nunique() == 1
        assert rows["chosen"].sum() == 1
        assert len(rows) >= 2
        assert rows["filename"].is_unique
    assert all("/" not in filename for filename in items["filename"])
    if len(known) > 1:
        assert set(items["project"]) <= known
    stages = items["stage"].dropna()
    assert stages.isin([1.0, 1.5, 2.0, 3.0]).all()


def judge_crops(crops: pd.DataFrame) -> None:
    box = crops[["x1", "y1", "x2", "y2"]].to_numpy(float)
    assert np.isfinite(box).all()
    assert ((box >= 0) & (box <= 1)).all()
    assert (box[:, 0] < box[:, 2]).all()
    assert (box[:, 1] < box[:, 3]).all()
    size = crops[["width", "height"]].to_numpy(float)
    assert ((size >= 1) | np.isnan(size)).all()
    assert (np.nan_to_num(size) <= 1_000_000).all()
    assert not crops.duplicated(["project", "filename"]).any()
