import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from prefml.exceptions import SidecarError
from prefml.prediction import CropProposal, PictureRows, Ranking, Reason
from prefml.ranking.approval import fingerprint
from prefml.sidecars.store import Sidecars
from prefml.suggest import Request, run, suggest
from prefml.workspace import Workspace

STAGES = {
    "1": "stage1_generated",
    "1.5": "stage1.5_face_swapped",
    "2": "stage2_upscaled",
    "3": "stage3_enhanced",
}


class FakeRanker:
    def predict(self, X):
        return np.arange(len(X), dtype=float)


def promised(*rows, projects=("alpha",), covers=("winner", "none")):
    """Return what a manifest promises, from pairs of a budget and a threshold."""
    rows = [
        {"budget": budget, "threshold": threshold, "coverage": 0.5, "error": 0.01, "sets": 100,
         "promise": promise, "why": "" if threshold is not None else "errors"}
        for budget, threshold, promise in rows
    ]  # fmt: skip
    return {
        "auto_approve": rows, "auto_approve_sha256": fingerprint(rows), "projects": list(projects),
        "approval": {"covers": list(covers), "reviewed": 300}, "rejection_sha256": "n1",
    }  # fmt: skip


class FakeSuggester:
    """Likes later pictures, the more the later; never decodes anything."""

    def __init__(
        self, tree, ranker=True, cropper=True, box=(0.1, 0.0, 0.6, 0.5), none=None, sure=0.7,
        promises=(),
    ):  # fmt: skip
        self.tree, self.box, self.none, self.sure = tree, box, none, sure
        self.ranker = FakeRanker() if ranker else None
        self.cropper = object() if cropper else None
        encoder = {"id": "fake", "identity": "abc", "name": "fake"}
        about = {"sha256": "r1", "written": "2025-01-01", "encoder": encoder}
        manifest = SimpleNamespace(**about | {"encoder": SimpleNamespace(**encoder)})
        manifest.document = about | promised(*promises)
        rejection = SimpleNamespace(sha256="n1", written="2025-01-01", encoder=None)
        self.manifests = {"ranker": manifest, "rejection": rejection}

    @property
    def sidecars(self):
        if not self.tree.images():
            raise SidecarError("no sidecars")
        return self.tree.sidecars()

    def reload_sidecars(self, projects=None):
        pass

    def from_sidecars(self, project, filenames):
        n = len(filenames)
        frame = self.sidecars.index
        rows = self.sidecars.positions([project] * n, filenames)
        cues = self.sidecars.cues.iloc[rows].reset_index(drop=True)
        stage = frame["stage"].to_numpy(float)[rows]
        return PictureRows(
            tuple(filenames), np.full((n, 2), 100.0), stage, self.sidecars.embeddings[rows], cues
        )

    def rank(self, rows):
        n = len(rows)
        chances = np.arange(1, n + 1) / np.arange(1, n + 1).sum()
        why = (Reason("higher stage", 0.5), Reason("sharper", 0.2), Reason("content", -0.4))
        return Ranking(tuple(range(n))[::-1], np.arange(n, dtype=float), chances, why)

    def none_probability(self, rows):
        return self.none

    def crop(self, rows, i=0):
        other = ((0.0, 0.0, 0.5, 0.5), 0.2)
        return CropProposal(0.3, self.box, self.sure, (other,), ("head kept",), "fairly sure")


class Tree:
    def __init__(self, root):
        self.root = root
        for project in ("alpha", "beta"):
            self.manifest(project)

    def manifest(self, project):
        path = self.root / "data" / "projects" / f"{project}.project.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        days = {"startedAt": "2025-01-01T00:00:00Z", "finishedAt": None}
        path.write_text(json.dumps({"projectId": project, **days}))

    def picture(self, path):
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 12), (len(path), 9, 9)).save(place)
        return path

    def stages(self, *stages, project="alpha", start=0, folder="new"):
        return [
            self.picture(f"{folder}/{project}/20250101_{start + i:06}_{STAGES[stage]}.png")
            for i, stage in enumerate(stages)
        ]

    def log(self, *rows):
        path = self.root / "data" / "training" / "selection_only_log.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame = pd.DataFrame(
            [("s", f"g{i}", c, json.dumps(n), t) for i, (c, n, t) in enumerate(rows)],
            columns=["session_id", "set_id", "chosen_path", "neg_paths", "timestamp"],
        )
        frame.to_csv(path, index=False)

    def images(self):
        return sorted(self.root.rglob("*.png"))

    def sidecars(self):
        from prefml.decisions.stages import stage_of

        rows = [
            (path.parent.name, path.name, path.relative_to(self.root).as_posix(),
             stage_of(path.name), path.stat().st_size, path.stat().st_mtime_ns)
            for path in self.images()
        ]  # fmt: skip
        columns = ["project", "filename", "path", "stage", "file_size", "mtime_ns"]
        index = pd.DataFrame(rows, columns=columns).drop_duplicates(["project", "filename"])
        index["stage"] = index["stage"].astype(float)
        n = len(index)
        vectors = np.random.default_rng(0).normal(size=(n, 8)).astype(np.float32) + 5
        hashes = np.array([f"{i * 0x9E3779B97F4A7C15 % 2**64:016x}" for i in range(1, n + 1)])
        cues = pd.DataFrame({"width": np.full(n, 8.0), "height": 12.0, "sharpness": np.arange(n)})
        return Sidecars(index.reset_index(drop=True), vectors, hashes, cues, None, "")

    def lines(self, name="automation_decisions.jsonl"):
        text = (self.root / "sandbox" / name).read_text()
        return [json.loads(line) for line in text.splitlines()]

    def approve(self, line, **more):
        path = self.root / "sandbox" / "approved_decisions.jsonl"
        row = {"group_id": line["group_id"], "action": "approved", "images": line["images"],
               "final_choice": line["step1_selection"]["chosen"],
               "timestamp": "2025-03-01T00:00:00Z"}  # fmt: skip
        with path.open("a") as file:
            file.write(json.dumps(row | more) + "\n")

    def predictor(self, **options):
        return FakeSuggester(self, **options)

    def suggest(self, *folders, predictor=None, now=None, **request):
        workspace = Workspace.open(self.root)
        made = predictor or FakeSuggester(self)
        return suggest(workspace, Request(folders, **request), lambda _: made, now=now)


@pytest.fixture
def tree(tmp_path, monkeypatch):
    made = Tree(tmp_path)
    monkeypatch.setattr(run, "embed_missing", lambda *args: None)
    monkeypatch.setattr(run, "read_index", lambda *args: made.sidecars().index)
    return made
