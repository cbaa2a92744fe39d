"""The same values through every door that a crop box can come in by."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from prefml.apply.outcome import outcome_of
from prefml.boxes import FULL_FRAME, as_boxes
from prefml.decisions import read_decisions
from prefml.exceptions import BoxError, LogError
from prefml.review.groups import parse_group
from prefml.review.outcome import Verdict
from prefml.review.requests import Decide, read_body
from prefml.status.answers import read_answers
from prefml.workspace import Workspace

WHOLE, REFUSED = tuple(FULL_FRAME), "refused"
TABLE = [
    ([0, 0, 1, 1], WHOLE),
    ([0, 0, 0.995, 0.995], WHOLE),
    ([0.004, 0.005, 0.996, 1], WHOLE),
    ([0, 0, 0.9949, 1], (0, 0, 0.9949, 1)),
    ([0.01, 0.01, 0.99, 0.99], (0.01, 0.01, 0.99, 0.99)),
    ([-0.0005, 0, 0.5, 0.5], (0, 0, 0.5, 0.5)),
    ([-0.005, -0.005, 1.005, 1.005], WHOLE),
    ([0.25, 0.25, 1.004, 0.75], (0.25, 0.25, 1, 0.75)),
    ([-0.006, 0, 0.5, 0.5], REFUSED),
    ([0.1, 0.1, 0.1005, 0.5], REFUSED),
    ([0.1, 0.1, 0.101, 0.5], (0.1, 0.1, 0.101, 0.5)),
    ([0.5, 0.1, 0.4, 0.5], REFUSED),
    ([0.5, 0.1, 0.5, 0.5], REFUSED),
    (["0.1", "0.2", "0.5", "0.6"], (0.1, 0.2, 0.5, 0.6)),
    (["0", "0", "0.996", "1"], WHOLE),
    (["0.1", "0.2", "x", "0.6"], REFUSED),
    (["0.1", "0.2", "nan", "0.6"], REFUSED),
    (["0_1", "0.2", "0.5", "0.6"], REFUSED),
    (["", "", "", ""], REFUSED),
]
WHEN = "2025-10-05T01:00:00Z"
CORNERS = "crop_x1,crop_y1,crop_x2,crop_y2"


class Doors:
    """Bring a box in and say what it is taken for: its edges, or that it is refused."""

    def __init__(self, root):
        self.root = root
        for name in ("data/projects", "data/training", "sandbox", "decisions"):
            (root / name).mkdir(parents=True)
        manifest = {"projectId": "p", "startedAt": "2020-01-01T00:00:00Z"}
        (root / "data/projects/p.project.json").write_text(json.dumps(manifest))

    def crop_log(self, values):
        return self._log(
            "select_crop_log.csv",
            f"session_id,set_id,directory,image_count,chosen_index,chosen_path,{CORNERS},"
            "timestamp,image_0_path,image_0_stage,width_0,height_0",
            ["s", "g", "", 1, 0, "p/a.png", *values, WHEN, "p/a.png", "", 640, 800],
        )

    def crop_log_v2(self, values):
        header = f"timestamp,project_id,filename,{CORNERS},width,height"
        return self._log("crop_training_data.csv", header, [WHEN, "p", "a.png", *values, 640, 800])

    def review_log(self, values):
        self._reviewed(_decision(values))
        return self._logged()

    def decision_file(self, values):
        document = {"ai_crop_accepted": True, "ai_crop_coords": values, "project_id": "p"}
        (self.root / "decisions/a.png.decision").write_text(json.dumps(document))
        return self._logged()

    def suggestion(self, values):
        step = {"needs_crop": True, "crop_coords": values}
        group = parse_group({"group_id": "g", "images": ["p/a.png"], "step2_crop": step})
        assert group.crop.offered == (group.flags == ())
        return tuple(group.crop.box or FULL_FRAME) if group.crop.offered else REFUSED

    def request(self, values):
        group = parse_group({"group_id": "g", "images": ["p/a.png"]})
        body = {"group_id": "g", "action": "overridden", "final_choice": 0, "crop_coords": values}
        try:
            request = read_body(Decide, json.dumps(body).encode())
            return tuple(Verdict.from_request(group, request).crop or FULL_FRAME)
        except LogError:
            return REFUSED

    def apply(self, values):
        found = outcome_of(_decision(values), {}, ["p/a.png"])
        return REFUSED if isinstance(found, str) else tuple(found.box or FULL_FRAME)

    def learning(self, values):
        try:
            return tuple(as_boxes(np.array([[0.1, 0.1, 0.9, 0.9], values]))[1].tolist())
        except BoxError:
            return REFUSED

    def _log(self, name, header, cells):
        with (self.root / "data/training" / name).open("w", newline="") as stream:
            csv.writer(stream).writerows([header.split(","), cells])
        return self._logged()

    def _reviewed(self, line):
        (self.root / "sandbox/approved_decisions.jsonl").write_text(json.dumps(line))

    def _logged(self):
        found = read_decisions(Workspace.open(self.root))
        refused = found.quarantine["reason"].tolist()
        edges = found.crops[["x1", "y1", "x2", "y2"]].to_numpy().tolist()
        assert len(edges) + len(refused) == 1
        assert refused in ([], ["impossible_box"])
        return REFUSED if refused else tuple(edges[0])


def _decision(values):
    return {
        "group_id": "g",
        "action": "overridden",
        "images": ["p/a.png"],
        "final_choice": "p/a.png",
        "crop_coords": values,
    }


@pytest.mark.parametrize("door", [name for name in vars(Doors) if name[0] != "_"])
@pytest.mark.parametrize(("values", "meaning"), TABLE, ids=str)
def test_a_box_means_the_same_at_every_door(tmp_path, door, values, meaning):
    assert getattr(Doors(tmp_path), door)(values) == meaning


@pytest.mark.parametrize(("values", "meaning"), TABLE, ids=str)
def test_an_accepted_crop_is_compared_by_what_its_box_means(values, meaning):
    suggestion = {
        "step1_selection": {"chosen": 0},
        "step2_crop": {"needs_crop": True, "crop_coords": [0, 0, 0.5, 0.5]},
    }
    line = {**_decision(values), "suggestion": suggestion}
    (answer,) = read_answers({"g": line}, {})
    expected = None if meaning == REFUSED else meaning == (0, 0, 0.5, 0.5)
    assert answer.crop_accepted is expected
    assert answer.cropped == (meaning not in (REFUSED, WHOLE))
