"""Read an XMP packet: its properties, and where in the file each of them stands.

Parsed by expat, which resolves nothing: a document type, an entity of its own or an external one
is refused before it could be expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from xml.parsers import expat

from prefml.decisions.xmp.encoded import EncodedXml, decode_xml
from prefml.exceptions import ForeignFileError, counted

__all__ = [
    "DEEPEST",
    "MOST_BYTES",
    "RDF",
    "XML",
    "Description",
    "Name",
    "Packet",
    "Place",
    "read_packet",
]

Name: TypeAlias = tuple[str, str]
"""Namespace and local name."""

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XML = "http://www.w3.org/XML/1998/namespace"
# A packet of Lightroom with masks has 2 MB; what is larger is no list of settings.
MOST_BYTES = 64 << 20
DEEPEST = 200
_SEPARATOR = "\n"
_START_TAG = re.compile(rb"""<[^\s/>]+(?:\s+[^\s=/>]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*/?>""")
_ATTRIBUTE = re.compile(rb"""(\s+)([^\s=/>]+)\s*=\s*("[^"]*"|'[^']*')""")
# Attributes of a property that leave it a plain text.
_PLAIN_ATTRIBUTES = {(XML, "lang")}
_REFUSED = "a sidecar without a document type"


@dataclass(frozen=True)
class Place:
    """Place of a property in the text.

    Attributes
    ----------
    kind : {"attribute", "element"}
        How it is written.
    start, end : int
        Bytes of all of it; of an attribute with the white space before it.
    inner_start, inner_end : int
        Bytes of its value. Of an empty element `<a/>` both are `end`.
    qname : str
        Its name with the prefix.
    plain : bool
        False for a structure or a list.
    """

    kind: str
    start: int
    end: int
    inner_start: int
    inner_end: int
    qname: str
    plain: bool = True


@dataclass(frozen=True)
class Description:
    """Start tag of a top-level `rdf:Description`.

    Attributes
    ----------
    tag_end : int
        Byte after the start tag.
    prefixes : mapping of str to str
        Namespaces by the prefixes that are in scope.
    is_empty : bool
        Whether the tag is `<.../>`.
    """

    tag_end: int
    prefixes: Mapping[str, str]
    is_empty: bool


@dataclass
class Packet:
    """Properties of an XMP packet.

    Attributes
    ----------
    text : EncodedXml
        The document.
    values : dict of Name to list of str or None
        Values of each property, one for each place it stands in; None for a structure or a list.
    places : dict of Name to list of Place
        The places.
    descriptions : list of Description
        Where properties can be added.
    rdf : Description or None
        The `rdf:RDF` element.
    """

    text: EncodedXml
    values: dict[Name, list[str | None]] = field(default_factory=dict)
    places: dict[Name, list[Place]] = field(default_factory=dict)
    descriptions: list[Description] = field(default_factory=list)
    rdf: Description | None = None

    def value(self, name: Name) -> str | None:
        """Return the one value of a property.

        Parameters
        ----------
        name : Name
            The property.

        Returns
        -------
        str or None
            Without white space around it; None where the packet does not have it.

        Raises
        ------
        ForeignFileError
            If it has two values, or is a structure.
        """
        found = {None if one is None else one.strip() for one in self.values.get(name, [])}
        if len(found) > 1:
            shown = " and ".join(sorted(map(str, found)))[:100]
            raise ForeignFileError(f"{name[1]} stands twice, as {shown}", "one value")
        value = next(iter(found), "")
        if value is None:
            raise ForeignFileError(f"{name[1]} is a structure", "a text")
        return value if name in self.values else None


def read_packet(raw: bytes) -> Packet:
    """Read an XMP packet or sidecar.

    Parameters
    ----------
    raw : bytes
        The document.

    Returns
    -------
    Packet

    Raises
    ------
    ForeignFileError
        If it is no XML, no XMP, too large or too deep, or has a document type, which XMP never
        has.

    References
    ----------
    XMP specification, part 1 (2012), section 7: data model in RDF.
    """
    if len(raw) > MOST_BYTES:
        raise ForeignFileError(f"XMP of {counted(len(raw), 'byte')}", f"at most {MOST_BYTES} bytes")
    reader = _Reader(decode_xml(raw))
    reader.run()
    if reader.packet.rdf is None:
        raise ForeignFileError("XML without rdf:RDF", "an XMP sidecar")
    return reader.packet


@dataclass
class _Open:
    """Element that has not ended yet."""

    name: Name
    start: int
    tag_end: int
    is_empty: bool
    role: str
    plain: bool = True
    texts: list[str] = field(default_factory=list)


