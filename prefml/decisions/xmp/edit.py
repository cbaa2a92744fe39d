"""Edit properties of an XMP packet in place: every byte that is not theirs stays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from prefml.decisions.xmp.encoded import EncodedXml
from prefml.decisions.xmp.packet import RDF, Description, Name, Packet, Place, read_packet
from prefml.exceptions import ForeignFileError

__all__ = ["PREFIXES", "edit_packet", "new_packet"]

# What the owners of the namespaces call them.
PREFIXES = {
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xmp/1.0/DynamicMedia/": "xmpDM",
    "http://ns.adobe.com/camera-raw-settings/1.0/": "crs",
    "http://www.digikam.org/ns/1.0/": "digiKam",
    RDF: "rdf",
}
_EMPTY = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="prefml">\n'
    f' <rdf:RDF xmlns:rdf="{RDF}">\n'
    '  <rdf:Description rdf:about=""/>\n'
    " </rdf:RDF>\n"
    "</x:xmpmeta>\n"
).encode()
# What stays in an element beside its value.
_KEPT = re.compile(rb"<!--.*?-->|<\?.*?\?>", re.DOTALL)
_CDATA = re.compile(rb"<!\[CDATA\[.*?\]\]>", re.DOTALL)
# Letters that XML 1.0 cannot hold.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_Cut: TypeAlias = tuple[int, int, bytes]


def new_packet(values: Mapping[Name, str]) -> bytes:
    """Write a sidecar that holds some properties and nothing else.

    Parameters
    ----------
    values : mapping of Name to str
        The properties.

    Returns
    -------
    bytes
    """
    return edit_packet(_EMPTY, values)


def edit_packet(raw: bytes, changes: Mapping[Name, str | None]) -> bytes:
    """Change properties of a packet; everything else keeps its bytes.

    Parameters
    ----------
    raw : bytes
        A sidecar or packet.
    changes : mapping of Name to str or None
        The new value of each property; None removes it.

    Returns
    -------
    bytes
        In the encoding of the original; the very same where every property has its value already.

    Raises
    ------
    ForeignFileError
        If the packet cannot be read, or a property is a structure where a value is due.
    """
    packet = read_packet(raw)
    cuts, missing = [], {}
    for name, value in changes.items():
        if value is not None and _NO_XML.search(value):
            raise ForeignFileError(f"{name[1]} = {value!r}", "characters that XML can hold")
        places = packet.places.get(name, [])
        cuts += [cut for place in places for cut in _changed(packet, name, place, value)]
        if not places and value is not None:
            missing[name] = value
    if missing:
        cuts.append(_added(packet, missing))
    if not cuts:
        return raw
    utf8 = packet.text.utf8
    for start, end, replacement in sorted(cuts, key=lambda cut: cut[:2], reverse=True):
        utf8 = utf8[:start] + replacement + utf8[end:]
    return packet.text.encode(utf8)


def _changed(packet: Packet, name: Name, place: Place, value: str | None) -> Iterator[_Cut]:
    """Yield what changes where a property stands."""
    if not place.plain:
        raise ForeignFileError(f"{name[1]} is a structure", "a text")
    utf8, at = packet.text.utf8, packet.places[name].index(place)
    if value is None:
        yield _removed(utf8, place)
    elif (packet.values[name][at] or "").strip() == value.strip():
        return
    elif place.kind == "attribute":
        yield place.inner_start, place.inner_end, _escaped(packet.text, value)
    elif place.inner_start == place.end:
        tag = utf8[place.start : place.end].removesuffix(b"/>").rstrip()
        closing = b"</" + place.qname.encode() + b">"
        yield place.start, place.end, tag + b">" + _escaped(packet.text, value) + closing
    else:
        inner = _CDATA.sub(b"", utf8[place.inner_start : place.inner_end])
        kept = b"".join(_KEPT.findall(inner))
        yield place.inner_start, place.inner_end, _escaped(packet.text, value) + kept


def _removed(utf8: bytes, place: Place) -> _Cut:
    """Remove a property, an element with the blank line that it would leave."""
    start = place.start
    if place.kind == "element":
        before = utf8[:start].rstrip(b" \t")
        if before.endswith(b"\n"):
            start = len(before.removesuffix(b"\n").removesuffix(b"\r"))
    return start, place.end, b""


def _added(packet: Packet, values: Mapping[Name, str]) -> _Cut:
    """Add properties as attributes of the first description."""
    home = packet.descriptions[0] if packet.descriptions else packet.rdf
    assert home is not None
    attributes = b"".join(_attributes(packet.text, home, values))
    closing = b"/>" if home.is_empty else b">"
    if packet.descriptions:
        before = packet.text.utf8[: home.tag_end - len(closing)].rstrip()
        return len(before), home.tag_end, attributes + closing
    rdf = next(prefix for prefix, uri in home.prefixes.items() if uri == RDF)
    name = (f"{rdf}:" if rdf else "").encode()
    # Attributes need a prefix, which the elements' default namespace is none.
    about = b" " + name + b'about=""' if rdf else b""
    made = b"<" + name + b"Description" + about + attributes + b"/>"
    if not home.is_empty:
        return home.tag_end, home.tag_end, made
    before = packet.text.utf8[: home.tag_end - len(closing)].rstrip()
    return len(before), home.tag_end, b">" + made + b"</" + name + b"RDF>"


def _attributes(text: EncodedXml, home: Description, values: Mapping[Name, str]) -> Iterator[bytes]:
    prefixes, space = dict(home.prefixes), text.line_end + "    "
    for (uri, local), value in values.items():
        prefix = next((one for one, meant in prefixes.items() if one and meant == uri), None)
        if prefix is None:
            wanted = PREFIXES.get(uri, "ns")
            names = (wanted, *(f"{wanted}{number}" for number in range(2, len(prefixes) + 3)))
            prefix = next(name for name in names if name not in prefixes)
            prefixes[prefix] = uri
            yield f'{space}xmlns:{prefix}="{uri}"'.encode()
        yield f'{space}{prefix}:{local}="'.encode() + _escaped(text, value) + b'"'


def _escaped(text: EncodedXml, value: str) -> bytes:
    """Write a value so that it can stand in an element and between quotes of either kind."""
    return "".join(
        letter if letter not in "&<>\"'\t\r\n" and text.holds(letter) else f"&#{ord(letter)};"
        for letter in value
    ).encode()
