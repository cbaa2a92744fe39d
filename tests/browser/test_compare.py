"""Pictures are compared in place, at the same place and as large."""

import pytest

from prefml.review import FoundPeople

from ..review.drawn_workspace import write_workspace

pytestmark = pytest.mark.browser

FIRST = "valley/g000"
FACE = (0.4, 0.1, 0.6, 0.25)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Four large portraits a set."""
    root = tmp_path_factory.mktemp("compare") / "ws"
    return write_workspace(root, groups=2, pictures=4, size=(832, 1216))


@pytest.fixture
def person(serve, reviewer):
    def people(project, name):
        return FoundPeople((FACE,), ((0.1, 0.6, 0.2, 0.7),))

    return reviewer.open(serve(people=people))


def shown(person):
    panes = person.page.locator("#zoom .pane.above, #zoom .pane.seen")
    return [int(n) for n in panes.evaluate_all("all => all.map(e => e.dataset.index)")]


def transforms(person):
    script = "all => all.map(e => e.style.transform)"
    return person.page.locator("#zoom .pane img").evaluate_all(script)


def settle(person):
    for n in range(4):
        person.page.locator(f"#zoom .pane:nth-child({n + 1}) img[src*='/full']").wait_for()
    person.page.locator("#zoom img").evaluate_all("all => Promise.all(all.map(i => i.decode()))")


def test_space_flips_in_place_and_blinks_while_it_is_held(person):
    person.press("Space")
    settle(person)
    assert shown(person) == [3]
    person.press("0", "ArrowRight")
    place = transforms(person)
    assert len(set(place)) == 1
    person.press("Space")
    assert (shown(person), transforms(person)) == ([0], place)
    person.page.keyboard.down("Space")
    person.idle()
    assert shown(person) == [1]
    person.page.wait_for_timeout(400)
    person.page.keyboard.up("Space")
    assert shown(person) == [0]
    person.press("x", "Enter")
    assert person.decided(FIRST)["decision"]["final_index"] == 0


def test_four_pictures_lie_as_large_as_they_can_and_again_in_another_window(person):
    person.press("f", "0")
    for width, height in ((1440, 900), (820, 1180), (1440, 900)):
        person.page.set_viewport_size({"width": width, "height": height})
        person.page.wait_for_timeout(100)
        boxes = person.page.locator("#zoom .pane").evaluate_all(
            "all => all.map(e => e.getBoundingClientRect()).map(r => [r.x, r.y, r.right, r.bottom])"
        )
        sides = [min(x2 - x1, (y2 - y1) * 832 / 1216) for x1, y1, x2, y2 in boxes]
        room = person.page.locator("#zoom-panes").bounding_box()
        one_row = min(room["width"] / 4, room["height"] * 832 / 1216)
        two_rows = min(room["width"] / 2, room["height"] / 2 * 832 / 1216)
        assert min(sides) > max(one_row, two_rows) - 4
        assert all(x2 <= width and y2 <= height for _, _, x2, y2 in boxes)


@pytest.mark.parametrize("context_options", [{"device_scale_factor": 2}, {}])
def test_a_pixel_at_1_to_1_is_a_pixel_of_the_screen(person, context_options, root, tmp_path):
    from PIL import Image, ImageChops

    person.press("Space", "Shift+Digit1", "0")
    settle(person)
    shot = tmp_path / "shot.png"
    place = person.page.locator("#zoom .pane.seen").bounding_box()
    person.page.screenshot(path=shot)
    scale = context_options.get("device_scale_factor", 1)
    drawn = person.page.locator("#zoom .pane.seen img").bounding_box()
    assert drawn["width"] * scale == pytest.approx(832, abs=1e-3)
    with Image.open(shot) as screen:
        path = next((root / "images/valley").glob("*_200000_stage1_generated.png"))
        with Image.open(path) as original:
            left, top = round(drawn["x"] * scale), round(drawn["y"] * scale)
            # The middle of the pane, away from its label.
            x, y = (
                (place["x"] + place["width"] / 2) * scale,
                (place["y"] + place["height"] / 2) * scale,
            )
            area = [round(v) for v in (x - 100, y - 100, x + 100, y + 100)]
            inside = [area[0] - left, area[1] - top, area[2] - left, area[3] - top]
            seen, there = screen.convert("RGB").crop(area), original.convert("RGB").crop(inside)
    assert max(high for _, high in ImageChops.difference(seen, there).getextrema()) <= 1


def test_faces_are_magnified_and_a_difference_is_black_where_there_is_none(person, tmp_path):
    person.press("e")
    settle(person)
    level = person.page.locator("#zoom-level").inner_text()
    image = person.page.locator("#zoom .pane img").first.bounding_box()
    pane = person.page.locator("#zoom .pane").first.bounding_box()
    middle = image["x"] + image["width"] * (FACE[0] + FACE[2]) / 2
    assert middle == pytest.approx(pane["x"] + pane["width"] / 2, abs=1)
    person.press("e")
    assert person.page.locator("#zoom-level").inner_text() != level
    person.press("d")
    assert "Difference of 4 and 1" in person.page.locator("#zoom-words").inner_text()
    person.press("v", "Space")
    assert "4 against 2" in person.page.locator("#zoom-words").inner_text()


def test_what_tells_of_the_suggestion_stays_in_view(person):
    person.press("Space")
    assert "86 %" in person.page.locator("#zoom .pane.seen .label").inner_text()
    assert "A: Approve 4, cropped to 64 %" in person.page.locator("#zoom-words").inner_text()
    person.press("a")
    assert person.decided(FIRST)["state"] == "approved"


def test_the_loupe_follows_the_pointer_on_all_pictures(person):
    person.press("l")
    loupes = person.page.locator(".loupe")
    assert loupes.count() == 4
    frame = person.find("image").nth(1).bounding_box()
    person.page.mouse.move(frame["x"] + frame["width"] / 4, frame["y"] + frame["height"] / 3)
    places = loupes.evaluate_all("all => all.map(e => [e.style.left, e.style.top])")
    assert len({tuple(place) for place in places}) == 1
    left, top = (float(edge.rstrip("%")) for edge in places[0])
    assert (left, top) == (pytest.approx(25, abs=0.5), pytest.approx(33.3, abs=0.5))
    person.press("Enter")
    assert person.page.locator(".loupe").count() == 4
    person.press("l")
    assert person.page.locator(".loupe").count() == 0
