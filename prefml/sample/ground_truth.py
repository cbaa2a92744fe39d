"""Write the ground truth of the sample, for tests: prefml itself never reads it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from prefml.boxes import Box
from prefml.sample.crop_rule import ideal_box
from prefml.sample.logs import LogFile, set_key
from prefml.sample.plan import PROJECTS, ImagePlan, SetPlan

__all__ = ["ground_truth_json"]

SCHEMA = "prefml/sample/1"


def ground_truth_json(
    decided: Sequence[SetPlan], new: Sequence[SetPlan], logs: Sequence[LogFile]
) -> str:
    """Return the ground truth of the sample as JSON.

    Parameters
    ----------
    decided, new : sequence of SetPlan
        Sets with a decision, and sets without.
    logs : sequence of LogFile
        The logs, with the number of rows and of usable rows of each.

    Returns
    -------
    str
        JSON: `projects`, `logs`, `ceiling`, `sets`, `crops` and `new`.
    """
    crops = {plan: (ideal_box(plan.subject_box), _logged(plan)) for plan in decided if plan.crop}
    overlaps = [_iou(ideal, logged) for ideal, logged in crops.values()]
    truth = {
        "schema": SCHEMA,
        "projects": {project.name: _project(project.name, decided) for project in PROJECTS},
        "logs": {
            f"data/training/{log.name}": {"rows": log.rows, "usable": log.usable} for log in logs
        },
        "ceiling": {"top1": 1.0, "iou": round(sum(overlaps) / len(overlaps), 4)},
        "sets": {set_key(plan): _set(plan) for plan in decided},
        "crops": {
            f"{plan.project}/{plan.chosen_image.name}": {
                "ideal": _rounded(ideal),
                "logged": _rounded(logged),
            }
            for plan, (ideal, logged) in crops.items()
        },
        "new": [{"project": plan.project, **_set(plan)} for plan in new],
    }
    return json.dumps(truth, indent=1) + "\n"


def _project(name: str, decided: Sequence[SetPlan]) -> dict[str, int]:
    plans = [plan for plan in decided if plan.project == name]
    return {
        "sets": len(plans),
        "lower_stage_sets": sum(plan.lower_stage for plan in plans),
        "crops": sum(plan.crop is not None for plan in plans),
        "images": sum(len(plan.images) for plan in plans),
    }


def _set(plan: SetPlan) -> dict[str, object]:
    return {
        "images": [_image(image) for image in plan.images],
        "chosen": plan.chosen_image.name,
        "lower_stage": plan.lower_stage,
        "subject": _rounded(plan.subject_box),
        "ideal_crop": _rounded(ideal_box(plan.subject_box)),
    }


def _image(image: ImagePlan) -> dict[str, object]:
    damage = image.damage
    return {
        "name": image.name,
        "stage": image.stage,
        "size": [image.width, image.height],
        "damage": damage and {"kind": damage.kind, "severity": round(damage.severity, 3)},
        "encoding": image.encoding,
    }


def _logged(plan: SetPlan) -> Box:
    assert plan.crop is not None
    width, height = plan.chosen_image.width, plan.chosen_image.height
    x1, y1, x2, y2 = plan.crop.pixels
    return Box(x1 / width, y1 / height, x2 / width, y2 / height)


def _iou(a: Box, b: Box) -> float:
    across = min(a[2], b[2]) - max(a[0], b[0])
    down = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(across, 0.0) * max(down, 0.0)
    areas = sum((x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (a, b))
    return shared / (areas - shared)


def _rounded(box: Box) -> list[float]:
    return [round(edge, 5) for edge in box]
