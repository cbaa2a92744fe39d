"""Tune the allocator for the memory that large pictures leave behind."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

__all__ = ["keep_freed_memory"]

# From malloc.h of the GNU C library.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_AMOUNT = 1 << 30


@cache
def keep_freed_memory() -> bool:
    """Keep the memory of freed pictures in the process, for the next picture.

    The GNU C library hands the pixels of each picture back to the system and asks for them again
    for the next; while the address space changes, the other threads wait. How much memory a pass
    takes at most is not changed by this.

    Returns
    -------
    bool
        True if the allocator took the setting; False where it is another one.
    """
    if not sys.platform.startswith("linux"):
        return False
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is None:
        return False
    return all(tune(which, _AMOUNT) for which in (_TRIM_THRESHOLD, _MMAP_THRESHOLD))
