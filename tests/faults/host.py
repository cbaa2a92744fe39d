"""A process with everything imported that forks a child for each command line it is sent.

A child does what `prefml WORDS` does, without the seconds that the imports take. Nothing is run in
the parent, so that no thread or lock of a library is copied in the middle of its work.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import steps


def preload() -> None:
    import cv2
    import flask  # noqa: F401
    import joblib  # noqa: F401
    import lightgbm  # noqa: F401
    import pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import scipy.optimize  # noqa: F401
    import sklearn.ensemble
    import sklearn.linear_model  # noqa: F401
    import waitress  # noqa: F401

    # Threads of OpenCV that were started here would be missing in a child, which waits for them.
    cv2.setNumThreads(0)


def run(asked: dict[str, Any]) -> None:
    """Become a process group of its own and run the command."""
    from prefml.cli import main

    os.setsid()
    descriptor = os.open(asked["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    act = steps.nothing
    if "kill" in asked:
        act = steps.kill_at(asked["kill"])
    elif "hold" in asked:
        act = steps.hold_at(asked["hold"], Path(asked["here"]), Path(asked["go"]))
    steps.count_steps(asked["folder"], Path(asked["counter"]), act)
    try:
        status = main(asked["words"])
        sys.stdout.flush()
    except BaseException:
        status = 99
    os._exit(status)


def status_of(child: int, wait: bool) -> int | None:
    """Return how a child has ended, or None if it is at work."""
    found, status = os.waitpid(child, 0 if wait else os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def serve() -> None:
    preload()
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if "words" not in asked:
            print(json.dumps(status_of(**asked)), flush=True)
            continue
        child = os.fork()
        if child == 0:
            run(asked)
        print(child, flush=True)


if __name__ == "__main__":
    serve()
