"""Read the sidecars: embeddings, hashes and cues of every picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from prefml._typing import Floats32, Ints, Ints64
from prefml.encoders.spec import EncoderSpec
from prefml.exceptions import SidecarError
from prefml.files import AnyPath
from prefml.imaging import faces, people_cues
from prefml.imaging.decode import DECODING_VERSION
from prefml.sidecars.index import (
    check_keys,
    is_any,
    look_up,
    open_sources,
    read_index,
    read_index_if_any,
    read_settled,
    sorted_rows,
)
from prefml.sidecars.schema import KEYS, naming_damage, part_schema, select_columns
from prefml.sidecars.sources import Source

__all__ = [
    "Sidecars",
    "read_columns",
    "read_index",
    "read_index_if_any",
    "read_sidecars",
    "read_sidecars_if_any",
]


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
        A float32 column for each cue that was read.
    encoder : EncoderSpec
        The encoder of the embeddings.
    cue_identity : str
        Identity of the set of cues.
    decoding : int
        Earliest version of the decoding that gave the pixels of a row.
    settings : DataFrame or None
        Settings of the generator that made each picture, see
        `prefml.sidecars.generator.with_settings`; None where none are known, or asked for.
    """

    index: pd.DataFrame
    embeddings: Floats32
    hashes: NDArray[np.str_]
    cues: pd.DataFrame
    encoder: EncoderSpec
    cue_identity: str
    decoding: int = DECODING_VERSION
    settings: pd.DataFrame | None = None

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.index)

    @property
    def common_cues(self) -> pd.DataFrame:
        """The cues that every picture has: without those of people, but for the largest face."""
        rare = set(people_cues.NAMES) - set(faces.NAMES)
        return self.cues[[name for name in self.cues.columns if name not in rare]]

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
        return look_up(self._keys, project, filename)


def read_sidecars(
    folder: AnyPath,
    projects: Iterable[str] | None = None,
    cues: Sequence[str] | None = None,
    paths: Iterable[str] | None = None,
) -> Sidecars:
    """Read the sidecars, also while a pass replaces some of them.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder, `data/sidecar` of a workspace.
    projects : iterable of str, optional
        Read the rows of these projects only, and no file of another one.
    cues : sequence of str, optional
        Read these cues only.
    paths : iterable of str, optional
        Read the rows of the pictures that lie there only, relative to the workspace, and of the
        files only what lies near them.

    Returns
    -------
    Sidecars

    Raises
    ------
    SidecarError
        If a file is missing, damaged, foreign, or not of the same run as the others. While they
        are being replaced they are first looked at again. Also if there is no such cue.
    """
    wanted = None if projects is None else frozenset(projects)
    places = None if paths is None else frozenset(paths)
    return read_settled(folder, lambda: _read(folder, wanted, cues, places))


