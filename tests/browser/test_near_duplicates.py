"""Near duplicates from the desk to files: found, asked, decided by keys, applied, taken back."""

import json
import os

import pytest
from PIL import Image

from prefml.decisions import read_decisions
from prefml.proposals import read_decided
from prefml.workspace import Workspace

from ..review.drawn_workspace import draw_picture
from .test_desk import job, look_at, next_step, picture_paths

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GROUPS = 3


@pytest.fixture
def root(tmp_path):
    """Three pictures, each with a larger twin, and nothing that was ever decided."""
    root = tmp_path / "ws"
    folder = root / "images" / "harbour"
    folder.mkdir(parents=True)
    (root / "prefml.toml").write_text('encoder = "builtin"\n[suggest]\nreask = 0\n')
    manifest = root / "data/projects/harbour.project.json"
    manifest.parent.mkdir(parents=True)
    days = {"startedAt": "2025-07-01T00:00:00Z", "finishedAt": None, "title": "harbour"}
    manifest.write_text(json.dumps({"projectId": "harbour", **days}))
    for number in range(GROUPS):
        picture = draw_picture(7 * number, 0, (96, 144))
        picture.save(folder / f"small{number}.png")
        picture.resize((192, 288), Image.Resampling.LANCZOS).save(folder / f"twin{number}.png")
    return root


@pytest.fixture
def person(process, reviewer):
    reviewer.page.set_default_timeout(300_000)
    return reviewer.open(f"{process.url}desk")


def keep_picture(person, name):
    """Keep a picture of the page for people, where a folder for them is named."""
    folder = os.environ.get("PREFML_KEEP_PICTURES")
    if folder:
        for scheme in ("light", "dark"):
            person.page.emulate_media(color_scheme=scheme)
            person.page.screenshot(path=f"{folder}/{name}_{scheme}.png")


def test_near_duplicates_are_decided_by_keys_applied_and_taken_back(person, process, root):
    next_step(person, "There is no model yet")
    before = picture_paths(root)
    person.press("d")
    assert f"{GROUPS} groups of near duplicates." in job(person, "duplicates")
    next_step(person, f"{GROUPS} groups of near duplicates can be decided by keys")
    keep_picture(person, "found")
    person.press("k")
    assert f"{GROUPS} groups to decide in the review." in job(person, "ask_duplicates")
    person.find("near-duplicates-card").get_by_text(f"{GROUPS} groups to decide").wait_for()
    look_at(person)
    keep_picture(person, "asked")

    person.page.keyboard.press("k")
    person.find("near-duplicates").wait_for()
    person.idle()
    assert person.page.locator("#filter").input_value() == "duplicates"
    look_at(person)
    keep_picture(person, "review")
    person.press("a", "1", "s", "Shift+Enter")
    workspace = Workspace.open(root)
    rows = list(read_decided(workspace).values())
    assert [row["action"] for row in rows] == ["approved", "overridden"]
    assert len(read_decisions(workspace).items) == 0

    person.find("desk-link").press("Enter")
    next_step(person, "2 decided sets are to be applied")
    person.press("p")
    assert "2 sets would be applied; nothing was changed." in job(person, "preview")
    person.press("a")
    assert "2 sets applied." in job(person, "apply")
    kept = {row["final_choice"] for row in rows}
    lost = {image for row in rows for image in row["images"]} - kept
    staged = {f"delete_staging/harbour/{path.rpartition('/')[2]}" for path in lost}
    assert picture_paths(root) == before - lost | staged
    person.press("z")
    job(person, "undo")
    assert picture_paths(root) == before


def test_what_nobody_answered_is_taken_back(person, root):
    next_step(person, "There is no model yet")
    person.press("d")
    job(person, "duplicates")
    person.press("k")
    job(person, "ask_duplicates")
    person.find("desk-withdraw_duplicates").click()
    assert f"{GROUPS} groups" in job(person, "withdraw_duplicates")
    assert read_decided(Workspace.open(root)) == {}
    assert (root / "sandbox/automation_decisions.jsonl").read_text() == ""
