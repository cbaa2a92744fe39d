import pytest

pytestmark = pytest.mark.browser

FIRST, SECOND, THIRD = "valley/g000", "harbour/g001", "harbour/g002"


def select(person, name, value):
    person.page.locator(f"#{name}").select_option(value)
    person.idle()


def ids(person):
    found = []
    while person.find("group").is_visible():
        found.append(person.group_id)
        person.press("ArrowDown")
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("uncertain", ["valley/g003"]),
        ("flagged", [THIRD]),
        ("crops", [FIRST, THIRD, "valley/g003", "harbour/g004", "harbour/g005"]),
        ("skipped", []),
    ],
)
def test_a_filter_shows_its_sets(person, name, expected):
    select(person, "filter", name)
    assert ids(person) == expected


def test_skipped_sets_come_back_in_their_filter(person):
    person.press("s", "s")
    select(person, "filter", "skipped")
    assert person.group_id == FIRST
    person.press("a")
    assert person.group_id == SECOND


def test_a_project_is_chosen_and_kept_over_a_reload(person):
    select(person, "project", "valley")
    assert person.find("group").inner_text().startswith("Set 1 of 2 · valley")
    person.reload()
    assert person.find("group").inner_text().startswith("Set 1 of 2 · valley")


def test_undo_of_a_set_outside_the_filter_shows_it(person):
    person.press("a")
    select(person, "filter", "flagged")
    person.press("z")
    assert (person.group_id, person.state) == (FIRST, "pending")


def test_confidence_reason_and_flags_are_told_in_words(person):
    text = person.page.locator("#main").inner_text()
    for words in ("very likely (86 %)", "higher stage", "sharper", "None is good: 12 %",
                  "Crop to 64 %: likely (74 %)", "lies low"):  # fmt: skip
        assert words in text
    person.press("Enter", "Enter")
    assert "fingers look odd" in person.find("group").inner_text()


def test_the_suggestion_is_told_by_words_and_shape_not_only_colour(person):
    suggested = person.page.locator(".tile.suggested")
    assert "Suggested" in suggested.inner_text()
    name = suggested.get_by_role("button").get_attribute("aria-label")
    assert name == "Picture 3 of 3, suggested, very likely (86 %)"


@pytest.fixture
def blind(serve, reviewer):
    return reviewer.open(serve(hide_suggestion=True))


def test_a_hidden_suggestion_leaves_no_trace(blind):
    assert blind.find("image", '[data-suggested="true"]').count() == 0
    text = blind.page.locator("#main").inner_text()
    assert "Suggested" not in text
    assert "86" not in text
    boxes = blind.find("crop-box")
    assert boxes.count() == 3
    assert blind.find("crop-ghost").count() == 0
    blind.press("Enter", "Enter")
    assert "fingers" not in blind.page.locator("#main").inner_text()


def test_a_hidden_suggestion_is_shown_after_the_choice(blind):
    blind.press("1")
    assert "suggested: 3" in blind.status
    blind.press("ArrowUp")
    assert blind.find("image", '[data-suggested="true"]').get_attribute("data-index") == "2"


def test_approving_a_hidden_suggestion_shows_it_first(blind):
    blind.press("a")
    assert (blind.group_id, blind.state) == (FIRST, "pending")
    assert blind.find("image", '[data-suggested="true"]').count() == 1
    blind.press("a")
    assert blind.decided(FIRST)["state"] == "approved"


def test_keeping_whole_with_a_hidden_suggestion_needs_a_choice(blind):
    blind.press("k", "x", "m")
    assert blind.state == "pending"
    assert "Choose a picture first" in blind.status


def test_h_hides_suggestions_and_is_remembered(person):
    person.press("h")
    person.reload()
    assert person.find("image", '[data-suggested="true"]').count() == 0
    person.press("h")
    assert person.find("image", '[data-suggested="true"]').count() == 1


def test_a_batch_is_looked_at_and_approved(person):
    person.press("b")
    dialog = person.page.locator("#bulk")
    assert "2 sets undecided" in dialog.inner_text()
    assert dialog.locator(".bulk-item").count() == 2
    assert person.api("progress")["approved"] == 0
    dialog.get_by_role("checkbox").first.uncheck()
    dialog.get_by_role("button", name="Approve 1 set as suggested").click()
    dialog.wait_for(state="hidden")
    person.idle()
    assert person.decided("harbour/g005")["state"] == "approved"
    assert person.api("progress")["pending"] == 5
    person.press("z")
    assert person.api("progress")["pending"] == 6


def test_a_batch_is_approved_by_keyboard_alone(person):
    person.press("b")
    first, second = person.page.locator("#bulk-grid input").all()
    assert first.evaluate("e => e === document.activeElement")
    person.press("ArrowRight", "Space")
    assert (first.is_checked(), second.is_checked()) == (True, False)
    person.press("a")
    person.page.locator("#bulk").wait_for(state="hidden")
    person.idle()
    assert person.api("progress")["approved"] == 1


def test_a_batch_without_sets_says_what_to_do(person):
    select(person, "project", "valley")
    person.press("b")
    dialog = person.page.locator("#bulk")
    assert "prefml evaluate" in dialog.inner_text()
    assert not dialog.get_by_role("button", name="Approve").is_visible()


def test_a_picture_that_cannot_be_read_leaves_a_gap_not_a_fault(serve, reviewer, root):
    # Before the page is opened: it fetches ahead, and a picture that breaks meanwhile is a 404.
    for path in (root / "images/harbour").glob("*_stage1_generated.png"):
        path.write_bytes(b"broken")
    person = reviewer.open(serve())
    person.press("Enter")
    assert "cannot be read" in person.find("image").first.inner_text()
    person.press("a")
    assert person.decided(SECOND)["state"] == "approved"
