"""Silence libraries that warn, or set up logging, while they are loaded."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["silenced_libraries"]


@contextmanager
def silenced_libraries() -> Iterator[None]:
    """Silence the warnings of libraries and their set-up of logging inside the block.

    Yields
    ------
    None
    """
    root, handler, before = logging.getLogger(), logging.NullHandler(), logging.root.manager.disable
    # Libraries that find a handler do not add their own.
    root.addHandler(handler)
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
        root.removeHandler(handler)
