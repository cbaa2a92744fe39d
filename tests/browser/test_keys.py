import json

import pytest

pytestmark = pytest.mark.browser

FIRST, SECOND, THIRD = "valley/g000", "harbour/g001", "harbour/g002"
BOX = [0.1, 0.05, 0.9, 0.85]


def test_the_page_opens_on_the_first_set_undecided(person):
    assert (person.group_id, person.state) == (FIRST, "pending")
    images = person.find("image")
    assert images.count() == 3
    assert [images.nth(n).get_attribute("data-index") for n in range(3)] == ["0", "1", "2"]
    assert [images.nth(n).get_attribute("aria-pressed") for n in range(3)] == ["false"] * 3
    suggested = person.find("image", '[data-suggested="true"]')
    assert suggested.get_attribute("data-index") == "2"
    assert person.box == BOX


@pytest.mark.parametrize(
    ("key", "state", "index", "crop"),
    [
        ("a", "approved", 2, BOX),
        ("1", "overridden", 0, BOX),
        ("3", "approved", 2, BOX),
        ("k", "overridden", 2, None),
        ("m", "overridden", 2, None),
        ("r", "rejected", None, None),
        ("s", "skipped", None, None),
    ],
)
def test_a_key_decides_and_moves_on(person, key, state, index, crop):
    person.press(key)
    assert (person.group_id, person.state) == (SECOND, "pending")
    group = person.decided(FIRST)
    assert group["state"] == state
    assert group["decision"]["final_index"] == index
    assert group["decision"]["crop_coords"] == crop
    person.press("ArrowUp")
    assert (person.group_id, person.state) == (FIRST, state)
    pressed = person.find("image", '[aria-pressed="true"]')
    assert pressed.count() == (0 if index is None else 1)


def test_moving_decides_nothing(person):
    person.press("Enter", "ArrowDown", "ArrowUp")
    assert person.group_id == SECOND
    assert person.api("progress")["pending"] == 6


def test_undo_and_redo_show_what_they_changed(person):
    person.press("a", "2", "r")
    person.press("z", "z")
    assert (person.group_id, person.state) == (SECOND, "pending")
    person.press("Shift+z")
    assert (person.group_id, person.state) == (SECOND, "overridden")
    person.press("z", "z", "z")
    assert person.api("progress")["pending"] == 6
    assert person.status == "Nothing to undo"
    person.press("Shift+Z", "Shift+Z", "Shift+Z", "Shift+Z")
    assert person.api("progress")["pending"] == 3
    assert person.status == "Nothing to redo"


def test_a_decision_can_be_changed_later(person):
    person.press("a", "ArrowUp", "r")
    assert person.decided(FIRST)["state"] == "rejected"
    person.press("z")
    assert (person.group_id, person.state) == (FIRST, "approved")


def test_keep_whole_is_about_the_picture_that_was_chosen(person):
    person.press("1", "ArrowUp", "k")
    decision = person.decided(FIRST)["decision"]
    assert (decision["final_index"], decision["crop_coords"]) == (0, None)


def test_a_picture_can_be_held_and_then_kept_whole(person):
    person.press("Shift+Digit2")
    assert person.api("progress")["pending"] == 6
    person.press("k")
    decision = person.decided(FIRST)["decision"]
    assert (decision["final_index"], decision["crop_coords"]) == (1, None)


def test_c_hides_and_shows_the_crop(person):
    person.press("c")
    assert person.find("crop-box").count() == 0
    person.press("c")
    assert person.find("crop-box").count() == 1


