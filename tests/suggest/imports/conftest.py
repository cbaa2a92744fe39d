import json

import pytest
from PIL import Image

from prefml.decisions.set_rule import SetRule
from prefml.decisions.xmp import new_packet
from prefml.decisions.xmp.marks import FIELDS, crop_values
from prefml.suggest.imports import plan_import
from prefml.workspace import Workspace


class Place:
    """A workspace with two projects, and pictures that other programs marked."""

    def __init__(self, root):
        self.root = root
        for project in ("p", "q"):
            path = root / "data" / "projects" / f"{project}.project.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"projectId": project, "title": project,
                                        "startedAt": "2025-01-01T00:00:00Z"}))  # fmt: skip

    def picture(self, name, box=None, orientation=1, size=(40, 60), embedded=False, **marks):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        exif[274] = orientation
        values = {FIELDS[key]: text for key, text in marks.items()}
        raw = new_packet(values | (crop_values(box) if box else {}))
        inside = {"xmp": raw} if embedded else {}
        Image.new("RGB", size).save(path, exif=exif, **inside)
        if (marks or box) and not embedded:
            path.with_name(path.name + ".xmp").write_bytes(raw)
        return path

    @property
    def workspace(self):
        return Workspace.open(self.root)

    def plan(self, source, rule="name", **more):
        return plan_import(self.workspace, self.root / source, SetRule(rule), **more)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)
