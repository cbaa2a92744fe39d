import os
from pathlib import Path

import pytest
from PIL import Image

from ..review.drawn_workspace import write_workspace

pytestmark = pytest.mark.browser

PICTURE = Path(__file__).resolve().parents[2] / "docs/images/review.png"
SIZES = [(1440, 900), (1280, 800), (1024, 768), (2560, 1300), (768, 1024)]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Six sets of four portrait pictures."""
    root = tmp_path_factory.mktemp("look") / "ws"
    return write_workspace(root, groups=6, pictures=4, size=(416, 608))


def rectangles(person, selector):
    script = (
        "all => all.map(e => e.getBoundingClientRect()).map(r => [r.x, r.y, r.right, r.bottom])"
    )
    return person.page.locator(selector).evaluate_all(script)


def settled(person):
    person.page.locator(".image img").evaluate_all("all => Promise.all(all.map(i => i.decode()))")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_four_portraits_are_judged_without_scrolling(person, width, height):
    person.page.set_viewport_size({"width": width, "height": height})
    person.reload()
    settled(person)
    tiles = rectangles(person, ".tile")
    (why,), (heading,) = rectangles(person, ".why"), rectangles(person, ".heading")
    assert len(tiles) == 4
    assert all(x1 >= 0 and x2 <= width for x1, _, x2, _ in tiles)
    assert all(y1 >= heading[3] and y2 <= why[1] for _, y1, _, y2 in tiles)
    overflow = person.page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    assert overflow == [width, height]


def test_pictures_stay_where_they_are_from_set_to_set(person):
    before = rectangles(person, ".tile")
    person.press("Enter", "Enter")
    assert rectangles(person, ".tile") == before


def test_four_portraits_use_the_width_of_the_screen(person):
    tiles = rectangles(person, ".tile .frame")
    assert sum(x2 - x1 for x1, _, x2, _ in tiles) > 0.9 * 1440


def test_no_button_or_line_is_cut_or_covered(person):
    person.press("a", "s", "r")
    for width, height in SIZES[:2]:
        person.page.set_viewport_size({"width": width, "height": height})
        person.reload()
        watched = person.page.locator(".bar > *, .bar span, .actions button, .heading > h2")
        cut = watched.evaluate_all(
            "all => all.filter(e => e.offsetParent && (e.scrollWidth > e.clientWidth + 1"
            " || e.getBoundingClientRect().right > innerWidth)).map(e => e.textContent)"
        )
        assert cut == []
        rows = {y for _, y, _, _ in rectangles(person, "#decisions button")}
        assert len(rows) == 1


@pytest.mark.parametrize(("key", "dialog"), [("?", "help"), ("b", "bulk"), ("g", "sets")])
def test_a_dialog_fits_a_narrow_screen(person, key, dialog):
    person.page.set_viewport_size({"width": 390, "height": 844})
    person.press(key)
    panel = person.page.locator(f"#{dialog}")
    assert panel.evaluate("e => e.scrollWidth <= e.clientWidth")
    lines = rectangles(person, f"#{dialog} dd, #{dialog} kbd")
    assert all(x2 <= 390 for _, _, x2, _ in lines)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES[:2])
def test_the_page_is_painted(person, tmp_path, scheme, width, height):
    person.page.emulate_media(color_scheme=scheme)
    person.page.set_viewport_size({"width": width, "height": height})
    person.press("Enter", "Enter")
    settled(person)
    shot = tmp_path / "shot.png"
    person.page.screenshot(path=shot)
    with Image.open(shot) as image:
        assert image.size == (width, height)
        ground = image.convert("L").getpixel((4, 70))
        assert (ground < 60) == (scheme == "dark")
        if (width, scheme) == (1440, "light"):
            keep_picture(image)


def keep_picture(image):
    """Write the documentation's picture when it is missing or asked for."""
    if PICTURE.exists() and not os.environ.get("PREFML_WRITE_PICTURES"):
        return
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    small = image.convert("RGB").resize((1200, 750), Image.Resampling.LANCZOS)
    small.save(PICTURE, optimize=True)


def test_the_documentation_has_its_picture():
    with Image.open(PICTURE) as image:
        assert image.size == (1200, 750)
    assert PICTURE.stat().st_size < 400_000
