"""Find the files that an ONNX model takes weights from, without loading it."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from prefml.exceptions import EncoderError

__all__ = ["external_files"]

# Wire format of protocol buffers: kinds of a field's value.
_VARINT, _EIGHT_BYTES, _SIZED, _FOUR_BYTES = 0, 1, 2, 5

_Buffer: TypeAlias = "mmap.mmap | bytes"

# Of each message of onnx.proto: number of a field -> the message in it, as far as weights may lie
# below. Entries of a tensor's external data hold a key (1) and a value (2).
_FIELDS: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}


def external_files(model: Path) -> frozenset[str]:
    """Return the places of weights that an ONNX model names, as they stand in it.

    Parameters
    ----------
    model : Path
        The ONNX file; only the frames of its messages are read, not the weights in it.

    Returns
    -------
    frozenset of str
        Relative to the model's folder; empty if all weights lie in the model itself.

    Raises
    ------
    EncoderError
        If the file is no ONNX model.

    References
    ----------
    Protocol buffers, "Encoding"; onnx.proto of ONNX 1.18, `TensorProto.external_data`.
    """
    try:
        with (
            model.open("rb") as stream,
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as raw,
        ):
            return frozenset(_locations(raw))
    except (ValueError, IndexError) as error:
        raise EncoderError(f"{model}: {error}", "an ONNX model") from error


def _locations(raw: _Buffer) -> Iterator[str]:
    waiting = [("model", 0, len(raw))]
    while waiting:
        message, start, end = waiting.pop()
        if message == "entry":
            texts = {number: raw[at:stop] for number, at, stop in _sized_fields(raw, start, end)}
            if texts.get(1) == b"location":
                yield texts.get(2, b"").decode("utf-8", "backslashreplace")
            continue
        known = _FIELDS[message]
        for number, at, stop in _sized_fields(raw, start, end):
            if number in known:
                waiting.append((known[number], at, stop))


def _sized_fields(raw: _Buffer, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield number, start and end of every field of a message that has a length."""
    at = start
    while at < end:
        tag, at = _varint(raw, at)
        if tag >= 1 << 32:
            # Some readers drop the bits above, and find another field than this one.
            raise ValueError("a field of a number that none has")
        kind = tag & 7
        if kind == _SIZED:
            length, at = _varint(raw, at)
            yield tag >> 3, at, at + length
            at += length
        elif kind == _VARINT:
            _, at = _varint(raw, at)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            at += 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"a field of kind {kind}")
    if at != end:
        raise ValueError("a message that is longer than it says")


def _varint(raw: _Buffer, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError("a number of more than ten bytes")
