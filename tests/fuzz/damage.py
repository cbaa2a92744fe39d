"""Damages files in the ways in which files get damaged; the same seed, the same damage."""

from __future__ import annotations

import copy
import csv
import io
import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

NUMBERS = (
    "NaN", "nan", "-1", "-0.0", "1e308", "-1e308", "1e999", "Infinity", "-inf", "1e-320", "0", "1",
    "0.5", "1.0000001", "0x10", "1_000", "9" * 30, "9" * 5000, "٣", "1,5", "", " ", "null", "true",
)  # fmt: skip
TEXTS = (
    "", " ", "\0", "a\0b", "\ud800", "é", "\u2028", "\ufeff", "..", "../../etc/passwd", "/", "\\",
    "a/b/", ".", "~", "~nobody-of-that-name", "C:\\x\\y.png", "-", "NaN", "[]", "{}", "x" * 70_000,
    "x/" * 3000, "unknown", "20250230_999999", "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 10**400, -(10**400), 1e308, -1e308, float("nan"), float("inf"),
    5e-324, 0.5, [], {}, [[]], [None], {"": None}, [0, 0, 1, 1], [1, 0, 0, 1], [float("nan")] * 4,
    ["0", "0", "1", "1"], [1e308, 0, 1e308, 1], *TEXTS,
)  # fmt: skip
DEPTHS = (3, 60, 300, 500, 950, 3000, 100_000)
_DEEP = "@deep@"
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


