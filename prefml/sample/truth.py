"""What is true of the sample, for tests: prefml itself never reads it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from prefml.boxes import Box
from prefml.sample.logs import LogFile, set_key
from prefml.sample.plan import PROJECTS, Scene, Shot
from prefml.sample.taste import ideal_box

__all__ = ["truth_text"]

SCHEMA = "prefml/sample/1"


def truth_text(decided: Sequence[Scene], new: Sequence[Scene], logs: Sequence[LogFile]) -> str:
    """Describe the sample as JSON.

    Parameters
    ----------
    decided, new : sequence of Scene
        Sets with a decision, and sets without.
    logs : sequence of LogFile
        The logs, with the number of rows and of usable rows of each.

    Returns
    -------
    str
        JSON: `projects`, `logs`, `ceiling`, `sets`, `crops` and `new`.
    """
    truth = {
        "schema": SCHEMA,
        "projects": {project.name: _project(project.name, decided) for project in PROJECTS},
        "logs": {f"data/training/{log.name}": _rows(log) for log in logs},
        "ceiling": {"top1": 1.0, "iou": _crop_ceiling(decided)},
        "sets": {set_key(scene): _set(scene) for scene in decided},
        "crops": {f"{s.project}/{s.winner.name}": _crop(s) for s in decided if s.crop},
        "new": [{"project": scene.project, **_set(scene)} for scene in new],
    }
    return json.dumps(truth, indent=1) + "\n"


def _project(name: str, decided: Sequence[Scene]) -> dict[str, int]:
    scenes = [scene for scene in decided if scene.project == name]
    return {
        "sets": len(scenes),
        "lower_stage_sets": sum(scene.is_lower for scene in scenes),
        "crops": sum(scene.crop is not None for scene in scenes),
        "images": sum(len(scene.shots) for scene in scenes),
    }


def _rows(log: LogFile) -> dict[str, int]:
    return {"rows": log.rows, "usable": log.usable}


def _set(scene: Scene) -> dict[str, Any]:
    return {
        "images": [_image(shot) for shot in scene.shots],
        "chosen": scene.winner.name,
        "lower_stage": scene.is_lower,
        "subject": _rounded(scene.subject_box),
        "ideal_crop": _rounded(ideal_box(scene.subject_box)),
    }


def _image(shot: Shot) -> dict[str, Any]:
    damage = shot.damage
    return {
        "name": shot.name,
        "stage": shot.stage,
        "size": [shot.width, shot.height],
        "damage": damage and {"kind": damage.kind, "severity": round(damage.severity, 3)},
        "encoding": shot.encoding,
    }


def _crop(scene: Scene) -> dict[str, Any]:
    return {"ideal": _rounded(ideal_box(scene.subject_box)), "logged": _rounded(_logged(scene))}


def _crop_ceiling(decided: Sequence[Scene]) -> float:
    overlaps = [_iou(ideal_box(s.subject_box), _logged(s)) for s in decided if s.crop]
    return round(sum(overlaps) / len(overlaps), 4)


def _logged(scene: Scene) -> Box:
    assert scene.crop is not None
    width, height = scene.winner.width, scene.winner.height
    x1, y1, x2, y2 = scene.crop.pixels
    return Box(x1 / width, y1 / height, x2 / width, y2 / height)


def _iou(a: Box, b: Box) -> float:
    across = min(a[2], b[2]) - max(a[0], b[0])
    down = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(across, 0.0) * max(down, 0.0)
    areas = sum((x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (a, b))
    return shared / (areas - shared)


def _rounded(box: Box) -> list[float]:
    return [round(edge, 5) for edge in box]
