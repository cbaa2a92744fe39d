"""No state of the page scrolls sideways or leaves the window, with the longest texts."""

import json

import pytest

from prefml.review import FoundPeople

from ..review.drawn_workspace import write_workspace

pytestmark = pytest.mark.browser

WINDOWS = [(1728, 1000), (1512, 860), (1440, 900), (1280, 800), (820, 1180), (720, 450), (390, 844)]
LONG = "the_left_hand_of_the_person_looks_odd " * 4
RIGHT_TO_LEFT = "\u05d2\u05df \u05d4\u05e6\u05e4\u05d5\u05df " * 6
STATES = {
    "undecided": [], "asked": ["a"], "editing": ["x", "p", "w"], "held": ["ArrowLeft"],
    "loupe": ["l"], "no loupe": ["l"],
    "full size": ["f"], "flip": ["Space"], "versus": ["v"], "difference": ["d"], "face": ["e"],
    "keys": ["?"], "tags": ["t"], "sets": ["g"], "batch": ["b"], "hidden": ["h"], "told": ["r"],
    "decided": ["ArrowUp"], "undone": ["z"], "end": ["Enter"] * 6,
}  # fmt: skip
LEAVE = {"full size", "flip", "versus", "difference", "face", "keys", "tags", "sets", "batch"}
# Seen, and not inside something that cuts or scrolls on purpose.
CUT = ".pane, .frame, #tags-table, .visually-hidden, .less, .least, .chips, label"
OUTSIDE = """cut => [
  document.documentElement.scrollWidth - innerWidth,
  ...[...document.querySelectorAll('body *')]
    .filter(e => e.checkVisibility() && !e.closest(cut))
    .map(e => [e.id || e.className || e.tagName, e.getBoundingClientRect()])
    .filter(([, r]) => r.width > 1 && (r.left < -1 || r.right > innerWidth + 1))
    .map(([name]) => name)]"""
FRAMES = """() => new Promise(done =>
  requestAnimationFrame(() => requestAnimationFrame(done)))"""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Sets of four pictures with long and right-to-left names, of which no crop is sure."""
    root = write_workspace(tmp_path_factory.mktemp("widths") / "ws", groups=4, pictures=4)
    path = root / "sandbox" / "automation_decisions.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for number, row in enumerate(rows):
        row["project_id"] = RIGHT_TO_LEFT if number % 2 else LONG
        row["flags"] = [LONG, RIGHT_TO_LEFT] if number < 3 else []
        row["reasons"] = row["duplicates"] = [LONG] * 5
        row["step2_crop"] |= {"confidence": 0.31, "reason": LONG}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return root


def test_every_state_fits_every_window(serve, reviewer):
    def people(project, name):
        return FoundPeople(((0.05, 0.1, 0.2, 0.3),) * 3, ((0.7, 0.8, 0.95, 0.95),) * 3)

    person = reviewer.open(serve(people=people))
    found = {}
    for state, keys in STATES.items():
        person.press(*keys)
        for width, height in WINDOWS:
            person.page.set_viewport_size({"width": width, "height": height})
            # The pictures follow the window in its next frame.
            person.page.evaluate(FRAMES)
            outside = person.page.evaluate(OUTSIDE, CUT)
            if outside[0] > 0 or outside[1:]:
                found[state, width] = outside
        if state in LEAVE or state == "editing":
            person.press("Escape")
        if state in ("asked", "held", "hidden"):
            person.press(*["h"] * (state == "hidden"), "ArrowDown", "ArrowUp")
    assert found == {}


CUT_SHORT = "all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent)"


def test_a_badge_is_never_cut_short(serve, reviewer):
    """The name gives way, which stands in full in the picture's title."""
    person = reviewer.open(serve())
    person.press("a", "a", "ArrowUp")
    for width in range(1100, 1800, 50):
        person.page.set_viewport_size({"width": width, "height": 860})
        person.page.evaluate(FRAMES)
        assert person.page.locator(".badge, .likely").evaluate_all(CUT_SHORT) == [], width
        assert person.page.locator(".tile .badge").count() == 2


TOUCH = {"has_touch": True, "is_mobile": True}


@pytest.mark.parametrize("context_options", [TOUCH])
def test_what_is_touched_is_large_enough_and_a_tap_chooses(person, context_options):
    assert person.page.evaluate("matchMedia('(pointer: coarse)').matches")
    small = person.page.locator("button:visible, select:visible").evaluate_all(
        "all => all.map(e => [e.id || e.textContent, e.getBoundingClientRect()])"
        ".filter(([, r]) => Math.min(r.width, r.height) < 44).map(([name]) => name)"
    )
    assert small == []
    # The first tap asks about the crop, which is unsure.
    for pending in (4, 3):
        person.find("image").nth(1).tap()
        person.idle()
        assert person.api("progress")["pending"] == pending
