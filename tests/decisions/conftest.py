from __future__ import annotations

import json
from pathlib import Path

import pytest

from prefml.decisions import Decisions, read_decisions
from prefml.workspace import Workspace

V1 = (
    "session_id,set_id,directory,image_count,chosen_index,chosen_path,crop_x1,crop_y1,crop_x2,"
    "crop_y2,timestamp,image_0_path,image_0_stage,width_0,height_0,image_1_path,image_1_stage,"
    "width_1,height_1"
)
V2 = "timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height"
SELECTION = "session_id,set_id,chosen_path,neg_paths,timestamp"


class Bench:
    """Small workspace that tests fill and read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.training = root / "data" / "training"
        self.training.mkdir(parents=True)

    def project(self, name: str, start: str = "2020-01-01", end: str | None = "2020-01-01") -> None:
        folder = self.root / "data" / "projects"
        folder.mkdir(parents=True, exist_ok=True)
        manifest = {
            "projectId": name,
            "title": name,
            "startedAt": f"{start}T00:00:00Z",
            "finishedAt": f"{end}T00:00:00Z" if end else None,
            "paths": {"root": f"../../{name}"},
        }
        (folder / f"{name}.project.json").write_text(json.dumps(manifest))

    def log(self, name: str, header: str, *rows: str) -> None:
        text = "\n".join([header, *rows, ""])
        (self.training / name).write_text(text, newline="")

    def selections(self, *rows: str, name: str = "selection_only_log.csv") -> None:
        self.log(name, SELECTION, *rows)

    def crops(self, *rows: str, name: str = "select_crop_log.csv") -> None:
        self.log(name, V1, *rows)

    def crops_v2(self, *rows: str, name: str = "crop_training_data.csv") -> None:
        self.log(name, V2, *rows)

    @staticmethod
    def crop_row(
        path: str = "mojo1/a.png",
        box: str = "10,20,110,220",
        when: str = "2025-10-05T01:24:18.152546Z",
        size: str = "200,400",
    ) -> str:
        """Return a row of 15 fields."""
        return f"s,g,,1,0,{path},{box},{when},{path},stage1_generated,{size}"

    def read(self, **options: object) -> Decisions:
        return read_decisions(Workspace.open(self.root), **options)  # type: ignore[arg-type]

    def reasons(self) -> dict[str, int]:
        return self.read().quarantine["reason"].value_counts().to_dict()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.project("mojo1")
    made.project("mojo2")
    return made
