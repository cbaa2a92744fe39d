"""What a key does is said before, and can be changed."""

import json

import pytest

pytestmark = pytest.mark.browser

FIRST, SECOND = "valley/g000", "harbour/g001"
BOX = [0.1, 0.05, 0.9, 0.85]


def rewrite(root, **crop):
    path = root / "sandbox" / "automation_decisions.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    rows[0]["step2_crop"] |= crop
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def test_an_unsure_crop_is_never_taken_before_it_was_shown(serve, reviewer, root):
    rewrite(root, confidence=0.31)
    person = reviewer.open(serve())
    button = person.page.locator("#approve")
    assert button.inner_text() == "A Approve 3, ask about crop"
    person.press("c", "a")
    assert (person.group_id, person.state, person.box) == (FIRST, "pending", BOX)
    assert "unsure" in person.status
    assert button.inner_text() == "A Approve 3, cropped to 64 %"
    person.press("a")
    assert person.decided(FIRST)["decision"]["crop_coords"] == BOX
    person.press("Control+z")
    assert person.status == "Undone: picture 3, cropped"
    person.press("2", "k")
    assert person.decided(FIRST)["decision"]["final_index"] == 1
    assert person.decided(FIRST)["decision"]["crop_coords"] is None


@pytest.mark.parametrize(("setting", "box"), [("crop", BOX), ("whole", None)])
def test_the_setting_says_what_becomes_of_an_unsure_crop(serve, reviewer, root, setting, box):
    rewrite(root, confidence=0.31)
    (root / "prefml.toml").write_text(f'[review]\nunsure_crop = "{setting}"\n')
    person = reviewer.open(serve())
    said = "cropped to 64 %" if box else "whole"
    assert person.page.locator("#approve").inner_text() == f"A Approve 3, {said}"
    person.press("a")
    assert person.decided(FIRST)["decision"]["crop_coords"] == box


def test_keys_that_everyone_tries_work(person):
    person.press("ArrowLeft", "a")
    assert person.decided(FIRST)["decision"]["final_index"] == 1
    person.press("Backspace")
    assert (person.group_id, person.state) == (FIRST, "pending")
    person.press("0")
    assert person.decided(FIRST)["state"] == "rejected"
    person.press("Control+z", "Control+Shift+Z")
    assert person.decided(FIRST)["state"] == "rejected"
    assert person.status == "Done again: none is good"


def test_a_key_is_changed_on_the_page_and_kept_in_the_workspace(person, root):
    person.press("?")
    person.find("help").get_by_role("button", name="A: change this key").press("Enter")
    person.press("j", "Escape")
    assert person.page.locator("#approve kbd").inner_text() == "J"
    person.press("a")
    assert person.api("progress")["pending"] == 6
    person.reload()
    person.press("j")
    assert person.decided(FIRST)["state"] == "approved"
    kept = json.loads((root / "sandbox/review_keys.json").read_text())
    assert kept == {"keys": {"a": "j", "j": "a"}}
    person.press("?")
    person.find("help").get_by_role("button", name="Right hand").click()
    person.idle()
    person.press("Escape", "l")
    assert person.decided(SECOND)["state"] == "rejected"


def test_an_unsure_crop_of_a_batch_is_shown_and_asked_about_once(serve, reviewer, root):
    path = root / "sandbox" / "automation_decisions.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    inside = [row for row in rows if row["within_budget"]]
    inside[1]["step2_crop"]["confidence"] = 0.31
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    person = reviewer.open(serve())
    person.press("b", "a")
    batch = person.page.locator("#bulk")
    assert "1 set of the batch has a crop that is unsure" in batch.inner_text()
    assert batch.locator(".bulk-set").count() == 1
    assert batch.locator(".bulk-set .crop").is_visible()
    assert person.api("progress")["pending"] == 6
    person.press("k")
    batch.wait_for(state="hidden")
    person.idle()
    sure, unsure = (person.decided(row["group_id"])["decision"] for row in inside)
    assert (sure["crop_coords"], sure["crop_source"]) == (BOX, "suggested")
    assert (unsure["crop_coords"], unsure["crop_source"]) == (None, "whole")
    person.press("z")
    assert person.api("progress")["pending"] == 6


@pytest.mark.parametrize(("setting", "box"), [("crop", BOX), ("whole", None)])
def test_the_setting_holds_for_a_batch_too(serve, reviewer, root, setting, box):
    path = root / "sandbox" / "automation_decisions.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for row in rows:
        row["step2_crop"] |= {"confidence": 0.31}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (root / "prefml.toml").write_text(f'[review]\naudit = 0\nunsure_crop = "{setting}"\n')
    person = reviewer.open(serve())
    person.press("b")
    drawn = person.page.locator("#bulk .bulk-set .crop").count()
    assert drawn == (2 if box else 0)
    person.press("a")
    person.page.locator("#bulk").wait_for(state="hidden")
    person.idle()
    decided = [person.decided(row["group_id"]) for row in rows if row["within_budget"]]
    assert [one["decision"]["crop_coords"] for one in decided] == [box, box]
