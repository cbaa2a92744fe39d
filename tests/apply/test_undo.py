import hashlib
import json

import pytest

from prefml.apply import execute, undo
from prefml.exceptions import ApplyError


@pytest.mark.parametrize("keep_sources", [False, True])
def test_undo_gives_back_the_same_tree(reviewed, keep_sources):
    workspace = reviewed.write()
    before = reviewed.state()
    execute(workspace, keep_sources)
    assert reviewed.state() != before
    undo(workspace)
    assert reviewed.state() == before


def test_runs_are_undone_one_after_the_other(reviewed):
    workspace = reviewed.write()
    start = reviewed.state()
    execute(workspace)
    first = reviewed.state()
    reviewed.decide("waiting", "approved")
    reviewed.write()
    execute(workspace)
    assert "selected/beta/w.png" in reviewed.state()
    undo(workspace)
    reviewed.decisions.pop()
    reviewed.write()
    assert reviewed.state() == first
    undo(workspace)
    assert reviewed.state() == start


def test_a_cropped_copy_edited_since_is_not_thrown_away_by_undo(reviewed):
    workspace = reviewed.write()
    execute(workspace)
    path = reviewed.root / "selected/alpha/20250101_000000_stage1_generated.png"
    path.write_bytes(path.read_bytes() + b"edited")
    after = reviewed.state()
    with pytest.raises(ApplyError, match="has changed since"):
        undo(workspace)
    assert reviewed.state() == after


def test_a_copy_whose_source_is_gone_moves_back(reviewed):
    workspace = reviewed.write()
    before = reviewed.state()
    execute(workspace, keep_sources=True)
    (reviewed.root / "new/beta/y.jpg").unlink()
    undo(workspace)
    assert reviewed.state() == before


def test_a_name_taken_again_since_stops_undo(reviewed):
    workspace = reviewed.write()
    execute(workspace)
    reviewed.file("new/beta/y.jpg", "another picture")
    with pytest.raises(ApplyError, match=r"new/beta/y\.jpg is not the file that was there"):
        undo(workspace)


def test_a_foreign_journal_is_not_guessed_at(reviewed):
    workspace = reviewed.write()
    (reviewed.root / "sandbox/journal").mkdir()
    (reviewed.root / "sandbox/journal/000001.jsonl").write_text(json.dumps({"format": 99}))
    with pytest.raises(ApplyError, match="not a journal"):
        execute(workspace)


def test_a_crop_whose_original_has_gone_is_not_taken_back(reviewed):
    workspace = reviewed.write()
    execute(workspace)
    (reviewed.root / "new/alpha/20250101_000000_stage1_generated.png").unlink()
    after = reviewed.state()
    with pytest.raises(ApplyError, match=r"the original of selected/.*, has gone"):
        undo(workspace)
    assert reviewed.state() == after


def test_a_moved_picture_that_has_gone_stops_undo(reviewed):
    workspace = reviewed.write()
    execute(workspace)
    (reviewed.root / "delete_staging/beta/y.jpg").unlink()
    after = reviewed.state()
    with pytest.raises(ApplyError, match=r"delete_staging/beta/y\.jpg has gone"):
        undo(workspace)
    assert reviewed.state() == after


@pytest.mark.parametrize(
    "change", [{"target": "../x.jpg"}, {"source": "/etc/passwd"}, {"kind": "erase"}]
)
def test_a_whole_journal_of_steps_that_no_plan_has_is_refused(reviewed, change):
    workspace = reviewed.write()
    execute(workspace)
    path = reviewed.root / "sandbox/journal/000001.jsonl"
    head, *records = path.read_text().split("\n")
    facts = json.loads(head)
    del facts["sha256"]
    facts["steps"][0] |= change
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    path.write_text("\n".join([json.dumps(facts | {"sha256": digest}), *records]))
    with pytest.raises(ApplyError, match=r"not a journal of this version \(step"):
        undo(workspace)
