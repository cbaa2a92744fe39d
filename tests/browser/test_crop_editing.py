import pytest

pytestmark = pytest.mark.browser

FIRST, SECOND = "valley/g000", "harbour/g001"
BOX = [0.1, 0.05, 0.9, 0.85]


def near(box):
    return pytest.approx(box, abs=1e-6)


def ratio(box):
    return (box[2] - box[0]) / (box[3] - box[1])


def test_arrows_move_the_box_and_enter_uses_it(person):
    person.press("x", "ArrowLeft", "Shift+ArrowDown")
    assert person.box == near([0.095, 0.1, 0.895, 0.9])
    person.press("Enter")
    assert person.group_id == SECOND
    decided = person.decided(FIRST)
    assert decided["state"] == "overridden"
    assert decided["decision"]["crop_coords"] == near([0.095, 0.1, 0.895, 0.9])
    assert decided["decision"]["crop_source"] == "edited"


@pytest.mark.parametrize(
    ("key", "width"), [("+", 0.81), ("=", 0.81), ("-", 0.79), ("Shift++", 0.9), ("Shift+-", 0.7)]
)
def test_plus_and_minus_change_the_size_and_keep_the_aspect(person, key, width):
    person.press("x", key)
    box = person.box
    assert box[2] - box[0] == near(width)
    assert ratio(box) == near(1.0)


def test_the_box_stays_inside_however_far_it_is_pushed(person):
    person.press("x", *["Shift+ArrowRight"] * 5, *["Shift+ArrowUp"] * 5)
    assert person.box == near([0.2, 0, 1, 0.8])
    person.press(*["Shift++"] * 5)
    assert person.box == near([0, 0, 1, 1])
    person.press("Enter")
    assert person.decided(FIRST)["decision"]["crop_coords"] is None


def test_tab_goes_round_the_proposals(person):
    person.press("x", "Tab")
    assert person.box == near([0.2, 0.1, 0.7, 0.6])
    person.press("Tab")
    assert person.box == near([0, 0, 1, 1])
    person.press("Tab")
    assert person.box == near(BOX)
    person.press("Shift+Tab", "Shift+Tab", "a")
    assert person.decided(FIRST)["decision"]["crop_source"] == "alternative"


def test_escape_leaves_everything_as_it_was(person):
    person.press("x", "Shift+ArrowDown", "Escape")
    assert person.box == near(BOX)
    assert person.state == "pending"
    person.press("a")
    assert person.decided(FIRST)["state"] == "approved"


def test_x_leaves_the_box_as_a_draft_that_survives_a_reload_and_decides_nothing(person):
    person.press("x", "Shift+ArrowDown", "x")
    assert person.state == "pending"
    person.reload()
    assert person.group_id == FIRST
    assert person.box == near([0.1, 0.1, 0.9, 0.9])
    assert person.api("progress")["pending"] == 6
    person.press("a")
    assert person.decided(FIRST)["decision"]["crop_coords"] == near([0.1, 0.1, 0.9, 0.9])


def drag(person, start, by):
    person.page.mouse.move(*start)
    person.page.mouse.down()
    person.page.mouse.move(start[0] + by[0] / 2, start[1] + by[1] / 2)
    person.page.mouse.move(start[0] + by[0], start[1] + by[1])
    person.page.mouse.up()