class Damage:
    """A source of damaged copies.

    Parameters
    ----------
    seed : int
        The same seed gives the same copies.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def copies(self, sound: bytes, count: int, *ways: Callable[[bytes], bytes]) -> Iterator[bytes]:
        """Yield damaged copies: of the bytes, and in each of the given ways; some of them twice."""
        for _ in range(count):
            raw = sound
            for _ in range(self.random.choice((1, 1, 1, 2, 3))):
                raw = self.random.choice((self.bytes, *(way for way in ways for _ in "ab")))(raw)
            yield raw

    def bytes(self, raw: bytes) -> bytes:
        """Damage bytes without knowing what they mean."""
        return self.random.choice(self._byte_ways())(raw)

    def _byte_ways(self) -> tuple[Callable[[bytes], bytes], ...]:
        return (
            self.cut, self.lose, self.double, self.flip, self.insert, self.recode, self.break_lines,
            self.number, self.number, self.shuffle_lines, self.grow,
        )  # fmt: skip

    def _span(self, raw: bytes) -> tuple[int, int]:
        start = self.random.randrange(len(raw) + 1)
        return start, min(len(raw), start + self.random.choice((1, 3, 20, 200)))

    def cut(self, raw: bytes) -> bytes:
        return raw[: self.random.randrange(len(raw) + 1)]

    def lose(self, raw: bytes) -> bytes:
        start, end = self._span(raw)
        return raw[:start] + raw[end:]

    def double(self, raw: bytes) -> bytes:
        start, end = self.random.choice(((0, len(raw)), self._span(raw)))
        return raw[:end] + raw[start:end] + raw[end:]

    def flip(self, raw: bytes) -> bytes:
        changed = bytearray(raw)
        for _ in range(self.random.choice((1, 1, 2, 10)) if raw else 0):
            changed[self.random.randrange(len(raw))] ^= 1 << self.random.randrange(8)
        return bytes(changed)

    def insert(self, raw: bytes) -> bytes:
        place = self.random.randrange(len(raw) + 1)
        depth = self.random.choice(DEPTHS)
        what = self.random.choice(
            (b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\x80", b'"', b"'", b",", b"\n",
             b"\r", b"\\", b"\x1a", b"[" * depth, b"{" * depth, b'{"a":' * depth, bytes(64))
        )  # fmt: skip
        return raw[:place] + what + raw[place:]

    def recode(self, raw: bytes) -> bytes:
        text = raw.decode("utf-8", "replace")
        if self.random.random() < 0.3:
            return b"\xef\xbb\xbf" + raw
        return text.encode(
            self.random.choice(("utf-16", "utf-32-le", "latin-1", "cp037", "utf-7")), "replace"
        )

    def break_lines(self, raw: bytes) -> bytes:
        return raw.replace(b"\n", self.random.choice((b"\r\n", b"\r", b"\n\n", b"\x85", b"")))

    def number(self, raw: bytes) -> bytes:
        found = list(_NUMBER.finditer(raw))
        if not found:
            return self.insert(raw)
        one = self.random.choice(found)
        return raw[: one.start()] + self.random.choice(NUMBERS).encode() + raw[one.end() :]

    def shuffle_lines(self, raw: bytes) -> bytes:
        lines = raw.split(b"\n")
        one, other = (self.random.randrange(len(lines)) for _ in range(2))
        lines[one], lines[other] = lines[other], lines[one]
        return b"\n".join(lines)

    def grow(self, raw: bytes) -> bytes:
        place = self.random.randrange(len(raw) + 1)
        return raw[:place] + self.random.choice((b"x", b"9", b" ", b'""')) * 100_000 + raw[place:]

    def cells(self, raw: bytes) -> bytes:
        """Damage a CSV file in one of its rows."""
        text = raw.decode("utf-8", "replace").replace("\0", "")
        try:
            rows = list(csv.reader(io.StringIO(text, newline="")))
        except csv.Error:
            return self.bytes(raw)
        filled = [row for row in rows if row]
        if not filled:
            return self.bytes(raw)
        row = self.random.choice(filled)
        place = self.random.randrange(len(row))
        way = self.random.randrange(7)
        if way < 4:
            row[place] = self.random.choice((*NUMBERS, *TEXTS))
        elif way == 4:
            del row[place]
        elif way == 5:
            row.insert(place, self.random.choice(NUMBERS))
        else:
            other = self.random.randrange(len(row))
            row[place], row[other] = row[other], row[place]
        buffer = io.StringIO(newline="")
        csv.writer(buffer).writerows(rows)
        return buffer.getvalue().encode("utf-8", "surrogatepass")

    def document(self, raw: bytes) -> bytes:
        """Damage a JSON document in one of its values."""
        try:
            return self._text_of(self.value(json.loads(raw)))
        except (ValueError, RecursionError):
            return self.bytes(raw)

    def lines(self, raw: bytes) -> bytes:
        """Damage one line of a file of JSON lines in one of its values."""
        lines = raw.split(b"\n")
        place = self.random.randrange(len(lines))
        lines[place] = self.document(lines[place])
        return b"\n".join(lines)

    def _text_of(self, value: Any) -> bytes:
        escaped = self.random.random() < 0.5
        text = json.dumps(value, ensure_ascii=escaped)
        depth = self.random.choice(DEPTHS)
        left, right = self.random.choice((("[", "]"), ('{"a":', "}")))
        deep = left * depth + ("" if left == "[" else "0") + right * depth
        return text.replace(f'"{_DEEP}"', deep).encode("utf-8", "surrogatepass")

    def value(self, document: Any) -> Any:
        """Return plain JSON data with one of its values, at any depth, changed or gone."""
        changed = copy.deepcopy(document)
        holders = [place for place in _places(changed)]
        if not holders or self.random.random() < 0.03:
            return self._other()
        holder, key = self.random.choice(holders)
        way = self.random.randrange(8)
        if way < 5:
            holder[key] = self._other()
        elif way == 5:
            del holder[key]
        elif way == 6:
            holder[key] = [holder[key]]
        else:
            other_holder, other_key = self.random.choice(holders)
            holder[key] = copy.deepcopy(other_holder[other_key])
        return changed

    def _other(self) -> Any:
        return copy.deepcopy(self.random.choice((*VALUES, _DEEP, _DEEP)))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place in plain data where a value stands: its holder and its key."""
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in list(keys):
        yield value, key
        yield from _places(value[key])
