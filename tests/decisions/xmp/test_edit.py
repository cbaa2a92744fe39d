import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions.xmp import edit_packet, new_packet, read_packet
from prefml.decisions.xmp.marks import FIELDS
from prefml.decisions.xmp.packet import RDF
from prefml.exceptions import ForeignFileError

from .sidecars import OURS, WORDS, foreign, sidecars

CHANGES = st.dictionaries(st.sampled_from(OURS), st.none() | WORDS.map(str.strip), max_size=6)
RATING, LABEL = FIELDS["rating"], FIELDS["label"]


def values_of(raw):
    packet = read_packet(raw)
    found = {name: packet.value(name) for name in OURS}
    return {name: value for name, value in found.items() if value is not None}


@given(sidecars(), CHANGES)
def test_an_edit_changes_what_was_asked_and_nothing_of_others(drawn, changes):
    raw, encoding, values = drawn
    edited = edit_packet(raw, changes)
    wanted = {name: value for name, value in (values | changes).items() if value is not None}
    assert values_of(edited) == wanted
    assert foreign(edited, encoding) == foreign(raw, encoding)
    edited.decode(encoding)


@given(sidecars(), CHANGES)
def test_an_edit_that_is_repeated_changes_no_byte(drawn, changes):
    once = edit_packet(drawn[0], changes)
    assert edit_packet(once, changes) == once


@given(sidecars())
def test_values_that_stand_there_already_change_no_byte(drawn):
    raw, _, values = drawn
    assert edit_packet(raw, values) == raw
    assert edit_packet(raw, {name: None for name in OURS if name not in values}) == raw


@given(st.dictionaries(st.sampled_from(OURS), WORDS.map(str.strip), max_size=6))
def test_a_new_sidecar_holds_what_was_asked(values):
    assert values_of(new_packet(values)) == values


def test_all_places_of_a_field_get_its_value():
    where = f"xmlns:xmp='{RATING[0]}'"
    parts = f"<rdf:Description {where} xmp:Rating='1'/><rdf:Description {where} xmp:Rating='2'/>"
    raw = f"<rdf:RDF xmlns:rdf='{RDF}'>{parts}</rdf:RDF>".encode()
    assert edit_packet(raw, {RATING: "5"}).count(b"xmp:Rating='5'") == 2


@pytest.mark.parametrize(
    "text",
    [
        f"<rdf:RDF xmlns:rdf='{RDF}'/>",
        f"<rdf:RDF xmlns:rdf='{RDF}'></rdf:RDF>",
        f"<RDF xmlns='{RDF}'/>",
        f"<RDF xmlns='{RDF}'><Description/></RDF>",
        f"<q:RDF xmlns:q='{RDF}'  /><!-- end -->",
    ],
)
def test_a_packet_without_any_property_takes_one(text):
    assert values_of(edit_packet(text.encode(), {RATING: "4"})) == {RATING: "4"}


def test_a_prefix_that_means_something_else_is_not_taken():
    raw = f"<rdf:RDF xmlns:rdf='{RDF}'><rdf:Description xmlns:xmp='urn:x' xmp:a='1'/></rdf:RDF>"
    edited = edit_packet(raw.encode(), {RATING: "4"})
    assert values_of(edited) == {RATING: "4"}
    assert b"xmlns:xmp2=" in edited


def test_letters_that_the_encoding_lacks_become_references():
    raw = (
        f"<?xml version='1.0' encoding='ISO-8859-1'?><rdf:RDF xmlns:rdf='{RDF}'><rdf:Description/>"
        "</rdf:RDF>"
    ).encode("latin-1")
    edited = edit_packet(raw, {LABEL: "grün 日"})
    assert "grün &#26085;".encode("latin-1") in edited
    assert values_of(edited) == {LABEL: "grün 日"}


def test_a_structure_and_letters_that_xml_cannot_hold_are_refused():
    body = f"<xmp:Label xmlns:xmp='{LABEL[0]}'><rdf:Bag/></xmp:Label>"
    raw = f"<rdf:RDF xmlns:rdf='{RDF}'><rdf:Description>{body}</rdf:Description></rdf:RDF>".encode()
    with pytest.raises(ForeignFileError, match="structure"):
        edit_packet(raw, {LABEL: "Red"})
    with pytest.raises(ForeignFileError, match="characters"):
        edit_packet(raw, {RATING: "\x07"})
