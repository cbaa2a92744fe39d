import os
import sys

from prefml.review.job_process import run_job
from prefml.review.jobs import END, OUT, STEP, STOP, End, Record, write_document
from prefml.review.jobs import _read as read

from .fake_desk import FakeProgram


def begun(tmp_path, *commands):
    program = FakeProgram(tmp_path / "program")
    place = tmp_path / "000001"
    words = [[command, "--json"] for command in commands]
    write_document(place / "job.json", Record("train", words, program.words, "2025-01-01"))
    return program, place


def run(place):
    descriptor = os.open(place.parent, os.O_RDONLY)
    try:
        run_job(place, descriptor)
    finally:
        os.close(descriptor)
    return read(place / END, End).state


def test_how_it_ended_is_noted_with_what_was_printed(tmp_path):
    program, place = begun(tmp_path, "embed", "train")
    program.answers("train", {"a": 1})
    assert run(place) == "done"
    assert (place / STEP).read_text() == "1"
    assert (place / OUT).read_text().strip() == '{"a": 1}'


def test_after_a_failure_nothing_more_is_done(tmp_path):
    program, place = begun(tmp_path, "embed", "train")
    program.fails("embed", "no")
    assert run(place) == "failed"
    assert program.calls == [["embed"]]


def test_a_job_that_is_to_stop_begins_no_command(tmp_path):
    program, place = begun(tmp_path, "embed")
    (place / STOP).touch()
    assert run(place) == "stopped"
    assert program.calls == []


def test_a_command_inherits_the_lock_and_is_told_where_to_tell(tmp_path):
    _, place = begun(tmp_path)
    say = "import os, sys; os.fstat(int(sys.argv[1])); print(os.environ['PREFML_PROGRESS'])"
    descriptor = os.open(tmp_path, os.O_RDONLY)
    words = ["-c", say, str(descriptor)]
    write_document(place / "job.json", Record("x", [words], [sys.executable], ""))
    run_job(place, descriptor)
    os.close(descriptor)
    assert (place / OUT).read_text().strip() == str(place / "progress.json")
