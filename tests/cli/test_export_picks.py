import json

import pytest
from PIL import Image

from prefml.cli import main


@pytest.fixture
def root(tmp_path):
    (tmp_path / "sandbox").mkdir()
    names = []
    for name in ("a", "b"):
        path = tmp_path / "new" / "p" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(path)
        names.append(path.relative_to(tmp_path).as_posix())
    for file, row in (
        ("automation", {"group_id": "g", "project_id": "p", "images": names}),
        ("approved", {"group_id": "g", "action": "overridden", "final_choice": names[0],
                      "images": names, "crop_coords": None, "timestamp": "t"}),
    ):  # fmt: skip
        path = tmp_path / "sandbox" / f"{file}_decisions.jsonl"
        path.write_text(json.dumps(row) + "\n")
    return tmp_path


def call(root, capsys, *words):
    status = main(["--workspace", str(root), *words])
    printed = capsys.readouterr()
    assert status == 0, printed.err
    return printed.out


def test_a_dry_run_then_the_run_then_undo(root, capsys):
    told = call(root, capsys, "export-picks")
    assert "new  new/p/a.xmp  (Label Green, pick 1, good True)" in told
    assert f"do it: prefml export-picks --execute --workspace {root}" in told
    assert not list(root.rglob("*.xmp"))
    assert "Wrote 2 sidecars of 1 set" in call(root, capsys, "export-picks", "--execute")
    assert "marked already" in call(root, capsys, "export-picks", "--execute")
    assert "Took back a run of 1 set" in call(root, capsys, "export-picks", "--undo")
    assert not list(root.rglob("*.xmp"))


def test_the_object_names_each_sidecar_and_value(root, capsys):
    found = json.loads(call(root, capsys, "export-picks", "--preset", "darktable", "--json"))
    assert found["sets"] == 1
    assert [(one["path"], one["new"], one["role"]) for one in found["sidecars"]] == [
        ("new/p/a.png.xmp", True, "winner"), ("new/p/b.png.xmp", True, "loser"),
    ]  # fmt: skip
    assert found["sidecars"][1]["values"] == {"http://ns.adobe.com/xap/1.0/ Rating": "-1"}


def test_apply_writes_the_sidecars_where_the_pictures_go(root, capsys):
    planned = json.loads(call(root, capsys, "apply", "--picks", "--json"))
    assert len(planned["picks"]["sidecars"]) == 2
    call(root, capsys, "apply", "--picks", "--execute")
    assert (root / "selected" / "p" / "a.xmp").exists()
    assert (root / "delete_staging" / "p" / "b.xmp").exists()
    told = call(root, capsys, "apply", "--undo")
    assert told == "Took back a run of 1 set and 2 sidecars that went along.\n"
    assert not list(root.rglob("*.xmp"))
    assert (root / "new" / "p" / "a.png").exists()


def test_decisions_that_went_out_come_back_as_known(root, capsys):
    call(root, capsys, "export-picks", "--execute")
    found = json.loads(call(root, capsys, "import", "new", "--rule", "folder", "--json"))
    assert found["decisions"] == {"new": 0, "changed": 0, "known": 1}
