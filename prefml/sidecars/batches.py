"""Encode a batch of decoded pictures and make rows of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from prefml._typing import Floats32
from prefml.encoders.spec import Encoder, Preprocessed
from prefml.exceptions import EncoderError
from prefml.sidecars.derive import Derived
from prefml.sidecars.schema import KEYS
from prefml.sidecars.sources import Source

__all__ = ["make_rows"]


def make_rows(
    batch: Sequence[Derived], encoder: Encoder, sources: Sequence[Source], schema: pa.Schema
) -> pa.Table:
    """Encode new pictures, copy reusable values, and make a table of both.

    Parameters
    ----------
    batch : sequence of Derived
        The pictures.
    encoder : Encoder
        Encodes them in one call.
    sources : sequence of Source
        Sources of the rows that are reusable in part.
    schema : pyarrow.Schema
        The columns of the table.

    Returns
    -------
    pyarrow.Table
        One row for each picture.

    Raises
    ------
    EncoderError
        If the encoder returns vectors of the wrong shape or not finite.
    """
    columns: dict[str, pa.Array] = {
        name: pa.array([getattr(one.task.image, name) for one in batch]) for name in KEYS
    }
    columns["embedding"] = _embeddings(batch, encoder, sources)
    measured = [_measured(one, sources) for one in batch]
    for name in schema.names[len(columns) :]:
        columns[name] = pa.array([row[name] for row in measured], schema.field(name).type)
    return pa.table(columns).cast(schema)


def _embeddings(
    batch: Sequence[Derived], encoder: Encoder, sources: Sequence[Source]
) -> pa.FixedSizeListArray:
    vectors = np.empty((len(batch), encoder.spec.dim), np.float32)
    fresh = [place for place, one in enumerate(batch) if one.task.encode]
    if fresh:
        prepared = [batch[place].prepared for place in fresh]
        vectors[fresh] = _encode(encoder, [one for one in prepared if one is not None])
    for place, one in enumerate(batch):
        reusable = one.task.reusable
        if reusable is not None and reusable.embedding:
            old = sources[reusable.source].row("embeddings", reusable.row)["embedding"]
            vectors[place] = old.combine_chunks().flatten().to_numpy()
    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), encoder.spec.dim)


def _encode(encoder: Encoder, prepared: Sequence[Preprocessed]) -> Floats32:
    vectors: Floats32 = np.asarray(encoder.encode(prepared), np.float32)
    if vectors.shape != (len(prepared), encoder.spec.dim):
        raise EncoderError(
            f"encoder {encoder.spec.id} gave {vectors.shape} values",
            f"({len(prepared)}, {encoder.spec.dim})",
        )
    if not np.isfinite(vectors).all():
        raise EncoderError(
            f"encoder {encoder.spec.id} gave values that are not finite",
            "finite embeddings",
            "prefml embed --device cpu",
        )
    return vectors


def _measured(one: Derived, sources: Sequence[Source]) -> dict[str, object]:
    reusable = one.task.reusable
    if reusable is None or not reusable.cues:
        return {"phash": one.phash, **one.cues}
    source = sources[reusable.source]
    both = (source.row(kind, reusable.row).to_pylist()[0] for kind in ("hashes", "cues"))
    return {name: value for row in both for name, value in row.items()}
