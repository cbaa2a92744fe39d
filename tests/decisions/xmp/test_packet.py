import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions.xmp.marks import FIELDS
from prefml.decisions.xmp.packet import DEEPEST, MOST_BYTES, RDF, read_packet
from prefml.exceptions import ForeignFileError

from .sidecars import OURS, sidecars

RATING = FIELDS["rating"]


def around(body):
    return f"<rdf:RDF xmlns:rdf='{RDF}'>{body}</rdf:RDF>".encode()


def rated(*values):
    where = f"xmlns:xmp='{RATING[0]}'"
    return around("".join(f"<rdf:Description {where} xmp:Rating='{one}'/>" for one in values))


@given(sidecars())
def test_every_property_is_found_in_every_form(drawn):
    raw, _, values = drawn
    packet = read_packet(raw)
    assert {name: packet.value(name) for name in OURS if packet.value(name) is not None} == values


def test_fields_inside_a_structure_are_not_those_of_the_picture():
    inner = f"<rdf:Description xmlns:xmp='{RATING[0]}' xmp:Rating='5'/>"
    raw = around(f"<rdf:Description><a:Look xmlns:a='urn:a'>{inner}</a:Look></rdf:Description>")
    assert read_packet(raw).value(RATING) is None


def test_a_field_that_says_the_same_twice_has_that_value_and_two_values_are_refused():
    assert read_packet(rated(3, 3)).value(RATING) == "3"
    with pytest.raises(ForeignFileError, match="twice, as 3 and 4"):
        read_packet(rated(3, 4)).value(RATING)


def test_a_structure_in_the_place_of_a_value_is_refused():
    body = f"<xmp:Rating xmlns:xmp='{RATING[0]}'><rdf:Seq><rdf:li>3</rdf:li></rdf:Seq></xmp:Rating>"
    packet = read_packet(around(f"<rdf:Description>{body}</rdf:Description>"))
    with pytest.raises(ForeignFileError, match="structure"):
        packet.value(RATING)


BOMB = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<x>&c;</x>"""
EXTERNAL = (
    """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>"""
)
PARAMETER = (
    """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY % p SYSTEM "http://localhost/x">%p;]><x/>"""
)
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://localhost/x.dtd"><x/>"""


@pytest.mark.parametrize("text", [BOMB, EXTERNAL, PARAMETER, OUTSIDE])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_document_types_and_entities_are_refused(text, encoding):
    with pytest.raises(ForeignFileError, match="document type"):
        read_packet(text.encode(encoding))


def test_depth_and_size_have_an_end():
    deep = "<a>" * (DEEPEST + 1) + "</a>" * (DEEPEST + 1)
    with pytest.raises(ForeignFileError, match="deep"):
        read_packet(deep.encode())
    with pytest.raises(ForeignFileError, match="bytes"):
        read_packet(b" " * (MOST_BYTES + 1))


@pytest.mark.parametrize(
    "raw", [b"", b"no xml", b"<a/>", b"<rdf:RDF/>", b"\0" * 100, b"<a>&b;</a>"]
)
def test_what_is_no_xmp_is_refused(raw):
    with pytest.raises(ForeignFileError):
        read_packet(raw)


@given(sidecars(), st.data())
def test_a_damaged_sidecar_is_read_or_refused(drawn, data):
    raw = bytearray(drawn[0])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        packet = read_packet(bytes(raw))
        [packet.value(name) for name in packet.values]
    except ForeignFileError:
        pass
