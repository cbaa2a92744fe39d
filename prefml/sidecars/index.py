"""Read which pictures the sidecars hold: their keys, and where their rows lie."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from prefml._typing import Ints, Ints64
from prefml.exceptions import SidecarError
from prefml.files import AnyPath, read_consistently
from prefml.sidecars.layout import Fragment, data_set, list_fragments, project_folder
from prefml.sidecars.places import exists, is_refusal, naming_refusals
from prefml.sidecars.recovery import is_replacing
from prefml.sidecars.schema import KINDS
from prefml.sidecars.sources import Source, open_fragment

__all__ = [
    "check_keys",
    "find_rows",
    "is_any",
    "look_up",
    "open_sources",
    "read_index",
    "read_index_if_any",
    "read_settled",
    "sorted_rows",
]

# Files are replaced one right after the other.
_TIMEOUT = 1.0
T = TypeVar("T")


def find_rows(index: pd.DataFrame, project: ArrayLike, filename: ArrayLike) -> Ints:
    """Look up pictures by project and file name, as `Sidecars.positions` does.

    Parameters
    ----------
    index : DataFrame
        Columns project and filename, which together are unique.
    project, filename : array-like of str, of shape (n,)
        The keys.

    Returns
    -------
    ndarray of shape (n,)
        Row of each picture, -1 where there is none.
    """
    return look_up(pd.MultiIndex.from_frame(index[["project", "filename"]]), project, filename)


def look_up(keys: pd.MultiIndex, project: ArrayLike, filename: ArrayLike) -> Ints:
    """Look up pictures in keys that were prepared once.

    Parameters
    ----------
    keys : MultiIndex
        Project and file name of each picture.
    project, filename : array-like of str, of shape (n,)
        The wanted ones.

    Returns
    -------
    ndarray of shape (n,)
        Position of each among the keys, -1 where there is none.
    """
    wanted = [np.asarray(project, dtype=object), np.asarray(filename, dtype=object)]
    if not len(keys) or not len(wanted[0]):
        return np.full(len(wanted[0]), -1, dtype=np.intp)
    found: Ints = keys.get_indexer(pd.MultiIndex.from_arrays(wanted))
    return found


def read_index(folder: AnyPath, projects: Iterable[str] | None = None) -> pd.DataFrame:
    """Read which pictures the sidecars hold, and none of their values.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.
    projects : iterable of str, optional
        As for `read_sidecars`.

    Returns
    -------
    DataFrame
        Columns project, filename, path, file_size (bytes), mtime_ns and decoding, the version of
        the decoding that gave the pixels.

    Raises
    ------
    SidecarError
        As `read_sidecars`.
    """
    wanted = None if projects is None else frozenset(projects)
    return read_settled(folder, lambda: _read_index(folder, wanted))


def read_index_if_any(
    folder: AnyPath, projects: Iterable[str] | None = None
) -> pd.DataFrame | None:
    """Read which pictures the sidecars hold, or return None where there are none.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.
    projects : iterable of str, optional
        As for `read_sidecars`.

    Returns
    -------
    DataFrame or None
        As `read_index`; None if the folder holds no sidecar file at all.

    Raises
    ------
    SidecarError
        As `read_sidecars`.
    """
    return read_index(folder, projects) if is_any(folder) else None


def is_any(folder: AnyPath) -> bool:
    """Tell whether a folder holds any sidecar file.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.

    Returns
    -------
    bool
    """
    with naming_refusals(folder):
        return any(exists(data_set(folder, kind)) for kind in KINDS)


def read_settled(folder: AnyPath, read: Callable[[], T]) -> T:
    """Read from the sidecars, again where they were being replaced meanwhile.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.
    read : callable
        Reads once.

    Returns
    -------
    What it returns.

    Raises
    ------
    SidecarError
        If it does so and nothing is being replaced.
    """
    with naming_refusals(folder):
        return read_consistently(read, lambda: is_replacing(folder), SidecarError, _TIMEOUT)


def _read_index(folder: AnyPath, projects: frozenset[str] | None) -> pd.DataFrame:
    sources = open_sources(folder, projects)
    keys = pa.concat_tables([source.keys for source in sources])
    lengths = [source.keys.num_rows for source in sources]
    versions = np.repeat([source.provenance.decoding for source in sources], lengths)
    keys = keys.append_column("decoding", pa.array(versions))
    index: pd.DataFrame = keys.take(sorted_rows(keys, projects)).to_pandas()
    check_keys(index)
    return index


def open_sources(folder: AnyPath, projects: frozenset[str] | None) -> list[Source]:
    """Open the fragments of the sidecars, and read their keys.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.
    projects : frozenset of str or None
        Only those of these projects; None: all.

    Returns
    -------
    list of Source
        At least one, also where the projects have no rows: it tells the encoder.

    Raises
    ------
    SidecarError
        If there are none, one is damaged, or they are of two encoders or two sets of cues.
    """
    try:
        fragments = list_fragments(folder)
    except OSError as error:
        if is_refusal(folder, error):
            raise
        raise SidecarError(f"{folder}: {error}", "a readable folder", "prefml embed") from error
    if not fragments:
        raise SidecarError(
            f"no {data_set(folder, KINDS[0])}", "the sidecars of this workspace", "prefml embed"
        )
    # Where a project has no rows, those of any other tell the encoder.
    chosen = _of_projects(fragments, projects) or fragments[:1]
    sources = [open_fragment(fragment) for fragment in chosen]
    for source in sources:
        if not source.provenance.makes_same_rows(sources[0].provenance):
            raise SidecarError(
                f"{folder}: rows of two encoders, or of two sets of cues", "one", "prefml embed"
            )
    return sources


def _of_projects(
    fragments: Sequence[Fragment], projects: frozenset[str] | None
) -> Sequence[Fragment]:
    if projects is None:
        return fragments
    folders = {"", *map(project_folder, projects)}
    return [fragment for fragment in fragments if fragment.folder in folders]


def sorted_rows(keys: pa.Table, projects: frozenset[str] | None) -> Ints64:
    """Return the numbers of the wanted rows in the order of their keys.

    Parameters
    ----------
    keys : pyarrow.Table
        Columns project and filename, at least.
    projects : frozenset of str or None
        Whose rows are wanted; None: all.

    Returns
    -------
    ndarray of shape (n_wanted,), int64
    """
    by = [("project", "ascending"), ("filename", "ascending")]
    order: Ints64 = pc.sort_indices(keys, sort_keys=by).to_numpy().astype(np.int64)
    if projects is None:
        return order
    wanted = pc.is_in(keys["project"], pa.array(sorted(projects), pa.string()))
    kept: Ints64 = order[wanted.to_numpy()[order]]
    return kept


def check_keys(index: pd.DataFrame) -> None:
    """Refuse keys that are missing or occur twice.

    Parameters
    ----------
    index : DataFrame
        Columns project and filename, at least.

    Raises
    ------
    SidecarError
        If there are such keys.
    """
    keys = index[["project", "filename"]]
    if keys.isna().any(axis=None) or keys.duplicated().any():
        raise SidecarError(
            "a picture without a name, or one that occurs twice",
            "one row for each picture",
            "prefml embed",
        )
