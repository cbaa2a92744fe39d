"""Suspend Pillow's process-wide size limit and warnings while any thread decodes."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType

from PIL import Image, PngImagePlugin

__all__ = ["TEXT_LIMIT", "quiet_pillow"]

# Bytes that one text chunk of a PNG may unpack to, and all of them; workflows and XMP are long.
TEXT_LIMIT, _ALL_TEXT_LIMIT = 64 * 2**20, 256 * 2**20

_SETTINGS: tuple[tuple[ModuleType, str, int | None], ...] = (
    (Image, "MAX_IMAGE_PIXELS", None),
    (PngImagePlugin, "MAX_TEXT_CHUNK", TEXT_LIMIT),
    (PngImagePlugin, "MAX_TEXT_MEMORY", _ALL_TEXT_LIMIT),
)
_lock = threading.Lock()
_users = 0
_undo = ExitStack()


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Lift Pillow's own limits of size and text and silence its warnings inside the block.

    The caller checks sizes itself, and damage that matters ends in an error. The settings belong
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
            warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif|pillow_jxl)\.")
            for owner, name, value in _SETTINGS:
                _undo.callback(setattr, owner, name, getattr(owner, name))
                setattr(owner, name, value)
        _users += 1


def _leave() -> None:
    global _users
    with _lock:
        _users -= 1
        if _users == 0:
            _undo.close()
