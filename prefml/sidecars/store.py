"""Read the sidecars: embeddings, hashes and cues of every picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from prefml._typing import Floats32, Ints, Ints64
from prefml.encoders.spec import EncoderSpec
from prefml.exceptions import SidecarError
from prefml.files import AnyPath, read_consistently
from prefml.sidecars.compact import is_replacing
from prefml.sidecars.schema import READ_ERRORS
from prefml.sidecars.sources import Source, open_store

__all__ = ["Sidecars", "read_sidecars", "read_sidecars_if_any"]

# The three files are replaced one right after the other.
_TIMEOUT = 1.0


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
    """

    index: pd.DataFrame
    embeddings: Floats32
    hashes: NDArray[np.str_]
    cues: pd.DataFrame
    encoder: EncoderSpec
    cue_identity: str

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


def read_sidecars(folder: AnyPath) -> Sidecars:
    """Read the three sidecar files, also while a pass replaces them.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder, `data/sidecar` of a workspace.

    Returns
    -------
    Sidecars

    Raises
    ------
    SidecarError
        If a file is missing, damaged, foreign, or not of the same run as the others. While they
        are being replaced they are first looked at again.
    """
    return read_consistently(
        lambda: _read(folder), lambda: is_replacing(folder), SidecarError, _TIMEOUT
    )


def read_sidecars_if_any(folder: AnyPath) -> Sidecars | None:
    """Read the three sidecar files, or return None where there are none.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.

    Returns
    -------
    Sidecars or None
        None if the folder holds no sidecar file at all.

    Raises
    ------
    SidecarError
        As `read_sidecars`: what is damaged is never taken for absent.
    """
    try:
        return read_sidecars(folder)
    except SidecarError:
        if any(folder.glob("*.parquet")):
            raise
        return None


def _read(folder: AnyPath) -> Sidecars:
    source = open_store(folder)
    try:
        by = [("project", "ascending"), ("filename", "ascending")]
        order: Ints64 = pc.sort_indices(source.keys, sort_keys=by).to_numpy().astype(np.int64)
        index = source.keys.take(order).to_pandas()
        cues = source.read("cues").take(order).to_pandas()
        index["stage"] = cues.pop("stage").astype(np.float64)
        hashes = source.read("hashes")["phash"].take(order)
        vectors = _vectors(source, order)
        text = np.array(hashes.to_pylist(), dtype="U16")
        _check_values(index, vectors)
    except READ_ERRORS as error:
        raise SidecarError(f"{folder}: {error}", "whole sidecar files", "prefml embed") from error
    finally:
        source.close()
    return Sidecars(index, vectors, text, cues, source.provenance.encoder, source.provenance.cues)


def _check_values(index: pd.DataFrame, vectors: Floats32) -> None:
    keys = index[["project", "filename"]]
    if keys.isna().any(axis=None) or keys.duplicated().any():
        raise ValueError("a picture without a name, or one that occurs twice")
    if not np.isfinite(vectors).all():
        raise ValueError("embeddings that are not finite")


def _vectors(source: Source, order: Ints64) -> Floats32:
    """Put every row group at its sorted rows, so that the vectors are in memory once."""
    vectors = np.empty((len(order), source.provenance.encoder.dim), np.float32)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    for group in range(source.groups("embeddings")):
        column = source.read_group("embeddings", group)["embedding"].combine_chunks()
        values = column.flatten().to_numpy().reshape(len(column), -1)
        first = source.start("embeddings", group)
        vectors[place[first : first + len(values)]] = values
    return vectors
