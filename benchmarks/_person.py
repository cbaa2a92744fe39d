"""A made-up person of known taste, who logs a few choices and then reviews suggestions."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from prefml.cli import main
from prefml.cropping.metrics import iou
from prefml.review import create_app
from prefml.sample.crop_rule import decide_crop, ideal_box
from prefml.sample.plan import SetPlan

FULL = (0.0, 0.0, 1.0, 1.0)
# Two crops agree when all four edges lie within this.
SAME_EDGE = 0.05
SOUND = 0.5


@dataclass
class Person:
    """Never keeps a damaged picture; of a flower keeps the lowest stage, of a pagoda the highest.

    Crops are the sample's rule round the subject, with its noise. A share of the choices are slips.
    """

    rng: np.random.Generator
    slips: float = 0.02

    def choose(self, scene: SetPlan) -> int:
        if self.rng.random() < self.slips:
            return int(self.rng.integers(len(scene.images)))
        return wanted(scene)

    def crop(self, scene: SetPlan) -> tuple[float, ...]:
        """Draw the crop as this person does today."""
        shot = scene.images[wanted(scene)]
        left, top, right, bottom = decide_crop(
            scene.subject_box, shot.width, shot.height, self.rng
        ).pixels
        return (
            left / shot.width, top / shot.height, right / shot.width, bottom / shot.height,
        )  # fmt: skip

    def answer(self, scene: SetPlan, group: dict[str, Any]) -> dict[str, Any]:
        """Look at a group of the review and say what the page would send."""
        suggested, index = group["suggested"], self.choose(scene)
        proposed = group["crop"]["box"] or FULL
        body: dict[str, Any] = {
            "group_id": group["group_id"],
            "action": "approved" if index == suggested else "overridden",
            "final_choice": index,
            "shown": {"suggested_position": suggested, "hidden": False, "crop_visible": True},
        }
        drawn = self.crop(scene)
        agreed = group["crop"]["offered"] and agrees(proposed, ideal_box(scene.subject_box))
        box = proposed if agreed else drawn
        body["crop_coords"] = None if tuple(box) == FULL else [round(x, 6) for x in box]
        return body


def wanted(scene: SetPlan) -> int:
    """Return the position of the picture that the taste asks for."""
    sound = [
        n for n, shot in enumerate(scene.images) if not shot.damage or shot.damage.severity < SOUND
    ]
    return sound[0] if scene.subject == "flower" else sound[-1]


def agrees(one: Sequence[float], other: Sequence[float]) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= SAME_EDGE


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    return float(iou(np.array([one]), np.array([other]))[0])


def write_logs(root: Path, person: Person, scenes: Iterable[SetPlan]) -> None:
    """Replace the sample's logs by this person's choices and crops of a few sets."""
    folder = root / "data" / "training"
    for path in folder.iterdir():
        path.unlink()
    places = {path.name: path.relative_to(root).as_posix() for path in root.rglob("2025*_stage*")}
    choices, crops = [], []
    for number, scene in enumerate(scenes):
        index = person.choose(scene)
        paths = [places[shot.name] for shot in scene.images]
        winner, shot = paths.pop(index), scene.images[index]
        when = f"{scene.decided:%Y-%m-%dT%H:%M:%SZ}"
        choices.append(("logged", f"group_{number}", winner, str(paths), when))
        box = (*person.crop(scene), shot.width, shot.height)
        crops.append((when, scene.project, shot.name, *box))
    _write(
        folder / "selection_only_log.csv",
        ("session_id", "set_id", "chosen_path", "neg_paths", "timestamp"), choices,
    )  # fmt: skip
    _write(
        folder / "crop_training_data.csv",
        ("timestamp", "project_id", "filename", "crop_x1", "crop_y1", "crop_x2", "crop_y2",
         "width", "height"), crops,
    )  # fmt: skip


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)


class Desk:
    """The review of one round, spoken to as the page does."""

    def __init__(self, root: Path) -> None:
        self.app = create_app(root)
        self.client = self.app.test_client()
        self.token = self._get("load_batch", size=1)["csrf_token"]

    def _get(self, path: str, **query: Any) -> Any:
        answer = self.client.get(f"/api/automation/{path}", query_string=query)
        assert answer.status_code == 200, answer.json
        return answer.json

    def _post(self, path: str, body: Any) -> Any:
        answer = self.client.post(
            f"/api/automation/{path}", json=body, headers={"X-CSRF-Token": self.token}
        )
        assert answer.status_code == 200, answer.json
        return answer.json

    def group(self, group_id: str) -> Any:
        return self._get("load_batch", id=group_id)["groups"][0]

    def decide(self, body: Any) -> None:
        self._post("decide", body)

    def submit(self) -> int:
        submitted: int = self._post("submit_batch", {})["submitted"]
        self.app.extensions["prefml"].close()
        return submitted


def run(root: Path, *words: str) -> str:
    """Run a command of prefml and return what it prints."""
    with redirect_stdout(io.StringIO()) as said:
        status = main(["--workspace", str(root), *words])
    assert status == 0, words
    return said.getvalue()
