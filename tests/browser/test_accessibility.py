import pytest

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

VIEWS = {
    "undecided": [],
    "editing": ["x", "ArrowLeft"],
    "approved": ["a", "ArrowUp"],
    "overridden": ["1", "ArrowUp"],
    "rejected": ["r", "ArrowUp"],
    "held": ["Shift+Digit1"],
    "help": ["?"],
    "tags": ["t", "1"],
    "sets": ["g", "1"],
    "zoom": ["f"],
    "flip": ["Space"],
    "versus": ["v"],
    "difference": ["d"],
    "batch": ["b"],
    "flagged": ["Enter", "Enter"],
    "hidden": ["h"],
    "shown again": ["h"],
    "end": ["Enter", "Enter", "Enter", "Enter"],
}


def findings(page):
    # Late, because without Chromium these tests are skipped; with it they must not be.
    from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    result = Axe().run(page, options=options)
    return [
        (found["id"], found["impact"], node["target"], node["any"][:1])
        for found in result.response["violations"]
        for node in found["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_has_a_finding(person, scheme):
    person.page.emulate_media(color_scheme=scheme)
    for view, keys in VIEWS.items():
        person.press(*keys)
        assert findings(person.page) == [], view
        person.press("Escape")
        while person.api("progress")["can_undo"]:
            person.press("z")


def test_the_set_is_announced_when_it_changes(person):
    heard = person.page.locator("#announce")
    person.press("a")
    heard.get_by_text("Set 2 of 6 · harbour, picture 3 suggested").wait_for()
    assert "Last: picture 3, cropped, as suggested" in heard.inner_text()


def test_everything_can_be_reached_by_tab(person):
    reached = set()
    for _ in range(40):
        person.page.keyboard.press("Tab")
        reached.add(
            person.page.evaluate(
                "(document.activeElement.dataset.do ?? document.activeElement.dataset.testid"
                " ?? document.activeElement.id)"
            )
        )
    expected = {"filter", "project", "hide", "bulk", "help", "image", "approve", "reject", "skip",
                "keep", "edit", "hand", "crop", "sets", "tags", "zoom", "back", "next"}  # fmt: skip
    assert expected <= reached


def test_a_dialog_gives_the_focus_back(person):
    person.press("?", "Escape")
    assert person.page.evaluate("document.activeElement.id") == "group"


@pytest.mark.parametrize(
    "name", ["Approve", "None good", "Skip", "Keep whole", "Edit crop", "Undo"]
)
def test_buttons_are_named_for_what_they_do(person, name):
    assert person.page.get_by_role("button", name=name, exact=False).count() >= 1
