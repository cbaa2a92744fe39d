import json

import pytest
from PIL import Image

from prefml.cli import main
from prefml.decisions.xmp import new_packet
from prefml.decisions.xmp.marks import FIELDS


@pytest.fixture
def root(tmp_path):
    for name, rating in (("a", "5"), ("a-Edit", "-1"), ("b", "2")):
        path = tmp_path / "new" / "p" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(path)
        path.with_name(f"{name}.xmp").write_bytes(new_packet({FIELDS["rating"]: rating}))
    return tmp_path


def call(root, capsys, *words):
    status = main(["--workspace", str(root), "import", *words])
    return status, capsys.readouterr()


def files(root):
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_dry_run_says_what_would_be_logged_and_leaves_the_sources_alone(root, capsys):
    before = files(root)
    status, printed = call(root, capsys, "new")
    assert status == 0, printed.err
    assert "new/p/a.png of 2" in printed.out
    assert f"prefml import --workspace {root} new --execute" in printed.out
    after = files(root)
    assert {path: after[path] for path in before} == before
    assert not (root / "data").exists()


def test_what_is_imported_is_counted_by_ingest_once(root, capsys):
    for _ in range(2):
        status, printed = call(root, capsys, "new", "--execute", "--json")
        assert status == 0, printed.err
    assert json.loads(printed.out)["decisions"] == {"new": 0, "changed": 0, "known": 1}
    assert main(["--workspace", str(root), "ingest", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sets"] == 1


def test_the_object_accounts_for_every_picture_and_set(root, capsys):
    _, printed = call(root, capsys, "new", "--json")
    found = json.loads(printed.out)
    assert (found["kind"], found["executed"], found["pictures"], found["sets"]) == (
        "xmp", False, 3, 1,
    )  # fmt: skip
    assert found["rows"] == [
        {"project": "p", "chosen": "new/p/a.png", "rejected": ["new/p/a-Edit.png"]}
    ]
    assert sum(found["alone"].values()) == 1


def test_a_source_that_is_none_is_one_clear_line(root, capsys):
    status, printed = call(root, capsys, "nowhere")
    assert status == 1
    assert printed.err.count("\n") == 1
    assert "expected a folder of pictures" in printed.err
