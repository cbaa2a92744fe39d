"""Decode XML of any usual encoding so that what is edited can be written back in the same one."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from prefml.exceptions import ForeignFileError

__all__ = ["EncodedXml", "decode_xml"]

# Longest first: the mark of UTF-32 begins like that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# The first letter of XML without a mark, which is "<" or white space.
_STARTS = (
    (re.compile(rb"[<\s]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0[<\s]"), "utf-32-be"),
    (re.compile(rb"[<\s]\0"), "utf-16-le"),
    (re.compile(rb"\0[<\s]"), "utf-16-be"),
)
_DECLARED = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
# Encodings of single bytes that a declaration may name: each byte is a letter, so nothing is lost.
_DECLARABLE = {"utf-8", "ascii", "cp1252", *(f"iso8859-{part}" for part in range(1, 17))}


@dataclass(frozen=True)
class EncodedXml:
    """XML as UTF-8, with what is needed to write it as it was.

    Attributes
    ----------
    utf8 : bytes
        The text without its byte order mark.
    encoding : str
        Name of Python's codec.
    mark : bytes
        The byte order mark; empty if there was none.
    """

    utf8: bytes
    encoding: str = "utf-8"
    mark: bytes = b""

    @property
    def line_end(self) -> str:
        """Line end of the text."""
        return "\r\n" if b"\r\n" in self.utf8 else "\n"

    def encode(self, utf8: bytes) -> bytes:
        """Encode an edited text as the original was.

        Parameters
        ----------
        utf8 : bytes
            The edited text; letters that the encoding lacks stand in it as character references.

        Returns
        -------
        bytes
        """
        return self.mark + utf8.decode("utf-8").encode(self.encoding)

    def holds(self, letter: str) -> bool:
        """Tell whether the encoding has a letter.

        Parameters
        ----------
        letter : str
            A single character.

        Returns
        -------
        bool
        """
        try:
            letter.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True


def decode_xml(raw: bytes) -> EncodedXml:
    """Decode XML by its byte order mark, its first letter or its declaration.

    Parameters
    ----------
    raw : bytes
        A whole document.

    Returns
    -------
    EncodedXml
        `encode` of its `utf8` gives the same bytes back.

    Raises
    ------
    ForeignFileError
        If the encoding is unknown, or the bytes are not of it.

    References
    ----------
    Extensible Markup Language (XML) 1.0, fifth edition, appendix F.1.
    """
    mark, encoding = _encoding_of(raw)
    try:
        text = raw[len(mark) :].decode(encoding)
        found = EncodedXml(text.encode("utf-8"), encoding, mark)
    except UnicodeError as error:
        raise ForeignFileError(f"XML with bytes that are not {encoding}", "text") from error
    if found.encode(found.utf8) != raw:
        raise ForeignFileError(f"XML that changes when it is written as {encoding}", "text")
    return found


def _encoding_of(raw: bytes) -> tuple[bytes, str]:
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return mark, name
    for start, name in _STARTS:
        if start.match(raw):
            return b"", name
    declared = _DECLARED.match(raw.lstrip()[:500])
    if declared is None:
        return b"", "utf-8"
    try:
        found = codecs.lookup(declared[1].decode("ascii")).name
    except LookupError:
        found = ""
    if found not in _DECLARABLE:
        raise ForeignFileError(
            f"XML in the encoding {declared[1].decode('ascii')}", "UTF-8, UTF-16 or ISO 8859"
        )
    return b"", found