def read_sidecars_if_any(
    folder: AnyPath,
    projects: Iterable[str] | None = None,
    cues: Sequence[str] | None = None,
    paths: Iterable[str] | None = None,
) -> Sidecars | None:
    """Read the sidecars, or return None where there are none.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.
    projects : iterable of str, optional
        As for `read_sidecars`.
    cues : sequence of str, optional
        As for `read_sidecars`.
    paths : iterable of str, optional
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
    return read_sidecars(folder, projects, cues, paths) if is_any(folder) else None


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
    return read_settled(folder, lambda: _read_columns(folder, kind, list(columns), wanted))


def _read_columns(
    folder: AnyPath, kind: str, columns: list[str], projects: frozenset[str] | None
) -> pd.DataFrame:
    sources = open_sources(folder, projects)
    known = select_columns(part_schema(sources[0].provenance), kind).names[len(KEYS) :]
    _known(columns, known, kind)
    keys = pa.concat_tables([source.keys for source in sources])
    order = sorted_rows(keys, projects)
    found: pd.DataFrame = keys.select(["project", "filename"]).take(order).to_pandas()
    check_keys(found)
    values = _gather(sources, kind, order, columns).to_pandas() if columns else found[[]]
    for source in sources:
        source.close()
    return found.join(values)


def _known(columns: Sequence[str], known: Sequence[str], kind: str) -> Sequence[str]:
    """Return columns that are there, and refuse others."""
    if missing := [name for name in columns if name not in known]:
        raise SidecarError(f"no column {missing[0]} of {kind}", f"one of {', '.join(known)}")
    return columns


def _read(
    folder: AnyPath,
    projects: frozenset[str] | None,
    wanted: Sequence[str] | None,
    paths: frozenset[str] | None,
) -> Sidecars:
    sources = open_sources(folder, projects)
    with ExitStack() as stack, naming_damage(folder, "whole sidecar files"):
        for source in sources:
            stack.callback(source.close)
        keys = pa.concat_tables([source.keys for source in sources])
        order = sorted_rows(keys, projects)
        if paths is not None:
            order = order[pc.is_in(keys["path"], pa.array(paths, pa.string())).to_numpy()[order]]
        index = keys.take(order).to_pandas()
        measured = sources[0].provenance.cue_names
        chosen = measured if wanted is None else _known(wanted, measured, "cues")
        cues = _gather(sources, "cues", order, ("stage", *chosen)).to_pandas()
        index["stage"] = cues.pop("stage").astype(np.float64)
        hashes = _gather(sources, "hashes", order, ["phash"])["phash"]
        vectors = _vectors(sources, order)
        text = np.array(hashes.to_pylist(), dtype="U16")
        check_keys(index)
        if not np.isfinite(vectors).all():
            raise SidecarError(
                f"{folder}: embeddings that are not finite", "numbers", "prefml embed --verify"
            )
    made_with = sources[0].provenance
    decoding = min(source.provenance.decoding for source in sources)
    return Sidecars(index, vectors, text, cues, made_with.encoder, made_with.cues, decoding)


def _gather(
    sources: Sequence[Source], kind: str, order: Ints64, columns: Sequence[str]
) -> pa.Table:
    """Read the wanted rows, in their order."""
    tables, places = [], []
    for source, own in zip(sources, _places(sources, order), strict=True):
        groups = list(_groups(source, kind, own))
        rows = np.concatenate([own[:0], *(own[span] for _, span in groups)])
        table = source.read(kind, columns, [group for group, _ in groups])
        tables.append(table.replace_schema_metadata(None).filter(rows >= 0))
        places.append(rows[rows >= 0])
    return pa.concat_tables(tables).take(np.argsort(np.concatenate(places)))


def _vectors(sources: Sequence[Source], order: Ints64) -> Floats32:
    """Put every row group at its sorted rows, so that the vectors are in memory once."""
    vectors = np.empty((len(order), sources[0].provenance.encoder.dim), np.float32)
    for source, own in zip(sources, _places(sources, order), strict=True):
        for group, span in _groups(source, "embeddings", own):
            column = source.read_group("embeddings", group)["embedding"].combine_chunks()
            values = column.flatten().to_numpy().reshape(len(column), -1)
            kept = own[span] >= 0
            vectors[own[span][kept]] = values if kept.all() else values[kept]
        source.close()
    return vectors


def _places(sources: Sequence[Source], order: Ints64) -> list[Ints64]:
    """Return for each source where its rows come to stand, -1 for those that are not wanted."""
    lengths = [source.keys.num_rows for source in sources]
    places = np.full(sum(lengths), -1, np.int64)
    places[order] = np.arange(len(order))
    return np.split(places, np.cumsum(lengths)[:-1])


def _groups(source: Source, kind: str, places: Ints64) -> Iterator[tuple[int, slice]]:
    """Yield the row groups that hold wanted rows, and which rows of the source they are."""
    for group in range(source.groups(kind)):
        span = slice(source.start(kind, group), source.start(kind, group + 1))
        if (places[span] >= 0).any():
            yield group, span
