"""The loop a person lives in: logs, training, suggestions, key presses, training again."""

import csv
import json

import pytest

from prefml.cli import main
from prefml.proposals import read_decided

from ..review.drawn_workspace import STAGES, draw_picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PROJECTS = ("harbour", "valley")
SETS = 20


def name_of(number, variant):
    return f"20250705_{100000 + number * 100 + variant}_{STAGES[variant]}.png"


def draw_set(folder, number):
    folder.mkdir(parents=True, exist_ok=True)
    for variant in range(3):
        draw_picture(number, variant, (96, 144)).save(folder / name_of(number, variant))


def write_project(root, offset, project):
    days = {"startedAt": "2025-07-01T00:00:00Z", "finishedAt": None, "title": project}
    manifest = root / f"data/projects/{project}.project.json"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text(json.dumps({"projectId": project, **days}))
    for number in range(offset, offset + SETS):
        draw_set(root / "images" / project, number)
        yield (
            f"{project}-1", f"group_{number}", f"images/{project}/{name_of(number, 2)}",
            json.dumps([f"images/{project}/{name_of(number, v)}" for v in (0, 1)]),
            f"2025-07-05T{10 + number // 60:02d}:{number % 60:02d}:00Z",
        )  # fmt: skip
    for number in range(offset + SETS, offset + SETS + 3):
        draw_set(root / "new" / project, number)


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "ws"
    root.mkdir()
    (root / "prefml.toml").write_text('encoder = "builtin"\n[suggest]\nreask = 0\n')
    rows = [
        row for n, project in enumerate(PROJECTS) for row in write_project(root, 200 * n, project)
    ]
    log = root / "data/training/selection_only_log.csv"
    log.parent.mkdir()
    with log.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["session_id", "set_id", "chosen_path", "neg_paths", "timestamp"])
        writer.writerows(rows)
    return root


def run(root, *words):
    assert main([*words, "--workspace", str(root)]) == 0, words


def manifest(root):
    return json.loads((root / "artifacts/ranker.manifest.json").read_text())


def test_from_logs_to_a_model_that_learned_from_key_presses(root, reviewer, serve, capsys):
    for command in ("embed", "train", "suggest"):
        run(root, command)
    before = manifest(root)
    reviewer.open(serve())
    assert reviewer.find("progress").inner_text() == "0 of 6 reviewed"
    reviewer.press("a", "1", "k", "r", "x", "Shift+-", "Enter", "a", "Shift+Enter")
    decided = list(read_decided_of(root).values())
    assert [row["action"] for row in decided].count("rejected") == 1
    assert len(decided) == 6
    run(root, "apply")
    run(root, "embed")
    run(root, "train")
    capsys.readouterr()
    run(root, "ingest", "--json")
    counted = json.loads(capsys.readouterr().out)
    assert counted["sets"] == 2 * SETS + 5
    assert manifest(root) != before


def read_decided_of(root):
    from prefml.workspace import Workspace

    return read_decided(Workspace.open(root))
