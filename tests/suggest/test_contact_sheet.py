import re
from html.parser import HTMLParser
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from prefml.exceptions import visible
from prefml.sidecars.find import ImageFile
from prefml.suggest.contact_sheet import contact_sheet
from prefml.suggest.grouping import FormedSet, Grouping, Lone
from prefml.workspace import Config, Workspace

names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.sources, self.tags, self.words = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.sources += [value for name, value in attrs if name == "src"]

    def handle_data(self, data):
        self.words.append(data)


def read(grouping, root):
    page = contact_sheet(Workspace(root, Config(), root), grouping, root / "sandbox" / "x.html")
    reader = Reader()
    reader.feed(page)
    return page, reader


@given(name=names, project=names, reason=names)
def test_no_name_becomes_markup_and_every_picture_is_shown(tmp_path_factory, name, project, reason):
    images = [ImageFile(project, f"{i}{name}", f"new/p/{i}{name}", 1, 1) for i in range(3)]
    made = Grouping([FormedSet(project, tuple(images[:2]), "name", reason)],
                    [Lone(images[2], reason)])  # fmt: skip
    _, reader = read(made, tmp_path_factory.getbasetemp())
    assert reader.tags == {"html", "meta", "title", "style", "h1", "h2", "section", "span",
                           "figure", "img", "figcaption"}  # fmt: skip
    assert [unquote(source) for source in reader.sources] == [f"../{one.path}" for one in images]


@given(
    name=names, project=names, reason=names, turned=st.sampled_from("\u202e\u2066\u200b\x1b\udcff")
)
def test_no_name_turns_its_line_around_or_hides(tmp_path_factory, name, project, reason, turned):
    name, project, reason = (f"{turned}{one}" for one in (name, project, reason))
    images = [ImageFile(project, f"{i}{name}", f"new/p/{i}{name}", 1, 1) for i in range(3)]
    made = Grouping([FormedSet(project, tuple(images[:2]), "name", reason)],
                    [Lone(images[2], reason)])  # fmt: skip
    page, reader = read(made, tmp_path_factory.getbasetemp())
    assert page == visible(page)
    assert sum(f"\\u{ord(turned):04x}" in word for word in reader.words) >= 6
    linked = [unquote(source, errors="surrogateescape") for source in reader.sources]
    assert linked == [f"../{one.path}" for one in images]


def test_nothing_comes_from_elsewhere_and_the_policy_says_so(tmp_path):
    image = ImageFile("p", "a.png", "new/p/a.png", 1, 1)
    page, reader = read(Grouping(alone=[Lone(image, "no other stage")]), tmp_path)
    assert "default-src 'none'" in page
    assert not re.search(r"https?:", page)
    assert any("1, no other stage" in word for word in reader.words)
