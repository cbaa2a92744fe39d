"""Sidecars as other programs write them, drawn at random, and what of them is not ours."""

import xml.etree.ElementTree as ET

from hypothesis import strategies as st

from prefml.decisions.xmp.edit import PREFIXES
from prefml.decisions.xmp.marks import CROP_FIELDS, FIELDS
from prefml.decisions.xmp.packet import RDF

OURS = [*FIELDS.values(), *CROP_FIELDS.values()]
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12).filter(
    lambda text: all(not (ord(letter) & 0xFFFF) >= 0xFFFE for letter in text)
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "iso8859-1")
SPACES = st.sampled_from([" ", "\n   ", "\r\n\t", "  "])
_FOREIGN = [
    "<dc:subject xmlns:dc='http://purl.org/dc/elements/1.1/'><rdf:Bag><rdf:li>{}</rdf:li>"
    "</rdf:Bag></dc:subject>",
    "<crs:Look xmlns:crs='http://ns.adobe.com/camera-raw-settings/1.0/'><rdf:Description "
    "crs:Name='{}' crs:HasCrop='True'><crs:CropTop>0.5</crs:CropTop></rdf:Description></crs:Look>",
    "<!-- {} --><?tool {}?>",
    "<dt:history xmlns:dt='http://darktable.sf.net/'><rdf:Seq><rdf:li dt:num='0' dt:params='{}'/>"
    "</rdf:Seq></dt:history>",
    "<o:note xmlns:o='urn:other' xml:lang='de'><![CDATA[{}]]></o:note>",
    "<o:Rating xmlns:o='urn:other'>{}</o:Rating>",
]


def quoted(text):
    for letter, written in (
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ("'", "&apos;"),
        ('"', "&quot;"),
    ):
        text = text.replace(letter, written)
    return text


def plain(text):
    """Return a text that comments, instructions and CDATA can hold."""
    return "".join(letter for letter in text if letter not in "-?]<>&'")


@st.composite
def written(draw, name, text):
    """One of our properties in any of the forms that XMP has: attribute or element."""
    prefix = draw(st.sampled_from([PREFIXES[name[0]], "a1"]))
    where = f"xmlns:{prefix}='{name[0]}'"
    if draw(st.booleans()):
        quote = draw(st.sampled_from("'\""))
        return "attribute", f"{where}", f"{prefix}:{name[1]}={quote}{quoted(text)}{quote}"
    inner = draw(st.sampled_from(["{}", "<!-- c -->{}", "{}<?p i?>", "\n {}\n "]))
    space = draw(SPACES)
    body = f"<{prefix}:{name[1]}{space}{where}>{inner.format(quoted(text))}</{prefix}:{name[1]}>"
    return "element", "", body


@st.composite
def descriptions(draw, values):
    attributes, elements = [], []
    for name, text in values.items():
        kind, where, body = draw(written(name, text))
        if kind == "attribute" and not any(where.split("=")[0] in one for one in attributes):
            attributes += [where, body]
        elif kind == "element":
            elements.append(body)
        else:
            elements.append(f"<p9:{name[1]} xmlns:p9='{name[0]}'>{quoted(text)}</p9:{name[1]}>")
    for form in draw(st.lists(st.sampled_from(_FOREIGN), max_size=3)):
        word = draw(WORDS)
        word = plain(word) if "!--" in form or "CDATA" in form else quoted(word)
        elements.append(form.format(word, word))
    order = draw(st.permutations(elements))
    space = draw(SPACES)
    head = space.join(["<rdf:Description rdf:about=''", *attributes])
    if not order and draw(st.booleans()):
        return f"{head}/>"
    return f"{head}>{space}" + space.join(order) + f"{space}</rdf:Description>"


@st.composite
def sidecars(draw, values=None):
    """A sidecar, its encoding, and the values of our properties in it."""
    if values is None:
        names = draw(st.lists(st.sampled_from(OURS), unique=True, max_size=5))
        values = {name: draw(WORDS.map(str.strip)) for name in names}
    first = [name for name in values if draw(st.booleans())]
    parts = [{name: values[name] for name in first},
             {name: text for name, text in values.items() if name not in first}]  # fmt: skip
    body = "".join(draw(descriptions(part)) for part in parts if part or draw(st.booleans()))
    encoding = draw(st.sampled_from(ENCODINGS))
    declared = {"utf-8-sig": "utf-8", "utf-16-be": "utf-16"}.get(encoding, encoding)
    declaration = draw(st.sampled_from(["", f'<?xml version="1.0" encoding="{declared}"?>\n']))
    if encoding == "iso8859-1":
        declaration = '<?xml version="1.0" encoding="ISO-8859-1"?>'
    packet = draw(st.sampled_from(["", "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>"]))
    text = (
        f"{declaration}{packet}<x:xmpmeta xmlns:x='adobe:ns:meta/'><!-- kept -->"
        f"<rdf:RDF xmlns:rdf='{RDF}'>{body}</rdf:RDF></x:xmpmeta>{packet and '<?xpacket end=?>'}"
    )
    return text.encode(encoding, "xmlcharrefreplace"), encoding, values


def foreign(raw, encoding):
    """Return all that a sidecar holds beside our properties, read by another parser."""
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True, insert_pis=True))
    parser.feed(raw)
    root = parser.close()
    ours = {f"{{{uri}}}{local}" for uri, local in OURS}
    for rdf in root.iter(f"{{{RDF}}}RDF"):
        for description in list(rdf):
            if description.tag != f"{{{RDF}}}Description":
                continue
            for name in ours & set(description.attrib):
                del description.attrib[name]
            for child in list(description):
                if child.tag in ours:
                    description.remove(child)
            description.attrib.pop(f"{{{RDF}}}about", None)
    whole = [
        (str(node.tag), sorted(node.attrib.items()), (node.text or "").strip())
        for node in root.iter()
    ]
    return [node for node in whole if node != (f"{{{RDF}}}Description", [], "")]
