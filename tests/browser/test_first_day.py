"""The whole first day: a folder of pictures, answers, a model, suggestions, review, apply."""

import json
import subprocess
import sys

import pytest

from prefml.proposals import read_decided, read_suggestions
from prefml.status import status_of
from prefml.workspace import Workspace

from ..review.drawn_workspace import STAGES, draw_picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]
START = [sys.executable, "-c", "from prefml.cli import run; run()", "start", "--no-browser",
         "--port", "0", "--json"]  # fmt: skip
SETS, ANSWERS = 36, 60


@pytest.fixture
def shoot(tmp_path):
    for at, project in enumerate(("harbour", "valley")):
        (tmp_path / "shoot" / project).mkdir(parents=True)
        for number in range(SETS):
            for variant in range(3):
                name = f"20250705_{100000 + number * 100 + variant}_{STAGES[variant]}.png"
                picture = draw_picture(100 * at + number, variant, (64, 96))
                picture.save(tmp_path / "shoot" / project / name)
    return tmp_path / "shoot"


@pytest.fixture
def started(shoot):
    process = subprocess.Popen([*START, str(shoot)], stdout=subprocess.PIPE, text=True)
    yield json.loads(process.stdout.readline())
    process.kill()
    process.communicate()


def job_in_turn(person, key, kind):
    """Press a key until its job is done: a model may be in training beside the page, and refuse."""
    done = person.find("job", f'[data-kind="{kind}"][data-state="done"]')
    while not done.count():
        person.press(key)
        person.page.wait_for_timeout(2000)
    person.faults[:] = [fault for fault in person.faults if "400 (BAD REQUEST)" not in fault]
    return done.inner_text()


def test_from_a_folder_of_pictures_to_files_in_their_places(shoot, started, reviewer):
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in shoot.rglob("*.png")}
    reviewer.open(started["url"])
    day = reviewer.find("first-day")
    rest = reviewer.find("suggest-rest")
    day.get_by_text("10 answers until the first model").wait_for()
    workspace = Workspace.open(started["workspace"])
    for number in range(ANSWERS):
        assert reviewer.page.locator('[data-suggested="true"]').count() == 0
        # The middle stage, but for a slip now and then.
        reviewer.press("3" if number % 8 == 7 else "2")
        if number == 9:
            # A training in a process that gives way to everything else on the machine.
            rest.wait_for(timeout=600_000)
    day.get_by_text("Right on").wait_for()
    rest.click()
    reviewer.page.locator('[data-suggested="true"]').wait_for()
    left = 2 * SETS - ANSWERS
    suggested = [row for row in read_suggestions(workspace).values() if not row.get("asked")]
    assert len(suggested) == left
    for _ in range(left):
        assert reviewer.page.locator('[data-suggested="true"]').count() == 1
        reviewer.press("a")
    reviewer.press("Shift+Enter")
    assert reviewer.find("progress").inner_text().startswith(f"{2 * SETS} of {2 * SETS} reviewed")
    told = status_of(workspace)
    assert told.first_day.asked == ANSWERS
    assert told.first_day.worth_trusting
    assert told.agreement.n == left
    assert len(read_decided(workspace)) == 2 * SETS
    reviewer.find("desk-link").press("Enter")
    reviewer.find("next").get_by_text(f"{2 * SETS} decided sets are to be applied").wait_for()
    assert f"{2 * SETS} sets would be applied" in job_in_turn(reviewer, "p", "preview")
    assert f"{2 * SETS} sets applied" in job_in_turn(reviewer, "a", "apply")
    assert len(list((workspace.root / "selected").rglob("*.png"))) == 2 * SETS
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before
