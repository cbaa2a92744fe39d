"""A first day with the server and its processes: answers, models, a kill and suggestions."""

import json
import random
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.client import HTTPException
from urllib.request import Request, urlopen

import pytest

from prefml.proposals import index_of, read_decided, read_suggestions
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


def draw_shoot(folder, sets, size):
    for at, project in enumerate(("harbour", "valley")):
        (folder / project).mkdir(parents=True)
        for number in range(sets):
            for variant in range(3):
                name = f"20250705_{100000 + number * 100 + variant}_{STAGES[variant]}.png"
                picture = draw_picture(100 * at + number, variant, size)
                picture.save(folder / project / name)
    return folder


@pytest.fixture
def person(tmp_path):
    made = Person(draw_shoot(tmp_path / "shoot", 12, (64, 96)))
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


def kill_after(process, seconds):
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    return timer


def answer_until_killed(person, rng):
    """Return what was answered and acknowledged: group -> number of the picture."""
    kept = {}
    with suppress(OSError, HTTPException):
        while groups := person.get("load_batch?size=1")["groups"]:
            (group,) = groups
            choice = rng.randrange(len(group["images"]))
            body = {"group_id": group["group_id"], "action": "overridden", "final_choice": choice}
            person.post("decide", body | {"suggestion_version": group["version"]})
            kept[group["group_id"]] = choice
            time.sleep(rng.uniform(0, 0.2))
    return kept


@pytest.mark.parametrize("seed", [0, 1])
def test_kill_9_at_any_moment_loses_no_answer(tmp_path, seed):
    """While pictures are brought and embedded, answers given, and models learn from them."""
    rng = random.Random(seed)
    folder = draw_shoot(tmp_path / "shoot", 30, (48, 64))
    for _ in range(3):
        process = subprocess.Popen([*START, str(folder)], stdout=subprocess.PIPE)
        time.sleep(rng.uniform(0, 2))
        process.kill()
        process.communicate()
    kept = {}
    for _ in range(4):
        person = Person(folder)
        timer = kill_after(person.process, rng.uniform(0, 4))
        kept |= answer_until_killed(person, rng)
        timer.join()
        person.kill()
    person = Person(folder)
    states = person.get("queue")["states"]
    decided = read_decided(Workspace.open(person.told["workspace"]))
    person.kill()
    assert kept
    assert {states.get(key) for key in kept} == {"overridden"}
    # What the killed run had not written out is there before the page is.
    found = {key: index_of(row["final_choice"], row["images"]) for key, row in decided.items()}
    assert found.items() >= kept.items()
