from __future__ import annotations

import subprocess
import sys

import pytest

from prefml.exceptions import SidecarError
from prefml.files import is_locked
from prefml.sidecars.lock import run_lock


def test_the_folder_is_created_and_locked_until_the_end(tmp_path):
    folder = tmp_path / "data" / "sidecar"
    with run_lock(folder):
        assert is_locked(folder)
    assert not is_locked(folder)
    assert list(folder.iterdir()) == []


def test_a_second_run_is_refused_and_told_what_to_do(tmp_path):
    with run_lock(tmp_path), pytest.raises(SidecarError) as caught, run_lock(tmp_path):
        pass
    assert caught.value.found == f"another prefml embed is at work in {tmp_path}"
    assert caught.value.run == "the same command when it has finished"


def test_another_process_is_refused_too(tmp_path):
    program = (
        "import sys; from pathlib import Path; from prefml.sidecars.lock import run_lock\n"
        "with run_lock(Path(sys.argv[1])): print('free')"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with run_lock(tmp_path):
        other = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "another prefml embed is at work" in other.stderr
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "free\n"


def test_an_error_inside_frees_the_folder(tmp_path):
    with pytest.raises(ZeroDivisionError), run_lock(tmp_path):
        raise ZeroDivisionError
    assert not is_locked(tmp_path)


def test_a_folder_of_another_file_system_is_not_locked():
    upath = pytest.importorskip("upath", reason="needs the extra `scale`")
    folder = upath.UPath("memory://lock/sidecar")
    with run_lock(folder), run_lock(folder):
        assert not folder.exists()
