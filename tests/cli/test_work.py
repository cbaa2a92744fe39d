import json

from prefml.cli import main


def suggested(workspace, *numbers):
    """Write suggestions for the first pictures of projects."""
    lines = []
    for project in numbers:
        images = [f"new/{project}/20250101_00000{i}_{s}.png" for i, s in enumerate(
            ("stage1_generated", "stage2_upscaled"))]  # fmt: skip
        lines.append({"group_id": f"{project}-1", "project_id": project, "images": images})
    write(workspace / "sandbox/automation_decisions.jsonl", lines)
    return lines


def write(path, rows):
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def decided(workspace, lines, action="approved"):
    rows = [{**line, "action": action, "final_choice": 1, "timestamp": "t"} for line in lines]
    write(workspace / "sandbox/approved_decisions.jsonl", rows)


def work(prefml, workspace):
    return prefml("--workspace", workspace, "status", "--json").json["work"]


def test_pictures_are_new_until_something_is_suggested_for_them(prefml, workspace):
    found = work(prefml, workspace)
    assert (found["new_pictures"], found["undecided"], found["models"]) == (4, 0, [])
    suggested(workspace, "p")
    found = work(prefml, workspace)
    assert (found["new_pictures"], found["undecided"]) == (2, 1)


def test_sets_go_from_undecided_to_submitted_to_applied_and_back(prefml, workspace, capsys):
    lines = suggested(workspace, "p", "q")
    decided(workspace, lines[:1])
    found = work(prefml, workspace)
    assert (found["undecided"], found["submitted"], found["applied"]) == (1, 1, 0)
    assert main(["--workspace", str(workspace), "apply", "--execute"]) == 0
    capsys.readouterr()
    found = work(prefml, workspace)
    assert (found["submitted"], found["applied"], found["runs"]) == (0, 1, 1)
    assert found["new_pictures"] == 0
    assert main(["--workspace", str(workspace), "apply", "--undo"]) == 0
    capsys.readouterr()
    assert work(prefml, workspace)["submitted"] == 1


def test_a_skipped_set_is_undecided(prefml, workspace):
    decided(workspace, suggested(workspace, "p"), "skipped")
    found = work(prefml, workspace)
    assert (found["undecided"], found["submitted"]) == (1, 0)


def test_a_workspace_without_new_pictures_has_none(prefml, tmp_path):
    assert work(prefml, tmp_path)["new_pictures"] == 0


def test_a_person_reads_the_counts_once_something_was_reviewed(prefml, workspace):
    lines = suggested(workspace, "p", "q")
    decided(workspace, lines[:1])
    said = prefml("--workspace", workspace, "status").out.splitlines()
    assert said[0] == "new pictures       0 pictures without a suggestion"
    assert said[1] == "sets               1 undecided, 1 to apply, 0 applied"
