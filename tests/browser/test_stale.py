"""`prefml suggest` writes other suggestions while the page is open."""

import pytest

from prefml.proposals import read_lines, suggestions_path, write_lines
from prefml.workspace import Workspace

pytestmark = pytest.mark.browser

FIRST, SECOND = "valley/g000", "harbour/g001"
NEW_BOX = [0.3, 0.3, 0.9, 0.9]
PRESS_TWICE = """() => {
  const press = () => new KeyboardEvent("keydown", { key: "a", bubbles: true, cancelable: true });
  for (let i = 0; i < 2; i += 1) document.body.dispatchEvent(press());
}"""
CHANGE = {"step2_crop": {"needs_crop": True, "crop_coords": NEW_BOX, "confidence": 0.9}}


@pytest.fixture(autouse=True)
def refusals(reviewer):
    """Expect the browser to remark on what the server refuses, here and nowhere else."""
    yield
    reviewer.faults = [fault for fault in reviewer.faults if "409" not in fault]


def suggest(root, *groups):
    path = suggestions_path(Workspace.open(root))
    rows = read_lines(path).rows
    write_lines(path, [row | CHANGE if row["group_id"] in groups else row for row in rows])


def test_a_crop_that_came_after_the_page_was_drawn_is_shown_before_it_is_stored(person, root):
    old = person.box
    suggest(root, FIRST)
    # The second press was meant for what the first one was about: it comes before any answer.
    person.page.evaluate(PRESS_TWICE)
    person.idle()
    assert person.status == "The suggestion changed; here is the new one. Decide again."
    assert (person.group_id, person.state, old != NEW_BOX, person.box) == (
        FIRST, "pending", True, NEW_BOX,
    )  # fmt: skip
    person.press("a")
    found = person.decided(FIRST)
    assert (found["state"], found["decision"]["crop_coords"]) == ("approved", NEW_BOX)
    assert person.group_id == SECOND


def test_a_half_drawn_crop_stays_on_the_new_suggestion_and_can_be_dropped(person, root):
    person.press("x", "Shift+ArrowRight")
    drawn = person.box
    suggest(root, FIRST)
    person.press("Enter")
    assert "your crop is still drawn" in person.status
    assert (person.state, person.box) == ("pending", drawn)
    person.press("x", "Escape")
    assert person.box == NEW_BOX


def test_a_batch_is_offered_anew_when_one_of_its_suggestions_changed(person, root):
    person.press("b", "Space")
    suggest(root, "harbour/g005")
    person.press("a")
    words = person.page.locator("#bulk-text").inner_text()
    assert words.startswith("Suggestions changed; nothing was approved")
    assert person.api("progress")["approved"] == 0
    person.press("a")
    assert person.api("queue")["states"] == {"harbour/g005": "approved"}


def test_a_key_that_was_not_saved_before_the_suggestion_changed_decides_nothing(
    process, reviewer, root
):
    person = reviewer.open(process.url)
    process.kill()
    person.page.keyboard.press("a")
    person.page.get_by_role("alert").get_by_text("Not saved yet").wait_for()
    suggest(root, FIRST)
    # The page is closed, so that the key is delivered by the next one, not by its own asking again.
    person.page.goto("about:blank")
    process.start()
    person.open(process.url)
    assert "Your last key came too late" in person.status
    assert (person.group_id, person.state, person.box) == (FIRST, "pending", NEW_BOX)
