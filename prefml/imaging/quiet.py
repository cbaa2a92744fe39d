"""Suspend Pillow's process-wide size limit and warnings while any thread decodes."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from PIL import Image

__all__ = ["quiet_pillow"]

_lock = threading.Lock()
_users = 0
_undo = ExitStack()


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Lift Pillow's own size limit and silence its warnings inside the block.

    The caller checks sizes itself, and damage that matters ends in an error. Both settings belong
    to the whole process, so the first thread in sets them and the last one out restores them.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _users
    with _lock:
        if _users == 0:
            _undo.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", module=r"PIL\.")
            _undo.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
            Image.MAX_IMAGE_PIXELS = None
        _users += 1


def _leave() -> None:
    global _users
    with _lock:
        _users -= 1
        if _users == 0:
            _undo.close()
