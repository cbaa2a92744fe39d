import os

import pytest

from prefml.apply import export_picks, read_journals, undo
from prefml.apply.edits import from_name, marked, to_name
from prefml.decisions.xmp import new_packet, read_packet
from prefml.decisions.xmp.marks import FIELDS
from prefml.exceptions import ApplyError

from .test_interruptions import count_operations, interrupted

RATING = FIELDS["rating"]


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def marked_tree(tree):
    """Two sets; one picture has a sidecar of another program."""
    for name in "ab":
        pair = [tree.picture(f"new/alpha/{name}{i}.png") for i in range(2)]
        tree.set(name, pair)
        tree.decide(name, "overridden", pair[0], crop_coords=[0.1, 0.1, 0.9, 0.9])
    path = tree.root / "new/alpha/a0.png.xmp"
    path.write_bytes(new_packet({RATING: "2", ("urn:x", "note"): "mine"}))
    path.chmod(0o600)
    return tree


def test_names_of_properties_survive_a_step():
    assert to_name(from_name(RATING)) == RATING


def test_marks_are_what_the_sidecar_has_afterwards(tmp_path):
    path = tmp_path / "a.xmp"
    values = {from_name(RATING): "4", from_name(FIELDS["label"]): None}
    path.write_bytes(marked(path, values))
    assert read_packet(path.read_bytes()).value(RATING) == "4"
    assert marked(path, values) == path.read_bytes()


def test_an_export_is_taken_back_byte_for_byte(marked_tree):
    workspace = marked_tree.write()
    before = marked_tree.state()
    export_picks(workspace)
    assert (marked_tree.root / "new/alpha/a0.png.xmp").stat().st_mode & 0o777 == 0o600
    assert marked_tree.state() != before
    undo(workspace)
    assert marked_tree.state() == before


def test_a_sidecar_that_was_changed_since_is_not_taken_back(marked_tree):
    workspace = marked_tree.write()
    export_picks(workspace)
    (marked_tree.root / "new/alpha/a1.xmp").write_text("mine now")
    after = marked_tree.state()
    with pytest.raises(ApplyError, match=r"a1\.xmp has changed since"):
        undo(workspace)
    assert marked_tree.state() == after


def test_a_copy_that_has_gone_is_told_before_anything_is_taken_back(marked_tree):
    workspace = marked_tree.write()
    export_picks(workspace)
    (journal,) = read_journals(workspace)
    for path in journal.saved.iterdir():
        path.unlink()
    after = marked_tree.state()
    with pytest.raises(ApplyError, match="in the journal has gone"):
        undo(workspace)
    assert marked_tree.state() == after


@pytest.mark.parametrize("when", ["before", "within", "after"])
def test_an_export_that_stops_anywhere_is_finished_or_taken_back(
    marked_tree, monkeypatch, when, tmp_path_factory
):
    workspace = marked_tree.write()
    before = marked_tree.state()
    calls = count_operations(monkeypatch, lambda: export_picks(workspace))
    whole = files(marked_tree)
    undo(workspace)
    for at in range(1, calls + 1):
        interrupted(monkeypatch, at, when, lambda: export_picks(workspace))
        undo(workspace)
        assert marked_tree.state() == before, (at, when)
        interrupted(monkeypatch, at, when, lambda: export_picks(workspace))
        export_picks(workspace)
        assert files(marked_tree) == whole, (at, when)
        while read_journals(workspace):
            undo(workspace)
        assert marked_tree.state() == before


def files(tree):
    return {name: sha for name, sha in tree.state().items() if not name.startswith("sandbox")}
