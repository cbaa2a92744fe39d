"""Sets that are drawn from a batch and asked one by one, without a suggestion."""

import pytest

pytestmark = pytest.mark.browser

BATCH = {"harbour/g004", "harbour/g005"}


@pytest.fixture
def person(serve, reviewer, root):
    (root / "prefml.toml").unlink()
    return reviewer.open(serve())


def open_audit(person):
    person.press("b", "a")
    person.page.locator("#bulk").wait_for(state="hidden")
    person.idle()


def test_the_dialog_says_what_will_be_asked_and_does_not_show_it(person):
    person.press("b")
    dialog = person.page.locator("#bulk")
    assert "2 sets of the batch, drawn at random" in dialog.inner_text()
    assert dialog.locator(".bulk-item").count() == 0
    assert dialog.get_by_role("button", name="Ask me about 2 sets").is_visible()


def test_a_withheld_set_is_asked_without_a_trace_of_its_suggestion(person):
    open_audit(person)
    assert person.group_id in BATCH
    assert person.find("audited").is_visible()
    assert person.find("image", '[data-suggested="true"]').count() == 0
    assert person.find("crop-box").count() == 0
    text = person.page.locator("#main").inner_text()
    assert "86 %" not in text
    assert "drawn at random" in text
    told = person.decided(person.group_id)
    assert (told["suggested"], told["confidence"], told["crop"]["box"]) == (None, None, None)
    person.press("a")
    assert person.state == "pending"
    assert "1 to 9 choose" in person.status


def test_picture_and_frame_of_a_withheld_set_are_answered_by_keyboard(person):
    open_audit(person)
    first = person.group_id
    person.press("2", "-", "-", "Enter")
    decision = person.decided(first)["decision"]
    assert decision["final_index"] == 1
    assert decision["crop_coords"] is not None
    assert {first, person.group_id} == BATCH
    person.press("3", "k")
    assert person.api("progress")["pending"] == 4
    person.press("b")
    assert "answered first" not in person.page.locator("#bulk-text").inner_text()


def test_the_next_batch_waits_and_undo_takes_the_draw_back(person):
    open_audit(person)
    person.press("r")
    assert person.api("budget")["group_ids"] == []
    person.press("z", "z")
    assert set(person.api("budget")["group_ids"]) == BATCH
    assert person.find("image", '[data-suggested="true"]').count() == 1
