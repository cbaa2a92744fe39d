import os

import pytest

from prefml.review.look import Look

from .fake_desk import FakeProgram, until

STATUS = {
    "reviewed": 12, "window": 300, "agreement": {"share": 0.75, "n": 12, "ci": [0.4, 0.9]},
    "drift": {"alarm": True, "p_value": 0.001},
    "work": {
        "new_pictures": 4, "undecided": 3, "submitted": 2, "applied": 1, "interrupted": False,
        "runs": 1, "to_learn": 5,
        "models": [{
            "kind": "ranker", "problem": "", "written": "2025-07-05T10:00:00+00:00",
            "counts": {"sets": 40}, "fold_scores": {"top1": 0.7, "lower_stage_top1": None},
            "earlier": [{"name": "ranker-20250101000000-0123abcd", "written": None}],
        }],
    },
}  # fmt: skip


@pytest.fixture
def program(tmp_path):
    return FakeProgram(tmp_path / "program")


@pytest.fixture
def look(workspace, program):
    return Look(workspace, [*program.words, "status", "--json"])


def seen(look):
    return until(lambda: (found := look.report()).at and not found.looking and found)


def test_the_first_look_is_on_its_way_and_says_nothing_yet(look, program):
    program.answers("status", STATUS)
    first = look.report()
    assert (first.looking, first.at, first.found.work.new_pictures) == (True, None, 0)
    found = seen(look).found
    assert (found.reviewed, found.agreement.share, found.drift.alarm) == (12, 0.75, True)
    assert found.work.models[0].earlier[0].name.startswith("ranker-")


def looks(program):
    return len((program.folder / "calls.txt").read_text().splitlines())


def test_nothing_is_looked_at_anew_while_no_file_changes(look, program):
    seen(look)
    seen(look)
    assert looks(program) == 1


@pytest.mark.parametrize("place", ["new/harbour", "sandbox/journal", "artifacts"])
def test_what_changed_is_looked_at_anew(look, program, workspace, place):
    folder = workspace.root / place
    folder.mkdir(parents=True)
    seen(look)
    os.utime(folder, ns=(1, 1))
    assert look.report().looking
    seen(look)
    assert looks(program) == 2


@pytest.mark.parametrize("fault", ["fails", "prints no JSON", "is not there"])
def test_a_look_that_fails_says_why_and_keeps_what_was_seen(look, program, workspace, fault):
    program.answers("status", STATUS)
    seen(look)
    if fault == "fails":
        program.fails("status", "sandbox/x.jsonl: Permission denied")
    elif fault == "prints no JSON":
        (program.folder / "status.json").write_text("{")
    else:
        (program.folder / "fake_program.py").unlink()
    os.utime(workspace.sandbox / "automation_decisions.jsonl", ns=(1, 1))
    found = until(lambda: (one := look.report()).problem and one)
    assert found.found.reviewed == 12
    if fault == "fails":
        assert found.problem == "sandbox/x.jsonl: Permission denied"
