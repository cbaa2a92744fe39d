"""Name the arrays that travel between modules by what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Bits64",
    "Bools",
    "Features",
    "Floats",
    "Floats32",
    "Grades",
    "Ints",
    "Ints64",
    "Labels",
    "Pixels",
    "Texts",
    "Times",
]

Bools: TypeAlias = NDArray[np.bool_]
Ints: TypeAlias = NDArray[np.intp]
# Row numbers of a file, as pyarrow counts them.
Ints64: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Floats32: TypeAlias = NDArray[np.float32]
# Pictures as decoded, and parts of them.
Pixels: TypeAlias = NDArray[np.uint8]
# Perceptual hashes, one bit pattern each.
Bits64: TypeAlias = NDArray[np.uint64]
Times: TypeAlias = NDArray[np.datetime64]
# Python strings, as pandas and numpy's object arrays hold them.
Texts: TypeAlias = NDArray[np.object_]
# Relevance grades of rows: the higher, the better.
Grades: TypeAlias = NDArray[np.int64]
# One row a picture; the names of a frame's columns say what they hold.
Features: TypeAlias = "ArrayLike | pd.DataFrame"
# What rows are grouped by: numbers or strings, compared for equality only.
Labels: TypeAlias = NDArray[np.generic]
