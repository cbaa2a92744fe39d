"""Run the command line: thin commands, one file each, loaded when they are called."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from prefml.cli._app import app
from prefml.cli._shared import report_error, tolerate_encoding

__all__ = ["app", "main", "run"]


def main(args: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Parameters
    ----------
    args : sequence of str, optional
        The words after `prefml`; `sys.argv[1:]` by default.

    Returns
    -------
    int
        0 done, 1 failed (one line on standard error), 2 wrong usage.
    """
    words = list(sys.argv[1:] if args is None else args)
    tolerate_encoding()
    options: dict[str, object] = {}
    try:
        result = app.main(args=words, prog_name="prefml", standalone_mode=False, obj=options)
    except BaseException as error:
        return report_error(error, debug="--debug" in words, options=options)
    return result if isinstance(result, int) else 0


def run() -> None:
    """Run the command line and leave the process with its exit status."""
    # Numeric libraries read this when they are first imported. The matrices here are small: where
    # other programs share the cores, threads that spin at every barrier make training many times
    # slower, and one thread loses next to nothing.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    raise SystemExit(main())
