"""A first day with the server and its processes: answers, models, a kill and suggestions."""

import json
import subprocess
import sys
import time
from urllib.request import Request, urlopen

import pytest

from prefml.proposals import read_decided, read_suggestions
from prefml.status import status_of
from prefml.workspace import Workspace

from ..review.drawn_workspace import STAGES, draw_picture

pytestmark = pytest.mark.slow
START = [sys.executable, "-c", "from prefml.cli import run; run()", "start", "--no-browser",
         "--port", "0", "--json"]  # fmt: skip


class Person:
    """Someone at the page, who likes the face-swapped stage, through its API."""

    def __init__(self, folder):
        self.folder = folder
        self.start()

    def start(self):
        words = [*START, str(self.folder)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.told = json.loads(self.process.stdout.readline())
        self.token = self.get("load_batch?size=1")["csrf_token"]

    def get(self, path):
        with urlopen(f"{self.told['url']}api/automation/{path}") as answer:
            return json.load(answer)

    def post(self, path, body):
        headers = {"X-CSRF-Token": self.token, "Content-Type": "application/json"}
        data = json.dumps(body).encode()
        with urlopen(Request(f"{self.told['url']}api/automation/{path}", data, headers)) as answer:
            return json.load(answer)

    def answer(self, sets):
        """Return the groups that were answered; nothing may be suggested for them."""
        found = []
        for _ in range(sets):
            (group,) = self.get("load_batch?size=1")["groups"]
            assert group["suggested"] is None
            assert all(image["probability"] is None for image in group["images"])
            body = {"group_id": group["group_id"], "action": "overridden", "final_choice": 1}
            self.post("decide", body | {"suggestion_version": group["version"]})
            found.append(group["group_id"])
        return found

    def until(self, holds):
        for _ in range(1200):
            report = self.get("first_day")
            if holds(report):
                return report
            time.sleep(0.1)
        raise AssertionError(report)

    def kill(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def person(tmp_path):
    for at, project in enumerate(("harbour", "valley")):
        (tmp_path / "shoot" / project).mkdir(parents=True)
        for number in range(12):
            for variant in range(3):
                name = f"20250705_{100000 + number * 100 + variant}_{STAGES[variant]}.png"
                picture = draw_picture(100 * at + number, variant, (64, 96))
                picture.save(tmp_path / "shoot" / project / name)
    made = Person(tmp_path / "shoot")
    yield made
    made.kill()


def test_from_a_folder_to_suggestions_over_a_kill(person):
    before = {path: path.read_bytes() for path in person.folder.rglob("*.png")}
    assert person.get("first_day")["until_model"] == 10
    first = person.answer(6)
    person.kill()
    person.start()
    assert person.get("first_day")["until_model"] == 4
    first += person.answer(4)
    report = person.until(lambda told: told["can_suggest"] and told["phase"] == "answering")
    assert report["problem"] == ""
    later = person.answer(6)
    person.until(lambda told: any("Right on" in words for words in told["words"]))
    workspace = Workspace.open(person.told["workspace"])
    decided = read_decided(workspace)
    assert set(decided) == {*first, *later}
    assert all(row["suggestion"]["step1_selection"]["chosen"] is None for row in decided.values())
    measured = status_of(workspace).first_day
    assert measured.asked == 16
    assert measured.agreement.n == sum(
        decided[key]["suggestion"]["asked"]["by"] == "random" for key in later
    )
    orders = report["orders"]
    person.post("suggest_rest", {})
    person.until(lambda told: told["orders"] > orders)
    rest = [row for key, row in read_suggestions(workspace).items() if key not in decided]
    assert len(rest) == 8
    assert all(row["step1_selection"]["chosen"] for row in rest)
    (group,) = person.get("load_batch?size=1")["groups"]
    assert group["suggested"] is not None
    assert {path: path.read_bytes() for path in before} == before
