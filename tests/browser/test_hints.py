"""Hints at first use: one at a time, three in all, then none."""

import pytest

pytestmark = pytest.mark.browser


def hint(person):
    box = person.find("hint")
    return box.get_attribute("data-hint") if box.is_visible() else None


def test_three_hints_are_shown_one_at_a_time_and_then_none(person):
    assert hint(person) == "decide"
    words = person.find("hint").inner_text()
    assert "A approves the suggestion with its crop, 1\u20133 choose" in words
    person.press("a")
    assert hint(person) == "look"
    person.press("Space")
    # Nothing speaks beside a dialog.
    assert hint(person) is None
    person.press("Escape")
    assert hint(person) == "undo"
    person.press("x")
    assert hint(person) is None
    person.press("Escape")
    assert hint(person) == "undo"
    person.press("Escape")
    assert hint(person) is None
    person.reload()
    assert hint(person) is None


def test_what_was_seen_is_kept_in_the_workspace(serve, reviewer, root):
    person = reviewer.open(serve())
    person.press("Escape")
    assert hint(person) == "look"
    person.page.evaluate("localStorage.clear(); sessionStorage.clear()")
    person.open(serve())
    assert hint(person) == "look"
    person.find("hint").get_by_role("button", name="Got it").click()
    person.idle()
    assert hint(person) == "undo"
    assert person.page.evaluate("document.activeElement.id") == "group"
    assert (root / "sandbox/review_hints.json").read_text() == '{"seen":["decide","look"]}\n'


def test_who_has_decided_here_before_is_not_hinted_at(serve, reviewer, root):
    person = reviewer.open(serve())
    person.press("a")
    (root / "sandbox/review_hints.json").unlink()
    person.reload()
    assert hint(person) is None


@pytest.mark.parametrize("context_options", [{"has_touch": True, "is_mobile": True}])
def test_a_hint_is_dismissed_by_a_tap(person, context_options):
    button = person.find("hint").get_by_role("button")
    box = button.bounding_box()
    assert min(box["width"], box["height"]) >= 44
    button.tap()
    person.idle()
    assert hint(person) == "look"
