from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from prefml.evaluation.workers import run_in_processes

# A command that was started with nohup hands on that it is not to be hung up.
AT_WORK = """
import signal, sys, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from functools import partial
from pathlib import Path
from tests.evaluation.test_workers import sleep_long
from prefml.evaluation.workers import run_in_processes
list(run_in_processes([partial(sleep_long, sys.argv[1], n) for n in range(2)], 2))
"""


def sleep_long(folder: str, number: int) -> None:
    (Path(folder) / f"{number}.part").write_text(str(os.getpid()))
    (Path(folder) / f"{number}.part").rename(Path(folder) / f"{number}.pid")
    time.sleep(600)


KEPT = []


def grow(megabytes: int) -> int:
    """Keep what it was given: joblib replaces a process that has grown by 300 MB."""
    KEPT.append(b"x" * (megabytes << 20))
    time.sleep(1.2)
    return os.getpid()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(holds, patience: float = 120) -> None:
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.05)


def test_results_come_in_the_order_of_the_jobs():
    assert list(run_in_processes([partial(pow, 2, n) for n in range(5)], 2)) == [1, 2, 4, 8, 16]


def test_a_process_that_has_grown_is_replaced_and_its_jobs_are_done():
    # Where warnings are errors, too, as here.
    processes = list(run_in_processes([partial(grow, 350)] * 6, 2))
    assert len(processes) == 6
    assert len(set(processes)) > 2


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM])
def test_workers_end_when_their_parent_is_killed_or_closed(tmp_path, how):
    root = Path(__file__).resolve().parents[2]
    words = [sys.executable, "-c", AT_WORK, str(tmp_path)]
    parent = subprocess.Popen(
        words, cwd=root, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    wait_for(lambda: len(list(tmp_path.glob("*.pid"))) == 2)
    workers = [int(path.read_text()) for path in tmp_path.glob("*.pid")]
    assert all(map(is_alive, workers))
    parent.send_signal(how)
    parent.wait()
    wait_for(lambda: not any(map(is_alive, workers)))