def centre(locator):
    box = locator.bounding_box()
    return (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def frame_of(person):
    return person.find("image").nth(2).bounding_box()


def test_the_mouse_moves_the_box(person):
    person.press("x")
    frame = frame_of(person)
    drag(person, centre(person.find("crop-box")), (-0.05 * frame["width"], 0.1 * frame["height"]))
    assert person.box == pytest.approx([0.05, 0.15, 0.85, 0.95], abs=0.003)
    person.press("Enter")
    decision = person.decided(FIRST)["decision"]
    assert decision["crop_coords"] == pytest.approx([0.05, 0.15, 0.85, 0.95], abs=0.003)


@pytest.mark.parametrize("handle", ["nw", "n", "ne", "e", "se", "s", "sw", "w"])
def test_every_handle_resizes_with_the_aspect_locked(person, handle):
    person.press("x")
    frame = frame_of(person)
    inward = {"n": (0, 1), "s": (0, -1), "w": (1, 0), "e": (-1, 0)}
    x, y = (sum(inward[side][axis] for side in handle) * 0.2 for axis in (0, 1))
    start = centre(person.page.locator(f'[data-handle="{handle}"]'))
    drag(person, start, (x * frame["width"], y * frame["height"]))
    box = person.box
    assert box[2] - box[0] == pytest.approx(0.6, abs=0.005)
    assert ratio(box) == pytest.approx(1.0, abs=1e-4)
    if "n" in handle:
        assert box[3] == near(BOX[3])
    if "w" in handle:
        assert box[2] == near(BOX[2])


def test_with_the_aspect_freed_one_side_moves_alone(person):
    person.press("x", "l")
    frame = frame_of(person)
    drag(person, centre(person.page.locator('[data-handle="e"]')), (-0.3 * frame["width"], 0))
    assert person.box == pytest.approx([0.1, 0.05, 0.6, 0.85], abs=0.004)


def test_a_handle_pulled_far_outside_stops_at_the_edge(person):
    person.press("x")
    drag(person, centre(person.page.locator('[data-handle="se"]')), (3000, 3000))
    assert max(person.box) <= 1
    assert ratio(person.box) == pytest.approx(1.0, abs=1e-4)


def test_the_position_is_announced(person):
    person.press("x", "ArrowRight")
    heard = person.page.locator("#announce")
    heard.get_by_text("left 11 %, top 5 %, width 80 %, height 80 %").wait_for()
    assert "166 by 243 pixels" in heard.inner_text()
    label = person.find("crop-box").get_attribute("aria-label")
    assert label.startswith("Crop box, left 11 %")


def test_the_editor_takes_and_gives_back_the_focus(person):
    person.press("x")
    assert person.page.evaluate("document.activeElement.dataset.testid") == "crop-box"
    person.press("Escape")
    assert person.page.evaluate("document.activeElement.id") == "group"


def test_a_set_without_a_proposal_starts_from_the_whole_picture(person):
    person.press("Enter", "x")
    assert person.box == near([0, 0, 1, 1])
    person.press("Shift+-", "Enter")
    assert person.decided(SECOND)["decision"]["crop_coords"] == near([0.05, 0.05, 0.95, 0.95])


def test_the_box_follows_the_mouse_within_a_frame(person):
    person.press("x")
    script = """() => new Promise(done => {
      const box = document.querySelector('[data-testid="crop-box"]');
      const r = box.getBoundingClientRect();
      const at = (type, x) => box.dispatchEvent(new PointerEvent(type, {
        pointerId: 1, button: 0, clientX: r.left + 60 + x, clientY: r.top + 60, bubbles: true }));
      box.setPointerCapture = () => {};
      at('pointerdown', 0);
      const times = [];
      for (let x = 0; x < 60; x += 1) {
        const start = performance.now(), before = box.dataset.box;
        at('pointermove', (x % 2) * 5 + 1);
        box.getBoundingClientRect();
        times.push(performance.now() - start);
      }
      at('pointerup', 0);
      done(times.sort((a, b) => a - b)[30]);
    })"""
    assert person.page.evaluate(script) < 16.7


def test_a_crop_is_edited_large_with_its_numbers_and_from_anywhere(person):
    person.page.locator("#pictures").wait_for()
    before = frame_of(person)
    person.press("f", "Shift+Digit2", "x")
    large = person.find("image").nth(1).bounding_box()
    room = person.page.locator("#group").bounding_box()
    assert large["height"] > 0.85 * room["height"] > before["height"] * 0.85
    person.press("p", "p")
    size = person.find("crop-size")
    assert "1:1" in size.inner_text()
    box = person.box
    assert (box[2] - box[0]) * 208 == pytest.approx((box[3] - box[1]) * 304, rel=0.001)
    assert size.inner_text().startswith(f"{round((box[2] - box[0]) * 208)} ")
    person.press("w")
    wider = person.box
    assert (wider[1], wider[3]) == (box[1], box[3])
    person.press("Control+z")
    assert person.box == near(box)
    person.press("Enter")
    decision = person.decided(FIRST)["decision"]
    assert (decision["final_index"], decision["crop_coords"]) == (1, near(box))
