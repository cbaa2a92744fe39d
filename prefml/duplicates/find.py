"""Find near duplicates in the sidecars of a workspace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from prefml._typing import Bits64, Floats, Ints
from prefml.duplicates.groups import MAX_DISTANCE, MIN_COSINE, cosines, find_groups
from prefml.duplicates.hamming import read_hashes
from prefml.exceptions import SidecarError
from prefml.files import AnyPath, replacing
from prefml.sidecars.store import Sidecars
from prefml.workspace import Workspace

__all__ = ["DuplicateGroup", "best_by_size", "find_duplicates", "table_path", "write_table"]

# Sidecar rows and the group of each -> how good each picture is among its group.
Scorer = Callable[[Ints, Ints], Floats]


@dataclass(frozen=True)
class DuplicateGroup:
    """Near duplicates of a project, and which of them to keep.

    Attributes
    ----------
    project : str
        Their project.
    rows : ndarray of shape (n,)
        Their rows in the sidecars.
    filenames, paths : tuple of str
        Their names, and where they lie relative to the workspace.
    best : int
        Position of the one to keep.
    distance : tuple of int
        Hamming distance of each hash to that of the best.
    cosine : tuple of float
        Cosine of each vector with that of the best.
    """

    project: str
    rows: Ints
    filenames: tuple[str, ...]
    paths: tuple[str, ...]
    best: int
    distance: tuple[int, ...]
    cosine: tuple[float, ...]


def find_duplicates(
    sidecars: Sidecars,
    score: Scorer | None = None,
    distance: int = MAX_DISTANCE,
    cosine: float = MIN_COSINE,
    among: Ints | None = None,
) -> list[DuplicateGroup]:
    """Find the near duplicates among the pictures that have sidecar rows.

    Parameters
    ----------
    sidecars : Sidecars
        Hashes and embeddings.
    score : callable, optional
        Scores the pictures of all groups at once; by stage and size if it is not given.
    distance : int, default=8
        Largest Hamming distance of two hashes.
    cosine : float, default=0.95
        Least cosine of two vectors.
    among : ndarray of shape (n,), optional
        Rows of the sidecars to look at; all by default.

    Returns
    -------
    list of DuplicateGroup

    Raises
    ------
    SidecarError
        If a hash is damaged.
    """
    try:
        hashes = read_hashes(sidecars.hashes)
    except ValueError as error:
        raise SidecarError(str(error), run="prefml embed --force") from error
    rows = np.arange(len(sidecars)) if among is None else among
    vectors = sidecars.embeddings if among is None else sidecars.embeddings[rows]
    project = sidecars.index["project"].to_numpy(object).astype(str)[rows]
    found = [rows[part] for part in find_groups(hashes[rows], vectors, project, distance, cosine)]
    best = (
        [best_by_size(sidecars, rows) for rows in found] if score is None else _best(found, score)
    )
    return [_group(rows, sidecars, hashes, i) for rows, i in zip(found, best, strict=True)]


def _best(found: Sequence[Ints], score: Scorer) -> list[int]:
    if not found:
        return []
    sizes = [len(rows) for rows in found]
    scores = score(np.concatenate(found), np.repeat(np.arange(len(found)), sizes))
    return [int(np.argmax(part)) for part in np.split(scores, np.cumsum(sizes)[:-1])]


def _group(
    rows: Ints,
    sidecars: Sidecars,
    hashes: Bits64,
    best: int,
) -> DuplicateGroup:
    index = sidecars.index.iloc[rows]
    project, names = str(index["project"].iloc[0]), tuple(map(str, index["filename"]))
    pairs = np.column_stack([rows, np.full(len(rows), rows[best])])
    return DuplicateGroup(
        project, rows, names, tuple(map(str, index["path"])), best,
        tuple(int(d) for d in np.bitwise_count(hashes[rows] ^ hashes[rows[best]])),
        tuple(float(c) for c in cosines(sidecars.embeddings, pairs)),
    )  # fmt: skip


def best_by_size(sidecars: Sidecars, rows: Ints) -> int:
    """Return the picture of the highest stage; ties go to more pixels, then more bytes.

    Parameters
    ----------
    sidecars : Sidecars
        Stages and sizes.
    rows : ndarray of shape (n,)
        Rows of the group.

    Returns
    -------
    int
        Position in the group.
    """
    index, cues = sidecars.index.iloc[rows], sidecars.cues.iloc[rows]
    stage = index["stage"].fillna(0).to_numpy(float)
    pixels = (cues["width"] * cues["height"]).to_numpy(float)
    bytes_ = index["file_size"].to_numpy(float)
    return int(np.lexsort((-np.arange(len(rows)), bytes_, pixels, stage))[-1])


def table_path(workspace: Workspace) -> AnyPath:
    """Return the path of the table, `data/sidecar/duplicates.parquet`.

    Parameters
    ----------
    workspace : Workspace
        The workspace.

    Returns
    -------
    Path or UPath
    """
    return workspace.sidecars / "duplicates.parquet"


def write_table(path: AnyPath, groups: Sequence[DuplicateGroup]) -> None:
    """Write one row for each picture of each group.

    Parameters
    ----------
    path : Path or UPath
        The parquet file. Columns: group (number), project, filename, path, best, distance (bits to
        the best), cosine (with the best).
    groups : sequence of DuplicateGroup
        The groups.
    """
    records = [
        (number, group.project, name, path_, i == group.best, group.distance[i], group.cosine[i])
        for number, group in enumerate(groups)
        for i, (name, path_) in enumerate(zip(group.filenames, group.paths, strict=True))
    ]
    columns = ("group", "project", "filename", "path", "best", "distance", "cosine")
    kinds = ("int64", "str", "str", "str", "bool", "int64", "float64")
    frame = pd.DataFrame(records, columns=list(columns)).astype(
        dict(zip(columns, kinds, strict=True))
    )
    with replacing(path) as temporary:
        frame.to_parquet(temporary, index=False)
