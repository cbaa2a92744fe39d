"""From pictures to a retrained model without a terminal and without a mouse."""

import csv

import pytest

from prefml.proposals import read_decided
from prefml.workspace import Workspace

from .test_accessibility import findings
from .test_loop import PROJECTS, write_project

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDTHS = (1280, 820)


@pytest.fixture
def root(tmp_path):
    """Logs and pictures; nothing is learned or suggested yet."""
    root = tmp_path / "ws"
    root.mkdir()
    (root / "prefml.toml").write_text('encoder = "builtin"\n[suggest]\nreask = 0\n')
    log = root / "data/training/selection_only_log.csv"
    log.parent.mkdir(parents=True)
    with log.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["session_id", "set_id", "chosen_path", "neg_paths", "timestamp"])
        for number, project in enumerate(PROJECTS):
            writer.writerows(write_project(root, 200 * number, project))
    return root


@pytest.fixture
def person(process, reviewer):
    reviewer.page.set_default_timeout(300_000)
    return reviewer.open(f"{process.url}desk")


def job(person, kind, state="done", minutes=5):
    """Wait for a job, and return what the page says of it."""
    place = person.find("job", f'[data-kind="{kind}"][data-state="{state}"]')
    place.wait_for(timeout=60_000 * minutes)
    return place.inner_text()


def next_step(person, words):
    person.find("next").get_by_text(words).wait_for()
    look_at(person)


def look_at(person):
    """Hold the page to what every state must keep: nothing beside the window, no finding of axe."""
    for width in WIDTHS:
        person.page.set_viewport_size({"width": width, "height": 900})
        assert person.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    for scheme in ("light", "dark"):
        person.page.emulate_media(color_scheme=scheme)
        assert findings(person.page) == [], scheme


def picture_paths(root):
    return {str(path.relative_to(root)) for path in root.rglob("*.png")}


def test_from_pictures_to_a_retrained_model_by_keys_alone(person, process, root):
    next_step(person, "There is no model yet")
    person.press("t")
    job(person, "train", "running")
    person.reload()
    process.kill()
    process.start()
    assert "Choice: the new model is in use" in job(person, "train")
    next_step(person, "18 new pictures wait")

    person.press("s")
    assert "Suggested for 6 sets" in job(person, "suggest")
    next_step(person, "6 sets are undecided")
    person.page.keyboard.press("r")
    person.find("group").wait_for()
    person.idle()
    person.press("a", "1", "k", "r", "a", "a", "Shift+Enter")
    assert len(read_decided(Workspace.open(root))) == 6

    person.find("desk-link").press("Enter")
    next_step(person, "6 decided sets are to be applied")
    before = picture_paths(root)
    person.press("p")
    assert "6 sets would be applied; nothing was changed." in job(person, "preview")
    next_step(person, "Nothing was changed yet")
    assert picture_paths(root) == before
    person.press("a")
    assert "6 sets applied." in job(person, "apply")
    assert len(list((root / "selected").rglob("*.png"))) == 5
    person.find("stage-applied").get_by_text("6", exact=True).wait_for()
    person.press("z")
    assert "A run of 6 sets was taken back, byte for byte." in job(person, "undo")
    assert picture_paths(root) == before

    next_step(person, "6 decided sets are to be applied")
    person.press("t")
    said = job(person, "train")
    assert "Choice: " in said
    person.page.locator('[data-testid="desk-rollback"] kbd').wait_for()
    person.press("b")
    assert "The ranker model of" in job(person, "rollback")
    look_at(person)

    person.press("e")
    assert "The report is written." in job(person, "report", minutes=20)
    person.find("report").get_by_text("What your choices go by").wait_for()
    look_at(person)
    person.page.keyboard.press("o")
    person.page.get_by_role("heading", name="What it learned about you").wait_for()
    look_at(person)
    person.page.keyboard.press("Alt+ArrowLeft")
    person.find("next").wait_for()


def test_a_plan_that_changed_since_it_was_shown_is_refused(person, root):
    person.find("next").get_by_text("There is no model yet").wait_for()
    image = sorted(str(path.relative_to(root)) for path in (root / "new").rglob("*.png"))[0]
    decide(root, image)
    person.press("p")
    job(person, "preview")
    other = sorted(str(path.relative_to(root)) for path in (root / "new").rglob("*.png"))[1]
    decide(root, other)
    person.press("a")
    assert "another than the one that was shown" in job(person, "apply", "failed")
    assert (root / image).exists()


def decide(root, image):
    row = (
        f'{{"group_id": "{image}", "images": ["{image}"], "action": "rejected", "timestamp": "t"}}'
    )
    (root / "sandbox").mkdir(exist_ok=True)
    with (root / "sandbox/approved_decisions.jsonl").open("a") as stream:
        stream.write(row + "\n")
