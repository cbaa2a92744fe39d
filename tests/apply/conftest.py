import hashlib
import json

import pytest
from PIL import Image

from prefml.workspace import Workspace


def write_jsonl(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


class Tree:
    """A small workspace with two projects and reviewed sets of every kind."""

    def __init__(self, root):
        self.root = root
        self.suggestions, self.decisions = [], []
        for project in ("alpha", "beta"):
            manifest = {"projectId": project, "title": project, "startedAt": "2025-01-01T00:00:00Z",
                        "finishedAt": None}  # fmt: skip
            path = root / "data" / "projects" / f"{project}.project.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(manifest))

    def picture(self, name, size=(40, 60), shade=90):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.linear_gradient("L").resize(size).convert("RGB").point(lambda v: v ^ shade).save(path)
        return name

    def file(self, name, text):
        (self.root / name).write_text(text)

    def set(self, group, images, **suggestion):
        self.suggestions.append({"group_id": group, "images": images, **suggestion})

    def decide(self, group, action, choice=None, **more):
        row = {"group_id": group, "action": action, "final_choice": choice, "timestamp": "t0"}
        self.decisions.append(row | more)

    def write(self):
        write_jsonl(self.root / "sandbox" / "automation_decisions.jsonl", self.suggestions)
        write_jsonl(self.root / "sandbox" / "approved_decisions.jsonl", self.decisions)
        return Workspace.open(self.root)

    def state(self):
        """Every file's content and every folder of the workspace."""
        return {
            path.relative_to(self.root).as_posix(): (
                hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
            )
            for path in sorted(self.root.rglob("*"))
        }


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


@pytest.fixture
def reviewed(tree):
    """One set of each kind, with companions."""
    one = [tree.picture(f"new/alpha/20250101_00000{i}_{s}.png", shade=i) for i, s in
           enumerate(["stage1_generated", "stage1.5_face_swapped", "stage2_upscaled"])]  # fmt: skip
    for name in one:
        tree.file(name.replace(".png", ".yaml"), name)
    tree.file(one[0].replace(".png", ".caption"), "a caption")
    tree.set("cropped", one)
    tree.decide("cropped", "overridden", one[0], crop_coords=[0.1, 0.0, 0.6, 0.5])
    two = [tree.picture(f"new/beta/{name}.jpg", shade=7) for name in ("x", "y")]
    tree.file("new/beta/x.txt", "x")
    tree.set("whole", two, step1_selection={"chosen": two[0]}, step2_crop={"needs_crop": False})
    tree.decide("whole", "approved", "x.jpg", crop_coords=None)
    three = [tree.picture(f"new/alpha/m{i}.png", shade=i) for i in range(2)]
    tree.set("byhand", three)
    tree.decide("byhand", "overridden", 1, crop_by_hand=True)
    four = [tree.picture(f"new/beta/r{i}.png", shade=i) for i in range(2)]
    tree.set("none", four)
    tree.decide("none", "rejected")
    tree.set("waiting", [tree.picture("new/beta/w.png")])
    return tree
