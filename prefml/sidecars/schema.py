"""Define columns and metadata of the sidecar files and their parts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from prefml.encoders.spec import EncoderSpec
from prefml.exceptions import PrefmlError, SidecarError
from prefml.files import AnyPath
from prefml.imaging import cues as measured
from prefml.imaging.decode import DECODING_VERSION
from prefml.sidecars.places import is_refusal

__all__ = [
    "KEYS",
    "KINDS",
    "Provenance",
    "naming_damage",
    "open_parquet",
    "open_writer",
    "part_schema",
    "read_provenance",
    "select_columns",
]

SCHEMA = "prefml/sidecar/1"
# What reading a damaged parquet file raises; texts that are not UTF-8 are a ValueError.
_READ_ERRORS = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    OverflowError,
    MemoryError,
    pa.ArrowException,
)
KINDS = ("embeddings", "hashes", "cues")
KEYS = ("project", "filename", "path", "file_size", "mtime_ns")
_KEY_TYPES = (pa.string(), pa.string(), pa.string(), pa.int64(), pa.int64())
_METADATA = b"prefml"


@dataclass(frozen=True)
class Provenance:
    """Encoder and cues that a file's rows were made with; rows of two are never mixed.

    Attributes
    ----------
    encoder : EncoderSpec
        The encoder, with its preprocessing and normalisation.
    cues : str
        Identity of the set of cues.
    cue_names : tuple of str
        Their columns, in order.
    generation : str
        Equal in files that were written together; empty in a part.
    list_names : tuple of str
        Further columns beside the cues, each of which holds a list of numbers for a picture.
    decoding : int
        Version of the decoding that gave the pixels; see `prefml.imaging.decode.is_decoded_anew`.
    """

    encoder: EncoderSpec
    cues: str
    cue_names: tuple[str, ...]
    generation: str = ""
    list_names: tuple[str, ...] = ()
    decoding: int = DECODING_VERSION

    @classmethod
    def of(cls, encoder: EncoderSpec) -> Provenance:
        """Return that of rows made here: by an encoder, and with the cues of this version."""
        return cls(
            encoder,
            measured.cue_identity(),
            measured.CUE_NAMES,
            list_names=measured.list_names(),
        )

    def makes_same_rows(self, other: Provenance) -> bool:
        """Tell whether rows of two provenances may stand beside each other.

        Parameters
        ----------
        other : Provenance
            The other one.

        Returns
        -------
        bool
        """
        return self.encoder.identity == other.encoder.identity and self.has_same_cues(other)

    def has_same_cues(self, other: Provenance) -> bool:
        """Tell whether hashes and cues of two provenances are the same columns.

        Parameters
        ----------
        other : Provenance
            The other one.

        Returns
        -------
        bool
        """
        return (self.cues, self.cue_names, self.list_names) == (
            other.cues,
            other.cue_names,
            other.list_names,
        )

    def to_metadata(self) -> dict[bytes, bytes]:
        """Return the metadata of a parquet schema."""
        content = {
            "schema": SCHEMA,
            "encoder": self.encoder.to_dict(),
            "encoder_identity": self.encoder.identity,
            "cues": self.cues,
            "cue_names": list(self.cue_names),
            "list_names": list(self.list_names),
            "generation": self.generation,
            "decoding": self.decoding,
        }
        return {_METADATA: json.dumps(content).encode()}

    @classmethod
    def from_content(cls, content: Mapping[str, object]) -> Provenance:
        """Parse the content that `to_metadata` wrote.

        Parameters
        ----------
        content : mapping
            The parsed JSON.

        Returns
        -------
        Provenance

        Raises
        ------
        SidecarError
            If it is of another format or its encoder does not have the identity that was written.
        """
        if content.get("schema") != SCHEMA:
            raise SidecarError(f"format {content.get('schema')!r}", repr(SCHEMA))
        described, names = content["encoder"], content["cue_names"]
        lists, decoding = content.get("list_names", []), content.get("decoding", 1)
        if not isinstance(described, Mapping) or not isinstance(names, list):
            raise SidecarError("an encoder that is no table, or cue names that are no list")
        if not isinstance(lists, list):
            raise SidecarError("names of lists that are no list")
        if not isinstance(decoding, int):
            raise SidecarError(f"a version of decoding that is {decoding!r}", "a whole number")
        encoder = EncoderSpec.from_dict(described)
        if encoder.identity != content["encoder_identity"]:
            raise SidecarError("an encoder description that does not match its identity")
        cue_names, list_names = tuple(map(str, names)), tuple(map(str, lists))
        generation = str(content["generation"])
        return cls(encoder, str(content["cues"]), cue_names, generation, list_names, decoding)


@lru_cache(maxsize=8)
def part_schema(provenance: Provenance) -> pa.Schema:
    """Return the columns of a part file: keys, embedding, hash, stage and cues.

    Parameters
    ----------
    provenance : Provenance
        Dimension of the embedding and names of the cues.

    Returns
    -------
    pyarrow.Schema
    """
    vector = pa.list_(pa.float32(), provenance.encoder.dim)
    fields = [
        *zip(KEYS, _KEY_TYPES, strict=True),
        ("embedding", vector),
        ("phash", pa.string()),
        *((name, pa.float32()) for name in ("stage", *provenance.cue_names)),
        *((name, pa.list_(pa.float32())) for name in provenance.list_names),
    ]
    return pa.schema(fields, metadata=provenance.to_metadata())


def select_columns(schema: pa.Schema, kind: str) -> pa.Schema:
    """Select the columns that one of the three files holds, keys first.

    Parameters
    ----------
    schema : pyarrow.Schema
        The columns of a part.
    kind : {"embeddings", "hashes", "cues"}
        The file.

    Returns
    -------
    pyarrow.Schema
    """
    own = {"embeddings": {"embedding"}, "hashes": {"phash"}}
    others = {*KEYS, *own["embeddings"], *own["hashes"]}
    wanted = own.get(kind, set(schema.names) - others).union(KEYS)
    return pa.schema([field for field in schema if field.name in wanted], metadata=schema.metadata)


def open_writer(target: Path | BinaryIO, schema: pa.Schema) -> pq.ParquetWriter:
    """Open a parquet writer; only texts are compressed, floats would gain nearly nothing.

    Parameters
    ----------
    target : Path or binary file
        The file to write.
    schema : pyarrow.Schema
        Its columns and metadata.

    Returns
    -------
    pyarrow.parquet.ParquetWriter
    """
    leaves = {name: "zstd" for name in KEYS} | {"phash": "zstd"}
    floats = [field for field in schema if field.name not in leaves]
    plain = {
        f"{one.name}.list.element" if pa.types.is_nested(one.type) else one.name: "NONE"
        for one in floats
    }
    present = {name: codec for name, codec in leaves.items() if name in schema.names}
    return pq.ParquetWriter(
        target,
        schema,
        compression=present | plain,
        use_dictionary=["project"],
        write_page_checksum=True,
    )


def open_parquet(path: AnyPath) -> pq.ParquetFile:
    """Open a sidecar file.

    Parameters
    ----------
    path : Path or UPath
        The file.

    Returns
    -------
    pyarrow.parquet.ParquetFile

    Raises
    ------
    SidecarError
        If it is missing or not a parquet file.
    """
    with naming_damage(path, "a parquet file"):
        try:
            if isinstance(path, Path):
                return pq.ParquetFile(path, page_checksum_verification=True)
            # Where a store refuses, pyarrow would say by itself that there is no such file.
            stream = path.fs.open(path.path, "rb")
            return pq.ParquetFile(stream, page_checksum_verification=True)
        except FileNotFoundError as error:
            raise SidecarError(
                f"no {path}", "the sidecars of this workspace", "prefml embed"
            ) from error


@contextmanager
def naming_damage(path: AnyPath, expected: str, run: str = "prefml embed") -> Iterator[None]:
    """Turn what reading a damaged file raises into an error that says what makes it again.

    Parameters
    ----------
    path : Path or UPath
        The file or folder that is read.
    expected : str
        What should be there.
    run : str
        The command that makes it again.

    Raises
    ------
    SidecarError
        In place of those errors. Others pass, and so do those of a store that refuses: what it
        does not show may be whole.
    """
    try:
        yield
    except _READ_ERRORS as error:
        if is_refusal(path, error):
            raise
        raise SidecarError(f"{path}: {error}", expected, run) from error


def read_provenance(path: AnyPath, metadata: Mapping[bytes, bytes] | None) -> Provenance:
    """Parse the provenance in a file's schema metadata.

    Parameters
    ----------
    path : Path or UPath
        The file, for the message.
    metadata : mapping or None
        The metadata of its schema.

    Returns
    -------
    Provenance

    Raises
    ------
    SidecarError
        If prefml did not write the file, or not this version of it.
    """
    try:
        return _parse_provenance((metadata or {})[_METADATA])
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError, PrefmlError) as error:
        raise SidecarError(
            f"{path}: not a sidecar of this version ({error})",
            "a file written by prefml",
            "prefml embed",
        ) from error


@lru_cache(maxsize=8)
def _parse_provenance(content: bytes) -> Provenance:
    """Parse a provenance, once for all the parts of a run."""
    return Provenance.from_content(json.loads(content))