def test_submit_writes_the_file(person, root):
    person.press("a", "r", "Shift+Enter")
    assert person.status.startswith("2 sets submitted")
    lines = (root / "sandbox/approved_decisions.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["action"] for row in rows] == ["approved", "rejected"]
    assert rows[0]["shown"]["position"] == 0
    assert rows[0]["shown"]["suggested_position"] == 2
    assert rows[0]["shown"]["hidden"] is False
    assert rows[0]["shown"]["seconds"] >= 0


def test_the_end_is_reached_and_left(person):
    person.press("a", "a", "a", "a", "a", "a")
    assert person.page.locator("#end").inner_text().startswith("All sets are reviewed")
    person.press("a")
    assert person.api("progress")["approved"] == 6
    person.press("ArrowUp")
    assert person.group_id == "harbour/g005"


def test_progress_and_time_left_are_told(person):
    assert person.find("progress").inner_text() == "0 of 6 reviewed"
    person.press("a", "s", "r")
    told = person.find("progress").inner_text()
    assert told.startswith("2 of 6 reviewed · 1 skipped · about ")
    assert told.endswith("2 to submit")


def test_holding_a_key_down_decides_once(person):
    person.page.keyboard.down("a")
    person.page.keyboard.down("a")
    person.page.keyboard.down("a")
    person.page.keyboard.up("a")
    person.idle()
    assert person.api("progress")["approved"] == 1


def test_keys_pressed_fast_each_count_once(person):
    for key in ("a", "r", "2", "s", "a"):
        person.page.keyboard.press(key)
    person.idle()
    states = person.api("queue")["states"]
    assert list(states.values()) == ["approved", "rejected", "overridden", "skipped", "approved"]


@pytest.mark.parametrize("keys", ["Control+a", "Alt+r", "Meta+s"])
def test_the_browsers_own_keys_are_left_alone(person, keys):
    person.press(keys)
    assert person.api("progress")["pending"] == 6


def test_keys_are_ignored_while_choosing_in_a_list_or_typing(person):
    person.page.locator("#filter").focus()
    person.press("a", "r")
    person.page.evaluate(
        "document.getElementById('main').append(document.createElement('textarea'))"
    )
    person.page.locator("textarea").focus()
    person.press("a", "1")
    assert person.page.locator("textarea").input_value() == "a1"
    assert person.api("progress")["pending"] == 6


def test_a_number_without_a_picture_decides_nothing(person):
    person.press("7")
    assert (person.group_id, person.state) == (FIRST, "pending")
    assert "no picture 7" in person.status


def test_help_lists_the_keys_and_keeps_others_out(person):
    person.press("?")
    assert person.find("help").is_visible()
    for words in ("approve", "none is good", "anomaly tags", "Shift"):
        assert words in person.find("help").inner_text()
    person.press("a")
    assert person.api("progress")["pending"] == 6
    person.press("?")
    assert not person.find("help").is_visible()
    person.press("?", "Escape")
    assert not person.find("help").is_visible()


def test_letters_can_be_switched_off_and_the_buttons_still_work(person):
    person.press("?")
    person.page.locator("#keys-on").uncheck()
    person.press("Escape", "a")
    assert person.api("progress")["pending"] == 6
    person.page.get_by_role("button", name="Approve").click()
    person.idle()
    assert person.api("progress")["approved"] == 1
    person.reload()
    person.press("r")
    assert person.api("progress")["rejected"] == 0


def test_a_click_on_a_picture_chooses_it(person):
    person.find("image").nth(1).click()
    person.idle()
    assert person.decided(FIRST)["decision"]["final_index"] == 1
    person.press("Enter")
    assert person.group_id == THIRD


def test_a_picture_is_chosen_with_the_focus_on_it(person):
    person.find("image").nth(0).focus()
    person.press("Enter")
    assert person.decided(FIRST)["decision"]["final_index"] == 0


def test_tags_are_saved_as_they_are_ticked_and_undone_one_by_one(person):
    person.press("t", "1", "ArrowLeft", "4", "t")
    tags = [image["tags"] for image in person.decided(FIRST)["images"]]
    assert tags == [[], ["long_hand"], ["extra_fingers"]]
    assert "2: long hand" in person.find("group").inner_text()
    person.press("z")
    assert [image["tags"] for image in person.decided(FIRST)["images"]] == [
        [],
        [],
        ["extra_fingers"],
    ]


def test_full_size_zooms_all_pictures_together(person):
    person.press("f")
    assert person.page.locator("#zoom").is_visible()
    pictures = person.page.locator("#zoom img")
    for n in range(3):
        person.page.locator(f"#zoom .pane:nth-child({n + 1}) img[src*='/full']").wait_for()

    def transforms():
        return {pictures.nth(n).evaluate("e => e.style.transform") for n in range(3)}

    before = transforms()
    person.press("+", "ArrowRight")
    assert len(before) == len(transforms()) == 1
    assert transforms() != before
    person.press("f")
    assert not person.page.locator("#zoom").is_visible()


def test_full_size_shows_which_picture_is_suggested(person):
    person.press("f")
    labels = person.page.locator("#zoom .label").all_inner_texts()
    assert ["★" in label for label in labels] == [False, False, True]
    person.press("Escape", "h", "f")
    assert not any("★" in label for label in person.page.locator("#zoom .label").all_inner_texts())


def test_full_size_is_worked_by_mouse_too(person):
    person.press("f", "0")
    level = person.page.locator("#zoom-level")
    before = level.inner_text()
    person.page.get_by_role("button", name="Larger").click()
    assert level.inner_text() != before
    person.page.get_by_role("button", name="Smaller").click()
    assert level.inner_text() == before


def test_a_decision_at_full_size_closes_it_and_moves_on(person):
    person.press("f", "2")
    assert not person.page.locator("#zoom").is_visible()
    assert person.group_id == SECOND
    assert person.decided(FIRST)["decision"]["final_index"] == 1
