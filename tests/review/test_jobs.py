import os
import signal
import subprocess
import sys

import pytest

from prefml.exceptions import LogError
from prefml.review.jobs import Jobs

from .fake_desk import FakeProgram, until

STATUS = ["a", "--json"]


@pytest.fixture
def program(tmp_path):
    return FakeProgram(tmp_path / "program")


@pytest.fixture
def jobs(tmp_path, program):
    made = Jobs(tmp_path / "jobs", program.words)
    yield made
    made.stop()


def ended(jobs):
    return until(lambda: (job := jobs.latest()) and job.state != "running" and job)


def test_before_the_first_there_is_none(jobs):
    assert (jobs.latest(), jobs.history()) == (None, [])
    jobs.stop()


def test_the_commands_of_a_job_run_one_after_the_other(jobs, program):
    program.answers("train", {"ranker": 1})
    number = jobs.start("train", [["embed", "--json"], ["train", "--json"]])
    job = ended(jobs)
    assert (number, job.number, job.state, job.step) == (1, 1, "done", 1)
    assert job.printed.strip() == b'{"ranker": 1}'
    assert program.calls == [["embed"], ["train"]]
    assert job.record.started <= job.ended


def test_a_command_that_fails_ends_its_job_with_its_last_line(jobs, program):
    program.fails("embed", "no pictures; run: prefml embed")
    jobs.start("train", [["embed", "--json"], ["train", "--json"]])
    job = ended(jobs)
    assert (job.state, job.error, job.step) == ("failed", "no pictures; run: prefml embed", 0)
    assert job.printed == b""
    assert program.calls == [["embed"]]


def test_one_job_at_a_time_whichever_server_began_it(jobs, program, tmp_path):
    program.is_slow("suggest")
    jobs.start("suggest", [["suggest", "--json"]])
    for server in (jobs, Jobs(tmp_path / "jobs", program.words)):
        with pytest.raises(LogError, match="another job is at work"):
            server.start("apply", [["apply", "--json"]])
    jobs.stop()
    jobs.start("apply", [["apply", "--json"]])
    assert ended(jobs).record.kind == "apply"


def test_a_request_that_is_repeated_begins_nothing(jobs, program):
    for _ in range(2):
        assert jobs.start("undo", [["apply", "--json"]], "event-0001") == 1
        ended(jobs)
    assert len(program.calls) == 1


def test_what_is_at_work_tells_how_far_it_is_and_can_be_stopped(jobs, program):
    program.is_slow("suggest")
    jobs.start("suggest", [["suggest", "--json"], ["never", "--json"]])
    job = until(lambda: (one := jobs.latest()) and one.progress and one)
    assert (job.state, job.progress.done, job.progress.total) == ("running", 2, 7)
    jobs.stop()
    job = jobs.latest()
    assert (job.state, job.error) == ("stopped", "")
    assert program.calls == [["suggest"]]


def test_a_job_outlives_the_server_that_began_it(program, tmp_path):
    program.is_slow("suggest")
    begin = (
        "import sys; from pathlib import Path; from prefml.review.jobs import Jobs;"
        "Jobs(Path(sys.argv[1]), sys.argv[2:]).start('suggest', [['suggest', '--json']])"
    )
    words = [sys.executable, "-c", begin, str(tmp_path / "jobs"), *program.words]
    subprocess.run(words, check=True)
    later = Jobs(tmp_path / "jobs", program.words)
    assert until(lambda: later.latest().progress).total == 7
    later.stop()
    assert later.latest().state == "stopped"


def test_a_job_whose_processes_are_gone_is_said_to_have_ended(jobs, program, tmp_path):
    program.is_slow("suggest")
    jobs.start("suggest", [["suggest", "--json"]])
    until(lambda: jobs.latest().progress)
    os.killpg(int((tmp_path / "jobs/000001/pid").read_text()), signal.SIGKILL)
    assert ended(jobs).state == "lost"
    jobs.start("apply", [["apply", "--json"]])
    assert ended(jobs).state == "done"
    assert [job.state for job in jobs.history()] == ["done", "lost"]


def test_a_command_goes_on_to_hold_the_place_where_only_its_supervisor_is_gone(
    jobs, program, tmp_path
):
    program.is_slow("suggest")
    jobs.start("suggest", [["suggest", "--json"]])
    until(lambda: jobs.latest().progress)
    os.kill(int((tmp_path / "jobs/000001/pid").read_text()), signal.SIGKILL)
    assert jobs.latest().state == "running"
    jobs.stop()
    assert jobs.latest().state == "stopped"


def test_the_latest_jobs_are_remembered(jobs, tmp_path):
    for number in range(1, 24):
        (tmp_path / f"jobs/{number:06}").mkdir(parents=True)
    jobs.start("undo", [["apply", "--json"]])
    ended(jobs)
    assert [job.number for job in jobs.history()] == list(range(24, 4, -1))


@pytest.mark.parametrize("name", ["job.json", "end.json", "progress.json", "out.json"])
def test_damage_to_its_files_is_no_failure(jobs, program, tmp_path, name):
    jobs.start("undo", [["apply", "--json"]])
    ended(jobs)
    (tmp_path / "jobs/000001" / name).write_bytes(b"\xff{")
    assert jobs.latest().number == 1
