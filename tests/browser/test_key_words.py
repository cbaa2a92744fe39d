"""Wherever the page names a key, it is the key to press."""

import json
import re

import pytest

from .test_widths import STATES

pytestmark = pytest.mark.browser

NAMES = [*"abcdefghijklmnopqrstuvwxyz0123456789+-?", "Enter", "ArrowUp", "ArrowDown", "ArrowLeft",
         "ArrowRight", " ", "Backspace"]  # fmt: skip
# Greek and Cyrillic letters: no word of the page has one.
GREEK = [chr(0x3B1 + n) for n in range(25) if n != 17]
PLACES = GREEK + [chr(0x430 + n) for n in range(32)]
CHANGED = dict(zip(NAMES, PLACES, strict=False))
CAPS = {place.upper() for place in PLACES} | {" "}
# What works dialogs and the focus is the browser's.
FIXED = {"Esc", "Tab", "Shift", "Ctrl Z"}
# A key named in a text: a capital by itself, an arrow, a digit that shall be pressed.
NAMED = re.compile(r"(?<![\w'])[B-Z](?![\w'.])|[←↑↓→↵]|1\u2013[0-9]|1 to [0-9]|Enter|(?<=; )A ")
SEEN = """() => [...document.querySelectorAll('kbd')].filter(e => e.checkVisibility())
  .map(e => e.textContent)"""
TEXTS = """() => ['#status', '#why p', '#why .reasons', '#bulk-text', '#zoom-words', '#end-text',
    '#keys-note', '#hint-words', '#help dd', '#sets .panel-actions', '#tags p', '#announce',
    '#sets-note']
  .flatMap(s => [...document.querySelectorAll(s)]).map(e => e.textContent)"""


def press(person, *keys):
    """Press keys of the page where they are now."""
    for key in keys:
        modifier, _, name = key.rpartition("+") if len(key) > 1 else ("", "", key)
        name = {"Space": " "}.get(name, name)
        place = CHANGED.get(name, name)
        if len(place) > 1:
            person.press(key)
        else:
            person.page.evaluate(
                "([key, shiftKey]) => (document.activeElement ?? document.body).dispatchEvent("
                "new KeyboardEvent('keydown', { key, shiftKey, bubbles: true, cancelable: true }))",
                [place, modifier == "Shift"],
            )
            person.idle()


@pytest.fixture
def moved(serve, reviewer, root):
    """Open a page on which every key lies somewhere else."""
    keys = CHANGED | {place: key for key, place in CHANGED.items()}
    (root / "sandbox/review_keys.json").write_text(json.dumps({"keys": keys}))
    path = root / "sandbox/automation_decisions.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for row in rows:
        row["step2_crop"] |= {"confidence": 0.31, "reason": ""}
        row["reasons"] = ["sharper"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return reviewer.open(serve())


MORE = {"held": ["1"], "asked batch": ["b", "a"], "hidden": ["h", "ArrowDown"]}


def test_no_state_names_a_key_of_before(moved):
    old = {}
    for state, keys in {**STATES, **MORE}.items():
        press(moved, *keys)
        caps = [cap.removeprefix("⇧") for cap in moved.page.evaluate(SEEN)]
        found = [cap for cap in caps if cap not in FIXED and not set(cap) <= CAPS]
        found += [text for text in moved.page.evaluate(TEXTS) if NAMED.search(text)]
        if found:
            old[state] = found
        moved.page.keyboard.press("Escape")
        moved.idle()
    assert old == {}
