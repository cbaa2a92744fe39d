"""A thousand damaged copies of suggestions and of reviewed decisions for each of their readers."""

import json
import math

import numpy as np
import pytest

from prefml.apply import preview
from prefml.decisions.projects import ProjectResolver
from prefml.proposals import read_decided, read_lines, read_suggestions, write_lines
from prefml.proposals.corrections import CorrectedSet, corrections_path, write_corrections
from prefml.review.groups import corrected_batch, read_batch
from prefml.review.ledger import Ledger
from prefml.review.regroups import Regrouping
from prefml.status import status_of, to_dict
from prefml.suggest.corrections import read_known_corrections
from prefml.suggest.handled import handled_pictures, keys_of
from prefml.suggest.reask import asked_again
from prefml.suggest.run import merge
from prefml.workspace import Workspace

from . import logs
from .conftest import CASES, place
from .damage import Damage

SUGGESTIONS = "sandbox/automation_decisions.jsonl"
DECISIONS = "sandbox/approved_decisions.jsonl"


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    """A workspace with its pictures, as names only: readers of lines do not look into them."""
    found = logs.workspace(tmp_path)
    for n in range(5):
        for stage in range(3):
            place(tmp_path / "new/alpha" / logs.name(n, stage), b"x")
    place(tmp_path / SUGGESTIONS, logs.suggestions())
    place(tmp_path / DECISIONS, logs.approved())
    return found


def both(workspace, raw_suggestions=None, raw_decisions=None):
    for name, raw in ((SUGGESTIONS, raw_suggestions), (DECISIONS, raw_decisions)):
        if raw is not None:
            place(workspace.root / name, raw)


