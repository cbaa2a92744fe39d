"""Read the sidecars: embeddings, hashes and cues of every picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from prefml._typing import Floats32, Ints, Ints64
from prefml.encoders.spec import EncoderSpec
from prefml.exceptions import SidecarError
from prefml.files import AnyPath, read_consistently
from prefml.imaging.decode import DECODING_VERSION
from prefml.sidecars.layout import Fragment, data_set, list_fragments, project_folder
from prefml.sidecars.recovery import is_replacing
from prefml.sidecars.schema import KEYS, KINDS, READ_ERRORS, part_schema, select_columns
from prefml.sidecars.sources import Source, open_fragment

__all__ = [
    "Sidecars",
    "read_columns",
    "read_index_if_any",
    "read_sidecars",
    "read_sidecars_if_any",
]

# Files are replaced one right after the other.
_TIMEOUT = 1.0
T = TypeVar("T")


@dataclass(frozen=True)
class Sidecars:
    """Embeddings, hashes and cues; row i of each attribute is the same picture.

    Attributes
    ----------
    index : DataFrame
        Columns project, filename, path, file_size (bytes), mtime_ns, stage (NaN without one);
        sorted by project and file name, which together are unique.
    embeddings : ndarray of shape (n_images, dim), float32
        The encoder's vectors; of length 1 if `encoder.normalize` is "l2".
    hashes : ndarray of shape (n_images,)
        Perceptual hashes, 16 hex digits.
    cues : DataFrame
        A float32 column for each cue.
    encoder : EncoderSpec
        The encoder of the embeddings.
    cue_identity : str
        Identity of the set of cues.
    decoding : int
        Earliest version of the decoding that gave the pixels of a row.
    """

    index: pd.DataFrame
    embeddings: Floats32
    hashes: NDArray[np.str_]
    cues: pd.DataFrame
    encoder: EncoderSpec
    cue_identity: str
    decoding: int = DECODING_VERSION

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.index)

    @cached_property
    def _keys(self) -> pd.MultiIndex:
        return pd.MultiIndex.from_frame(self.index[["project", "filename"]])

    def positions(self, project: ArrayLike, filename: ArrayLike) -> Ints:
        """Look up pictures by project and file name.

        Parameters
        ----------
        project, filename : array-like of str, of shape (n,)
            The keys; a name is looked up inside its own project only.

        Returns
        -------
        ndarray of shape (n,)
            Row of each picture, -1 where there is none.
        """
        wanted = [np.asarray(project, dtype=object), np.asarray(filename, dtype=object)]
        if not len(self) or not len(wanted[0]):
            return np.full(len(wanted[0]), -1, dtype=np.intp)
        found: Ints = self._keys.get_indexer(pd.MultiIndex.from_arrays(wanted))
        return found


def read_sidecars(folder: AnyPath, projects: Iterable[str] | None = None) -> Sidecars:
    """Read the sidecars, also while a pass replaces some of them.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder, `data/sidecar` of a workspace.
    projects : iterable of str, optional
        Read the rows of these projects only, and no file of another one.

    Returns
    -------
    Sidecars

    Raises
    ------
    SidecarError
        If a file is missing, damaged, foreign, or not of the same run as the others. While they
        are being replaced they are first looked at again.
    """
    wanted = None if projects is None else frozenset(projects)
    return _read_settled(folder, lambda: _read(folder, wanted))


def read_sidecars_if_any(folder: AnyPath, projects: Iterable[str] | None = None) -> Sidecars | None:
    """Read the sidecars, or return None where there are none.

    Parameters
    ----------
    folder : Path or UPath
        As for `read_sidecars`.
    projects : iterable of str, optional
        As for `read_sidecars`.

    Returns
    -------
    Sidecars or None
        None if the folder holds no sidecar file at all.

    Raises
    ------
    SidecarError
        As `read_sidecars`: what is damaged is never taken for absent.
    """
    return read_sidecars(folder, projects) if _is_any(folder) else None


def read_index_if_any(folder: AnyPath) -> pd.DataFrame | None:
    """Read which pictures the sidecars hold, and none of their values.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.

    Returns
    -------
    DataFrame or None
        Columns project, filename, path, file_size (bytes) and mtime_ns; None if the folder holds
        no sidecar file at all.

    Raises
    ------
    SidecarError
        As `read_sidecars`.
    """
    return _read_settled(folder, lambda: _read_index(folder)) if _is_any(folder) else None


def read_columns(
    folder: AnyPath, kind: str, columns: Sequence[str], projects: Iterable[str] | None = None
) -> pd.DataFrame:
    """Read some columns of a data set, and nothing else but the keys.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.
    kind : str
        The data set: `embeddings`, `hashes` or `cues`.
    columns : sequence of str
        Its columns, such as the names of cues.
    projects : iterable of str, optional
        Read the rows of these projects only.

    Returns
    -------
    DataFrame
        Columns project and filename, by which the rows are sorted, and the wanted ones.

    Raises
    ------
    SidecarError
        As `read_sidecars`; also if the data set has no such column.
    """
    wanted = None if projects is None else frozenset(projects)
    return _read_settled(folder, lambda: _read_columns(folder, kind, list(columns), wanted))


def _read_columns(
    folder: AnyPath, kind: str, columns: list[str], projects: frozenset[str] | None
) -> pd.DataFrame:
    sources = _open(folder, projects)
    known = select_columns(part_schema(sources[0].provenance), kind).names[len(KEYS) :]
    if missing := [name for name in columns if name not in known]:
        raise SidecarError(f"no column {missing[0]} of {kind}", f"one of {', '.join(known)}")
    keys = pa.concat_tables([source.keys for source in sources])
    order = _sorted_rows(keys, projects)
    found: pd.DataFrame = keys.select(["project", "filename"]).take(order).to_pandas()
    _check_keys(found)
    values: pd.DataFrame = _gather(sources, kind, order, columns).to_pandas()
    for source in sources:
        source.close()
    return found.join(values)


def _is_any(folder: AnyPath) -> bool:
    return any(data_set(folder, kind).exists() for kind in KINDS)


def _read_settled(folder: AnyPath, read: Callable[[], T]) -> T:
    return read_consistently(read, lambda: is_replacing(folder), SidecarError, _TIMEOUT)


def _read_index(folder: AnyPath) -> pd.DataFrame:
    sources = _open(folder, None)
    index: pd.DataFrame = pa.concat_tables([source.keys for source in sources]).to_pandas()
    _check_keys(index)
    return index


def _read(folder: AnyPath, projects: frozenset[str] | None) -> Sidecars:
    sources = _open(folder, projects)
    try:
        keys = pa.concat_tables([source.keys for source in sources])
        order = _sorted_rows(keys, projects)
        index = keys.take(order).to_pandas()
        names = ("stage", *sources[0].provenance.cue_names)
        cues = _gather(sources, "cues", order, names).to_pandas()
        index["stage"] = cues.pop("stage").astype(np.float64)
        hashes = _gather(sources, "hashes", order, ["phash"])["phash"]
        vectors = _vectors(sources, order)
        text = np.array(hashes.to_pylist(), dtype="U16")
        _check_keys(index)
        if not np.isfinite(vectors).all():
            raise SidecarError(
                f"{folder}: embeddings that are not finite", "numbers", "prefml embed --verify"
            )
    except READ_ERRORS as error:
        raise SidecarError(f"{folder}: {error}", "whole sidecar files", "prefml embed") from error
    finally:
        for source in sources:
            source.close()
    made_with = sources[0].provenance
    decoding = min(source.provenance.decoding for source in sources)
    return Sidecars(index, vectors, text, cues, made_with.encoder, made_with.cues, decoding)


def _open(folder: AnyPath, projects: frozenset[str] | None) -> list[Source]:
    try:
        fragments = list_fragments(folder)
    except OSError as error:
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


def _sorted_rows(keys: pa.Table, projects: frozenset[str] | None) -> Ints64:
    """Return the numbers of the wanted rows in the order of their keys."""
    by = [("project", "ascending"), ("filename", "ascending")]
    order: Ints64 = pc.sort_indices(keys, sort_keys=by).to_numpy().astype(np.int64)
    if projects is None:
        return order
    wanted = pc.is_in(keys["project"], pa.array(sorted(projects), pa.string()))
    kept: Ints64 = order[wanted.to_numpy()[order]]
    return kept


def _check_keys(index: pd.DataFrame) -> None:
    keys = index[["project", "filename"]]
    if keys.isna().any(axis=None) or keys.duplicated().any():
        raise SidecarError(
            "a picture without a name, or one that occurs twice",
            "one row for each picture",
            "prefml embed",
        )


def _gather(
    sources: Sequence[Source], kind: str, order: Ints64, columns: Sequence[str]
) -> pa.Table:
    tables = [source.read(kind, columns).replace_schema_metadata(None) for source in sources]
    return pa.concat_tables(tables).take(order)


def _vectors(sources: Sequence[Source], order: Ints64) -> Floats32:
    """Put every row group at its sorted rows, so that the vectors are in memory once."""
    vectors = np.empty((len(order), sources[0].provenance.encoder.dim), np.float32)
    lengths = [source.keys.num_rows for source in sources]
    place = np.full(sum(lengths), -1, np.int64)
    place[order] = np.arange(len(order))
    for source, own in zip(sources, np.split(place, np.cumsum(lengths)[:-1]), strict=True):
        for group in range(source.groups("embeddings")):
            column = source.read_group("embeddings", group)["embedding"].combine_chunks()
            values = column.flatten().to_numpy().reshape(len(column), -1)
            first = source.start("embeddings", group)
            target = own[first : first + len(values)]
            kept = target >= 0
            vectors[target[kept]] = values if kept.all() else values[kept]
        source.close()
    return vectors
