import json

import msgspec
import pytest

from prefml.exceptions import LogError
from prefml.review.desk import DeskService, commands_of
from prefml.review.desk_answers import JobKind, RunJob
from prefml.review.requests import Decide
from prefml.review.service import ReviewService

from .fake_desk import FakeProgram, until
from .test_look import STATUS

NEEDS = {"apply": {"plan": "0" * 64}, "rollback": {"model": "ranker-20250101000000-0123abcd"}}


@pytest.fixture
def program(tmp_path):
    made = FakeProgram(tmp_path / "program")
    made.answers("status", STATUS)
    return made


@pytest.fixture
def service(workspace):
    made = ReviewService(workspace)
    yield made
    made.close()


@pytest.fixture
def desk(workspace, service, program):
    made = DeskService(workspace, service, program.words)
    yield made
    made.stop()


def looked(desk):
    return until(lambda: (found := desk.report()).looked and not found.looking and found)


def done(desk):
    return until(lambda: (job := desk.report().job) and job.state != "running" and job)


@pytest.mark.parametrize("kind", JobKind.__args__)
def test_every_job_is_a_command_that_a_person_could_type(kind, prefml_usage):
    for words in commands_of(RunJob(kind, **NEEDS.get(kind, {}))):
        assert prefml_usage(words)


@pytest.fixture
def prefml_usage():
    """Tell whether the command line knows words, without running them."""
    import click

    from prefml.cli import app

    def knows(words):
        with click.Context(app) as root:
            command = app.get_command(root, words[0])
            command.make_context(words[0], words[1:], parent=root).close()
        return True

    return knows


@pytest.mark.parametrize("kind", JobKind.__args__)
def test_a_job_names_what_it_needs_and_nothing_else(kind):
    needed = NEEDS.get(kind, {})
    for given in ({}, *NEEDS.values()):
        if given == needed:
            assert commands_of(RunJob(kind, **given))
        else:
            with pytest.raises(LogError, match=kind):
                commands_of(RunJob(kind, **given))


def test_the_desk_tells_the_review_as_it_is_and_the_rest_as_it_was_seen(desk, service):
    first = desk.report()
    assert (first.looked, first.progress.pending, first.within_budget) == (None, 6, 2)
    found = looked(desk)
    assert (found.new_pictures, found.submitted, found.applied, found.runs) == (4, 2, 1, 1)
    assert (found.agreement.share, found.agreement.falling) == (0.75, True)
    assert found.models[0].scores == {"top1": 0.7}
    group = service.next_ids(1)[0]
    service.decide(Decide(group, "rejected"))
    now = desk.report()
    assert (now.progress.pending, now.progress.unsubmitted) == (5, 1)


def test_a_job_carries_the_place_of_the_workspace_and_shows_what_a_person_types(
    desk, program, workspace
):
    desk.run(RunJob("apply", plan="0" * 64))
    job = done(desk)
    assert job.commands == [f"prefml apply --execute --plan {'0' * 64}"]
    assert program.calls == [["apply", "--execute", "--plan", "0" * 64]]
    raw = (program.folder / "calls.txt").read_text().splitlines()
    (call,) = [words for words in map(json.loads, raw) if words[0] == "apply"]
    assert call[call.index("--json") :] == [
        "--json", "--workspace", str(workspace.root), "--artifacts", str(workspace.artifacts),
    ]  # fmt: skip


def test_the_results_of_earlier_jobs_are_left_out(desk):
    for _ in range(2):
        desk.run(RunJob("undo"))
        done(desk)
    found = desk.report()
    assert found.job.result is not None
    assert [job.result for job in found.history] == [None]


def test_the_report_is_known_by_its_file(desk, workspace):
    assert desk.report().report is None
    workspace.artifacts.mkdir()
    (workspace.artifacts / "metrics.json").write_text("{}")
    assert desk.report().report.endswith("+00:00")


@pytest.mark.parametrize(
    ("decided", "changes", "expected"),
    [
        ("none", {}, "review"),
        ("all", {}, "submit"),
        ("submitted", {}, "suggest"),
        ("submitted", {"new_pictures": 0}, "preview"),
        ("submitted", {"new_pictures": 0, "submitted": 0}, "train"),
        ("submitted", {"new_pictures": 0, "submitted": 0, "to_learn": 0}, ""),
        ("submitted", {"submitted": 0, "models": []}, "train"),
        ("submitted", {"submitted": 0, "models": [{"kind": "ranker", "problem": "x"}]}, "train"),
        ("none", {"interrupted": True}, "preview"),
    ],
)
def test_what_to_do_next_is_what_was_begun_before_anything_new(
    desk, service, program, decided, changes, expected
):
    program.answers("status", {**STATUS, "work": {**STATUS["work"], **changes}})
    if decided != "none":
        for group in service.next_ids(9):
            service.decide(Decide(group, "rejected"))
    if decided == "submitted":
        service.submit()
    assert looked(desk).next == expected


def test_nothing_has_a_field_that_is_no_json(desk):
    desk.run(RunJob("preview"))
    done(desk)
    assert json.loads(msgspec.json.encode(looked(desk)))["job"]["kind"] == "preview"