def lines_of(raw: bytes) -> int:
    return sum(bool(line.strip()) for line in raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"))


@pytest.mark.parametrize("name", [SUGGESTIONS, DECISIONS])
def test_every_line_is_an_object_or_counted_as_bad_and_can_be_written_again(
    workspace, attack, name
):
    sound = (workspace.root / name).read_bytes()
    again = workspace.root / "again.jsonl"

    def read(raw):
        return raw, read_lines(place(workspace.root / name, raw))

    def judge(pair):
        raw, found = pair
        assert len(found.rows) + len(found.bad) == lines_of(raw)
        write_lines(again, found.rows)
        assert read_lines(again).rows == found.rows
        return "quarantined in part" if found.bad else "accepted"

    damage = Damage(81)
    attack(name, damage.copies(sound, CASES, damage.lines), read, judge)


def judge_groups(batch) -> str:
    for group_id, group in batch.groups.items():
        assert group_id == group.group_id
        assert len(set(group.images)) == len(group.images) > 0
        assert group.chosen is None or 0 <= group.chosen < len(group.images)
        shares = (group.confidence, group.none_probability, group.crop.confidence,
                  group.crop.keep_probability, *group.probabilities)  # fmt: skip
        assert all(share is None or 0 <= share <= 1 for share in shares)
        for box in (group.crop.box, *(box for box, _ in group.crop.alternatives)):
            assert box is None or 0 <= box[0] < box[2] <= 1
            assert box is None or 0 <= box[1] < box[3] <= 1
        json.dumps(group.raw, allow_nan=False)
    return "quarantined in part" if batch.problems else "accepted"


def test_the_review_shows_sound_groups_only(workspace, attack):
    damage = Damage(82)

    def read(raw):
        both(workspace, raw)
        return read_batch(workspace)

    copies = damage.copies(logs.suggestions(), CASES, damage.lines)
    attack("automation_decisions.jsonl, in review", copies, read, judge_groups)


@pytest.mark.parametrize("name", [SUGGESTIONS, DECISIONS])
def test_a_plan_has_sound_boxes_inside_the_workspace(workspace, attack, name):
    sound = (workspace.root / name).read_bytes()

    def read(raw):
        place(workspace.root / name, raw)
        return preview(workspace)

    def judge(report):
        for step in report.plan.steps:
            workspace.inside(step.target)
            assert workspace.inside(step.source or ".").exists()
            if step.box is not None:
                x1, y1, x2, y2 = step.box
                assert 0 <= x1 < x2 <= 1
                assert 0 <= y1 < y2 <= 1
        targets = [step.target.casefold() for step in report.plan.steps]
        assert len(set(targets)) == len(targets)
        return "left out in part" if report.left_out else "accepted"

    damage = Damage(83)
    attack(
        f"{name.split('/')[1]}, in apply", damage.copies(sound, CASES, damage.lines), read, judge
    )


@pytest.mark.parametrize("name", [SUGGESTIONS, DECISIONS])
def test_the_status_has_sound_numbers(workspace, attack, name):
    sound = (workspace.root / name).read_bytes()

    def read(raw):
        place(workspace.root / name, raw)
        return status_of(workspace)

    def judge(status):
        content = to_dict(status)
        json.dumps(content, allow_nan=False)
        for part in ("agreement", "rejected", "crop_acceptance", "consistency"):
            share = content[part]
            assert share["share"] is None or 0 <= share["share"] <= 1
            assert 0 <= share["ci"][0] <= share["ci"][1] <= 1
        gap = content["calibration"]["ece"]
        assert gap is None or (math.isfinite(gap) and 0 <= gap <= 1)
        return "accepted"

    damage = Damage(84)
    copies = damage.copies(sound, CASES, damage.lines)
    attack(f"{name.split('/')[1]}, in status", copies, read, judge)


@pytest.mark.slow
@pytest.mark.parametrize("name", [SUGGESTIONS, DECISIONS])
def test_new_suggestions_join_damaged_old_ones(workspace, attack, name):
    """What `suggest` does with the lines of earlier runs, without its models."""
    sound = (workspace.root / name).read_bytes()
    new = [logs.suggestion(8), logs.suggestion(9)]

    def read(raw):
        place(workspace.root / name, raw)
        resolver = ProjectResolver.open(workspace)
        known, decided = read_suggestions(workspace), read_decided(workspace)
        handled = handled_pictures(logs.read_all(workspace.root), decided, known, resolver)
        asked_again(row for rows in (known, decided) for row in rows.values())
        merged = merge(new, known, decided, resolver)
        write_lines(workspace.root / "merged.jsonl", merged)
        return handled, merged, resolver

    def judge(found):
        handled, merged, resolver = found
        groups = [line["group_id"] for line in merged]
        assert len(set(groups)) == len(groups)
        assert {line["group_id"] for line in new} <= set(groups)
        assert all("/" not in name for _, name in handled)
        covered = {key for line in new for key in keys_of(line, resolver)}
        assert covered
        return "accepted"

    damage = Damage(85)
    copies = damage.copies(sound, CASES, damage.lines)
    attack(f"{name.split('/')[1]}, in suggest", copies, read, judge)


def test_shares_of_nothing_are_no_numbers(workspace):
    both(workspace, b"", b"")
    assert to_dict(status_of(workspace))["agreement"]["share"] is None
    assert np.isfinite(to_dict(status_of(workspace))["keystrokes_saved"])


def test_damaged_corrections_lose_no_picture_and_mix_no_projects(workspace, attack):
    batch = read_batch(workspace)
    groups = list(batch.groups.values())
    pictures = sorted(image for group in groups for image in group.images)
    split = [(groups[0].images[:1]), (groups[0].images[1:]), (groups[1].images + groups[2].images)]
    write_corrections(
        workspace,
        [CorrectedSet(f"x{i}", "alpha", list(images), "2025-07-05T12:00:00Z")
         for i, images in enumerate(split)],
    )  # fmt: skip
    resolver = ProjectResolver.open(workspace)

    def read(raw):
        place(corrections_path(workspace), raw)
        held = corrected_batch(batch, Regrouping(workspace).sets(Ledger()))
        return held, read_known_corrections(workspace, resolver)

    def judge(found):
        held, known = found
        flat = sorted(image for group in held.groups.values() for image in group.images)
        assert flat == pictures
        assert {group.project for group in held.groups.values()} == {"alpha"}
        keys = [key for members in known.members for key in members]
        assert len(set(keys)) == len(keys)
        return "quarantined in part" if known.notes else "accepted"

    damage = Damage(89)
    sound = corrections_path(workspace).read_bytes()
    attack("set_corrections.jsonl", damage.copies(sound, CASES, damage.lines), read, judge)
