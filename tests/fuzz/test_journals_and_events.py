"""A thousand damaged copies of the apply journal, and of the review's event table."""

import hashlib
import shutil

import pytest
from PIL import Image

from prefml.apply import execute, preview, undo
from prefml.exceptions import ApplyError
from prefml.review.events import TagBody, TagChange
from prefml.review.exports import export_decision
from prefml.review.requests import Decide, Shown, Tag
from prefml.review.service import ReviewService
from prefml.review.store import EventStore
from prefml.workspace import Workspace

from . import logs
from .conftest import CASES, place
from .damage import Damage


def contents(root) -> list[str]:
    """The hash of every file but the journal, wherever it lies."""
    files = [p for p in root.rglob("*") if p.is_file() and "journal" not in p.parts]
    return sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)


@pytest.fixture
def applied(tmp_path):
    """A workspace in which three reviewed sets were applied, and the journal of it."""
    root = tmp_path / "ws"
    workspace = logs.workspace(root)
    for n in range(3):
        for stage in range(3):
            path = place(root / "new/alpha" / logs.name(n, stage), b"")
            Image.new("RGB", (64, 96), (n, stage, 9)).save(path)
    place(root / "sandbox/automation_decisions.jsonl", logs.suggestions(3))
    place(root / "sandbox/approved_decisions.jsonl", logs.approved(3))
    execute(workspace)
    return workspace, next((root / "sandbox/journal").glob("*.jsonl"))


@pytest.mark.slow
def test_a_damaged_journal_undoes_the_run_or_touches_nothing(applied, tmp_path, attack):
    workspace, journal = applied
    sound, damage = journal.read_bytes(), Damage(111)
    kept = tmp_path / "kept"
    shutil.copytree(workspace.root, kept)
    before = contents(kept)
    undo(workspace)
    originals = contents(workspace.root)

    def read(raw):
        shutil.rmtree(workspace.root)
        shutil.copytree(kept, workspace.root)
        place(journal, raw)
        try:
            undo(workspace)
        except ApplyError:
            assert contents(workspace.root) == before
            raise
        return contents(workspace.root)

    def judge(found):
        # Where the record of a cropped copy is gone, the copy may stay; no original is ever lost.
        assert set(originals) <= set(found)
        return "undone" if found == originals else "nothing to undo"

    copies = damage.copies(sound, CASES, damage.document, damage.lines)
    assert attack("apply journal, undone", copies, read, judge)["undone"]


def test_a_damaged_journal_is_never_taken_for_another(applied, attack):
    workspace, journal = applied
    sound, damage = journal.read_bytes(), Damage(112)
    groups = set(preview(workspace).plan.groups)

    def read(raw):
        place(journal, raw)
        return preview(workspace)

    def judge(report):
        assert groups <= set(report.plan.groups) or report.already <= 3
        return "interrupted" if report.interrupted else "accepted"

    copies = damage.copies(sound, CASES, damage.document, damage.lines)
    attack("apply journal, previewed", copies, read, judge)


@pytest.fixture
def reviewed(tmp_path):
    """A workspace with decisions, tags, an undo, and the bytes of its event table."""
    root = tmp_path / "ws"
    logs.workspace(root)
    place(root / "sandbox/automation_decisions.jsonl", logs.suggestions(6))
    service = ReviewService(Workspace.open(root))
    for n, action in enumerate(("approved", "rejected", "skipped", "approved")):
        service.decide(Decide(f"alpha_{n}", action, shown=Shown(seconds=1.0)))
    service.tag(Tag("alpha_0", {"0": ["long_hand"]}))
    service.undo()
    service.submit()
    service.close()
    return root, (root / "sandbox/review.sqlite3").read_bytes()


def test_a_damaged_event_table_is_refused_or_gives_sound_decisions(reviewed, tmp_path, attack):
    _, sound = reviewed
    path, damage = tmp_path / "events.sqlite3", Damage(113)

    def read(raw):
        for old in tmp_path.glob("events.sqlite3*"):
            old.unlink()
        store = EventStore(place(path, raw))
        try:
            store.append("tag", lambda _: TagBody([TagChange("g", {})]))
            with store.ledger() as ledger:
                return [export_decision(entry, ledger) for entry in ledger.exported()]
        finally:
            store.close()

    def judge(decisions):
        for one in decisions:
            box = one.crop_coords
            assert one.action in ("approved", "overridden", "rejected")
            assert one.final_choice is None or one.final_choice in one.images
            assert box is None or all(0 <= edge <= 1 for edge in box)
        return "accepted"

    copies = (raw for raw in damage.copies(sound, CASES * 2) if len(raw) < 200_000)
    first = [raw for raw, _ in zip(copies, range(CASES), strict=False)]
    attack("review.sqlite3", first, read, judge)
