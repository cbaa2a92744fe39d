"""Names of any length and direction leave the page as it is."""

import json

import pytest

from ..review.drawn_workspace import write_workspace

pytestmark = pytest.mark.browser

SIZES = [(1440, 900), (1280, 800), (1024, 768), (768, 1024)]
# Neither of them has a place to break at; the second turns the direction of what follows.
LONG = {"long": "gardens_of_the_north" * 6, "turned": "a\u202eb" * 40, "wide": "庭" * 80}


@pytest.fixture(params=LONG)
def long(request):
    return LONG[request.param]


@pytest.fixture
def person(serve, reviewer, root, long):
    """Open a page whose projects, pictures, reasons and flags have long names."""
    path = root / "sandbox" / "automation_decisions.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for row in rows:
        project = row["project_id"] + long
        for name in row["images"]:
            (root / name).rename(place := root / renamed(name, row["project_id"], project, long))
            assert place.is_file()
        row["images"] = [renamed(n, row["project_id"], project, long) for n in row["images"]]
        row["project_id"], row["flags"] = project, row["flags"] and [long]
        row["step1_selection"]["reason"] = row["step2_crop"]["reason"] = long
        row["reasons"], row["model"], row["encoder"] = [long, long], long, long
        row["duplicates"] = row["images"][:1]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return reviewer.open(serve())


def renamed(name, project, longer, long):
    folder = name.replace(f"/{project}/", f"/{longer[:80]}/").rpartition("/")[0]
    stem = name.rpartition("/")[2].removesuffix(".png")
    return f"{folder}/{stem}{long[:60]}.png"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return write_workspace(tmp_path_factory.mktemp("long") / "ws")


@pytest.fixture(autouse=True)
def folders(root, long):
    for project in ("harbour", "valley"):
        (root / "images" / (project + long)[:80]).mkdir()


def widths(person):
    return person.page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )


def outside(person, selector):
    """Return what is seen beyond the window's edges."""
    return person.page.locator(selector).evaluate_all(
        "all => all.filter(e => e.offsetParent).filter(e => { const r = e.getBoundingClientRect();"
        " return r.left < -1 || r.right > innerWidth + 1 }).map(e => e.className || e.tagName)"
    )


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_long_name_pushes_nothing_aside(person, width, height):
    person.page.set_viewport_size({"width": width, "height": height})
    person.reload()
    person.page.locator("#project").select_option(index=1)
    person.idle()
    for _ in range(3):
        assert widths(person) == [width, height]
        assert outside(person, ".tile, .heading h2, .state, .chip, .caption, .why .part") == []
        if width > 1000:
            assert outside(person, ".bar > *, .actions button") == []
        person.press("Enter")


def test_buttons_and_pictures_lie_where_they_do_with_a_short_name(person, chromium, serve, root):
    def places():
        script = "all => all.map(e => e.getBoundingClientRect()).map(r => [r.x, r.y, r.right])"
        found = (person.page.locator(s) for s in (".tile", ".actions button", ".bar > button"))
        return [one.evaluate_all(script) for one in found]

    long = places()
    path = root / "sandbox" / "automation_decisions.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    path.write_text("".join(json.dumps(row | {"project_id": "a"}) + "\n" for row in rows), "utf-8")
    person.reload()
    assert places() == long


@pytest.mark.parametrize("key", ["?", "b", "f", "x", "t"])
def test_every_view_fits_the_window(person, key):
    person.press(key)
    assert widths(person) == [1440, 900]
    assert outside(person, "dialog[open], dialog[open] *, .panel") == []


def test_turned_names_are_shown_as_codes(person, long):
    for text in (person.page.locator("body").inner_text(), person.page.title()):
        assert "\u202e" not in text
    shown = person.page.locator("#main").inner_text()
    assert (r"\u202e" in shown) is ("\u202e" in long)