class _Reader:
    """Receiver of what expat finds."""

    def __init__(self, text: EncodedXml) -> None:
        self.packet = Packet(text)
        self._open: list[_Open] = []
        self._prefixes: dict[str, list[str]] = {"xml": [XML]}
        parser = self._parser = expat.ParserCreate("utf-8", _SEPARATOR)
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters
        parser.StartNamespaceDeclHandler = self.declare
        parser.EndNamespaceDeclHandler = self.undeclare
        parser.StartDoctypeDeclHandler = self.refuse
        parser.EntityDeclHandler = self.refuse
        parser.ExternalEntityRefHandler = self.refuse

    def run(self) -> None:
        """Parse the document."""
        try:
            self._parser.Parse(self.packet.text.utf8, True)
        except expat.ExpatError as error:
            raise ForeignFileError(
                f"XML that cannot be read ({error})", "an XMP sidecar"
            ) from error

    def refuse(self, *_: object) -> int:
        """Refuse what could expand or lead elsewhere."""
        raise ForeignFileError("XML with a document type or entities", _REFUSED)

    def declare(self, prefix: str | None, uri: str | None) -> None:
        """Enter a prefix."""
        self._prefixes.setdefault(prefix or "", []).append(uri or "")

    def undeclare(self, prefix: str | None) -> None:
        """Leave the scope of a prefix."""
        self._prefixes[prefix or ""].pop()

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take in a start tag."""
        if len(self._open) >= DEEPEST:
            raise ForeignFileError(f"XML more than {DEEPEST} elements deep", "an XMP sidecar")
        start, name = self._parser.CurrentByteIndex, _split(tag)
        parent = self._open[-1] if self._open else None
        if parent is not None and parent.role == "property":
            parent.plain = False
        role = _role(name, parent.role if parent else "")
        found = _START_TAG.match(self.packet.text.utf8, start)
        if found is None:
            raise ForeignFileError("XML with a start tag that cannot be read", "an XMP sidecar")
        element = _Open(name, start, found.end(), found[0].endswith(b"/>"), role)
        self._open.append(element)
        if role in ("rdf", "description"):
            self._add_description(element)
        if role == "description":
            self._add_attributes(element, attributes)
        elif role == "property":
            element.plain = set(map(_split, attributes)) <= _PLAIN_ATTRIBUTES

    def _add_description(self, element: _Open) -> None:
        prefixes = {prefix: uris[-1] for prefix, uris in self._prefixes.items() if uris}
        found = Description(element.tag_end, prefixes, element.is_empty)
        if element.role == "description":
            self.packet.descriptions.append(found)
        elif self.packet.rdf is None:
            self.packet.rdf = found

    def _add_attributes(self, element: _Open, attributes: Mapping[str, str]) -> None:
        values = {_split(name): value for name, value in attributes.items()}
        for name, place in self._written(element):
            if name in values and name[0] not in ("", RDF, XML):
                self._add(name, values[name], place)

    def _written(self, element: _Open) -> Iterator[tuple[Name, Place]]:
        for found in _ATTRIBUTE.finditer(self.packet.text.utf8, element.start, element.tag_end):
            qname = found[2].decode("utf-8")
            prefix, colon, local = qname.rpartition(":")
            uris = self._prefixes.get(prefix) if colon else None
            name = (uris[-1] if uris else "", local)
            inner = found.start(3) + 1, found.end(3) - 1
            yield name, Place("attribute", found.start(), found.end(), *inner, qname)

    def characters(self, text: str) -> None:
        """Take in text."""
        if self._open and self._open[-1].role == "property":
            self._open[-1].texts.append(text)

    def end(self, tag: str) -> None:
        """Take in the end of an element."""
        element = self._open.pop()
        if element.role != "property":
            return
        inner_end, utf8 = self._parser.CurrentByteIndex, self.packet.text.utf8
        qname = re.split(rb"[\s/>]", utf8[element.start + 1 : element.tag_end], maxsplit=1)[0]
        if element.is_empty:
            end = inner_start = inner_end = element.tag_end
        else:
            inner_start, end = element.tag_end, utf8.index(b">", inner_end) + 1
        place = Place(
            "element", element.start, end, inner_start, inner_end, qname.decode("utf-8"),
            element.plain,
        )  # fmt: skip
        self._add(element.name, "".join(element.texts) if element.plain else None, place)

    def _add(self, name: Name, value: str | None, place: Place) -> None:
        self.packet.values.setdefault(name, []).append(value)
        self.packet.places.setdefault(name, []).append(place)


def _split(name: str) -> Name:
    uri, _, local = name.rpartition(_SEPARATOR)
    return uri, local


def _role(name: Name, above: str) -> str:
    """Return what an element is in a packet."""
    if name == (RDF, "RDF") and above in ("", "outside"):
        return "rdf"
    if above == "rdf":
        return "description" if name == (RDF, "Description") else "inside"
    if above == "description":
        return "property"
    return "inside" if above in ("property", "inside") else "outside"
