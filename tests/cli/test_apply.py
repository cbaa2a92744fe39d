import json

import pytest
from PIL import Image

from prefml.cli import main


@pytest.fixture
def workspace(tmp_path):
    images = []
    for name in ("a", "b"):
        path = tmp_path / "new" / "p" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 30), name and "teal").save(path)
        images.append(f"new/p/{name}.png")
    manifest = {"projectId": "p", "startedAt": "2025-01-01T00:00:00Z", "finishedAt": None}
    (tmp_path / "data" / "projects").mkdir(parents=True)
    (tmp_path / "data" / "projects" / "p.project.json").write_text(json.dumps(manifest))
    sandbox = tmp_path / "sandbox"
    sandbox.mkdir()
    (sandbox / "automation_decisions.jsonl").write_text(
        json.dumps({"group_id": "g", "images": images}) + "\n"
    )
    (sandbox / "approved_decisions.jsonl").write_text(
        json.dumps({"group_id": "g", "action": "approved", "final_choice": images[1],
                    "crop_coords": [0.0, 0.0, 0.5, 0.5], "timestamp": "2025-02-01T00:00:00Z"})
        + "\n"
    )  # fmt: skip
    return tmp_path


def call(workspace, capsys, *words):
    status = main(["--workspace", str(workspace), "apply", *words])
    return status, capsys.readouterr()


def test_the_plan_is_printed_and_nothing_done(workspace, capsys):
    status, printed = call(workspace, capsys)
    assert status == 0
    assert "crop  new/p/b.png -> selected/p/b.png  (winner)" in printed.out
    assert "Nothing was changed" in printed.out
    assert not (workspace / "selected").exists()


def test_execute_then_undo(workspace, capsys):
    status, printed = call(workspace, capsys, "--execute")
    assert status == 0
    assert "Applied 1 set: 1 to selected/, 0 to crop/, 1 to delete_staging/" in printed.out
    assert (workspace / "selected/p/b.png").exists()
    status, printed = call(workspace, capsys, "--undo")
    assert (status, printed.out) == (0, "Took back a run of 1 set.\n")
    assert not (workspace / "selected").exists()
    assert call(workspace, capsys, "--undo")[1].out == "Nothing to undo.\n"


def test_json_is_one_object(workspace, capsys):
    _, printed = call(workspace, capsys, "--execute", "--copy", "--json")
    payload = json.loads(printed.out)
    assert payload["executed"] is True
    assert payload["sets"] == 1
    assert {step["action"] for step in payload["steps"]} == {"folder", "copy", "crop"}


def test_an_error_is_one_line(workspace, capsys):
    with (workspace / "sandbox" / "automation_decisions.jsonl").open("a") as file:
        file.write(json.dumps({"group_id": "g", "images": ["../x.png"]}) + "\n")
    status, printed = call(workspace, capsys, "--execute")
    assert status == 1
    assert printed.err.startswith("Error: ../x.png lies outside")
    assert printed.err.count("\n") == 1


def test_an_interrupted_run_is_announced_with_both_ways_on(workspace, capsys, monkeypatch):
    from prefml.apply import primitives

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(primitives, "append", stop)
        assert call(workspace, capsys, "--execute")[0] == 1
    status, printed = call(workspace, capsys)
    assert status == 0
    assert "A run of 1 set was interrupted; --execute finishes it" in printed.out
    assert "--undo takes it back" in printed.out


def test_a_long_plan_is_cut_and_says_how_to_see_all_of_it(workspace, capsys, monkeypatch):
    monkeypatch.setattr("prefml.cli.apply._SHOWN", 1)
    _, printed = call(workspace, capsys)
    assert printed.out.count(" -> ") == 1
    assert "... and 1 more; --json prints all of them" in printed.out
    assert len(json.loads(call(workspace, capsys, "--json")[1].out)["steps"]) > 2


def test_a_plan_is_carried_out_by_its_hash_and_another_one_is_refused(workspace, capsys):
    _, printed = call(workspace, capsys, "--json")
    shown = json.loads(printed.out)["plan"]
    status, printed = call(workspace, capsys, "--execute", "--plan", "0" * 64)
    assert status == 1
    assert "another than the one that was shown" in printed.err
    assert not (workspace / "selected").exists()
    assert call(workspace, capsys, "--execute", "--plan", shown)[0] == 0
    assert (workspace / "selected/p/b.png").exists()


def test_a_hash_without_execute_is_wrong_usage(workspace, capsys):
    status, printed = call(workspace, capsys, "--plan", "0" * 64)
    assert status == 2
    assert "--execute" in printed.err
