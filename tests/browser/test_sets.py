"""Sets are split, joined and moved between on the page, with keys and with buttons."""

import pytest

from prefml.proposals import read_suggestions, suggestions_path, write_lines
from prefml.proposals.corrections import corrected_rows, read_corrections
from prefml.workspace import Workspace

pytestmark = pytest.mark.browser

FIRST, SECOND, THIRD = "valley/g000", "harbour/g001", "harbour/g002"


def members(person):
    """Return the names of the pictures of every set, in the order of the list."""
    ids = person.api("queue")["group_ids"]
    groups = person.api("load_batch?" + "&".join(f"id={one}" for one in ids))["groups"]
    return [[image["name"] for image in one["images"]] for one in groups]


def flat(sets):
    return sorted(name for names in sets for name in names)


def test_a_set_is_split_and_joined_again_with_keys_alone(person):
    before = members(person)
    person.press("Enter", "g", "1", "n")
    assert person.find("sets").is_hidden()
    assert person.status.startswith("Split: 1 picture in a set of its own; Z takes it back")
    after = members(person)
    assert len(after) == 7
    assert flat(after) == flat(before)
    assert sorted(map(len, after)) == [1, 2, 3, 3, 3, 3, 3]
    assert person.find("image").count() == 2
    assert person.find("awaiting").inner_text() == "changed by you, no suggestion yet"
    person.press("z")
    assert (person.group_id, members(person)) == (SECOND, before)
    assert person.find("awaiting").count() == 0


def test_a_picture_is_moved_to_the_set_that_was_chosen(person):
    before = members(person)
    # The set after the next one of the project.
    person.press("Enter", "g", "ArrowDown", "2", "m")
    after = members(person)
    assert flat(after) == flat(before)
    moved = before[1][1]
    assert [len(names) for names in after if moved in names] == [4]
    assert moved not in after[1]
    person.press("z")
    assert members(person) == before
    person.press("Shift+z")
    assert members(person) == after


def test_two_sets_are_joined_and_the_join_is_decided(person):
    person.press("Enter", "g", "j")
    assert person.find("image").count() == 6
    person.press("5")
    assert person.state == "pending"
    states = person.api("queue")["states"]
    assert list(states.values()) == ["overridden"]
    person.press("z", "z")
    assert person.group_id == SECOND
    assert person.api("queue")["states"] == {}


def test_a_set_is_changed_with_the_mouse_alone(person):
    page = person.page
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Sets", exact=False).click()
    page.locator("#sets-own img").nth(2).click()
    page.get_by_role("button", name="Set after").click()
    person.idle()
    assert page.locator("#sets-own input:checked").count() == 1
    page.get_by_role("button", name="Split").click()
    person.idle()
    assert [len(names) for names in members(person)].count(1) == 1


def test_a_change_outlives_a_reload_and_kill_9_and_is_undone_after_it(process, reviewer, root):
    person = reviewer.open(process.url)
    before = members(person)
    person.press("Enter", "g", "1", "n")
    after = members(person)
    person.reload()
    assert members(person) == after
    assert person.find("image").count() == 2
    process.kill()
    process.start()
    person.reload()
    assert members(person) == after
    assert len(read_corrections(Workspace.open(root)).sets) == 2
    person.press("z")
    assert members(person) == before


def test_a_change_that_was_pressed_while_the_server_was_dead_is_made_once(process, reviewer):
    person = reviewer.open(process.url)
    before = members(person)
    person.press("Enter", "g", "1")
    process.kill()
    person.page.keyboard.press("n")
    person.page.get_by_role("alert").get_by_text("Not saved yet").wait_for()
    process.start()
    person.idle()
    after = members(person)
    assert flat(after) == flat(before)
    assert len(after) == len(before) + 1


def test_a_decision_is_not_taken_over_by_other_pictures(person):
    person.press("Enter", "a", "ArrowUp")
    assert (person.group_id, person.state) == (SECOND, "approved")
    person.press("g", "3", "n")
    assert person.state == "pending"
    assert person.api("progress")["approved"] == 0
    person.press("z")
    assert (person.group_id, person.state) == (SECOND, "approved")


def test_the_suggestion_for_a_changed_set_is_shown_once_there_is_one(person, root):
    person.press("Enter", "g", "1", "n")
    workspace = Workspace.open(root)
    rows = corrected_rows(
        list(read_suggestions(workspace).values()), read_corrections(workspace).sets
    )
    chosen = {"step1_selection": {"chosen": 0, "confidence": 0.8, "probabilities": [0.8, 0.2]}}
    rows = [
        {**row, **chosen, "awaiting": False} if len(row["images"]) == 2 else row for row in rows
    ]
    write_lines(suggestions_path(workspace), rows)
    person.reload()
    assert person.find("awaiting").count() == 0
    assert person.find("image", '[data-suggested="true"]').get_attribute("data-index") == "0"


def test_what_is_refused_is_said_in_the_dialog(person, root):
    person.press("Enter", "a", "ArrowUp", "g", "1")
    name = read_suggestions(Workspace.open(root))[SECOND]["images"][0]
    (root / name).unlink()
    person.page.keyboard.press("n")
    person.page.locator("#sets-note").get_by_text("prefml apply --undo").wait_for()
    person.faults = [fault for fault in person.faults if "400" not in fault]
    person.press("Escape")
    assert person.state == "approved"


def test_the_sheet_of_keys_names_them(person):
    person.press("?")
    told = person.find("help").inner_text()
    for words in ("split, join, move a picture", "choose the other set", "join both sets"):
        assert words in told


def test_a_picture_can_be_ticked_with_arrows_and_space(person):
    person.press("Enter", "g", "ArrowRight", "Space", "n")
    sets = members(person)
    assert (len(sets), len(flat(sets))) == (7, 18)
