"""Kinds of logs that reach prefml by other ways than its own tools, generated from fixed seeds."""

from __future__ import annotations

import csv
import io
import itertools
import json
import random
from collections import Counter
from pathlib import Path
from unicodedata import normalize

import pytest

from prefml.decisions import ProjectResolver, read_decisions
from prefml.decisions.quarantine import RowRefusedError
from prefml.decisions.selections import read_list
from prefml.decisions.times import parse_timestamp
from prefml.sidecars.find import find_images
from prefml.sidecars.missing import REASONS, missing_pictures
from prefml.workspace import Workspace

HEADER = ("session_id", "set_id", "chosen_path", "neg_paths", "timestamp")
LETTERS = "aeioucnsz"
MARKS = "\u0301\u0308\u0303\u030c"


@pytest.fixture
def tell(record_property):
    """Return a function that writes down how many inputs of a kind were tried, and what came."""

    def write(what: str, outcomes: Counter[str]) -> None:
        record_property("reliability", {
            "part": "kinds", "what": what, "tried": outcomes.total(),
            "outcomes": dict(sorted(outcomes.items())), "lost": 0,
        })  # fmt: skip

    return write


def a_workspace(root: Path, *projects: str) -> Workspace:
    folder = root / "data" / "projects"
    folder.mkdir(parents=True)
    (root / "data" / "training").mkdir()
    for number, name in enumerate(projects):
        (folder / f"{number}.project.json").write_text(json.dumps({"projectId": name}))
    return Workspace.open(root)


def picture(root: Path, *parts: str) -> None:
    """Make a file that is found by its name; nothing here decodes it."""
    path = root.joinpath("images", *parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


def written(rows, separator=",", end="\r\n") -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator=end)
    writer.writerows([HEADER, *rows])
    return text.getvalue()


def marked_word(chance: random.Random) -> str:
    return "".join(
        chance.choice(LETTERS) + chance.choice(["", "", chance.choice(MARKS)]) for _ in range(5)
    )


def test_names_in_either_unicode_form_are_one_everywhere(tmp_path, tell):
    chance, outcomes = random.Random(0), Counter()
    forms = ("NFC", "NFD")
    for number, (manifest, folder, file, log) in enumerate(itertools.product(forms, repeat=4)):
        for turn in range(8):
            root = tmp_path / f"{number}_{turn}"
            words = [marked_word(chance) + str(i) for i in range(3)]
            project, first, second = words
            workspace = a_workspace(root, normalize(manifest, project))
            for name in (first, second):
                picture(root, normalize(folder, project), normalize(file, f"{name}.png"))
            paths = [normalize(log, f"{project}/{name}.png") for name in (first, second)]
            rows = [("s", "1", paths[0], json.dumps(paths[1:], ensure_ascii=turn % 2 == 0), "")]
            (root / "data/training/log.csv").write_text(written(rows), "utf-8", newline="")
            decisions = read_decisions(workspace)
            images = find_images(workspace, ProjectResolver.open(workspace))
            (found,) = missing_pictures(decisions, images)
            assert (found.project, found.logged, found.gaps) == (normalize("NFC", project), 2, [])
            assert {i.key for i in images} == set(
                zip(decisions.items["project"], decisions.items["filename"], strict=True)
            )
            outcomes["matched"] += 1
    tell("names in NFC or NFD: manifest, folder, file, log", outcomes)


def altered(reason: str, stem: str, chance: random.Random) -> tuple[str, tuple[str, ...]]:
    """Return the logged name and the place of the file that is meant."""
    files = {
        "other_spelling": (f"{stem}.png", ("alpha", f"{stem}.PNG")),
        "percent_encoded": (f"{stem}%5F1%20x.png", ("alpha", f"{stem}_1 x.png")),
        "other_suffix": (f"{stem}.png", ("alpha", f"{stem}.{chance.choice(['jpg', 'webp'])}")),
        "longer_name": (f"{stem}.png", ("alpha", f"{stem}{chance.choice('_- ')}final.png")),
        "other_project": (f"{stem}.png", ("beta", f"{stem}.png")),
        "unknown_project": (f"{stem}.png", ("gamma", f"{stem}.png")),
        "unread_format": (f"{stem}.cr2", ()),
        "nothing_alike": (f"{stem}.png", ()),
    }
    return files[reason]


@pytest.mark.parametrize("reason", [r for r in REASONS if r != "no_pictures"])
def test_the_likely_reason_of_a_missing_picture_is_told(tmp_path, tell, reason):
    chance, places = random.Random(reason), []
    workspace = a_workspace(tmp_path, "alpha", "beta")
    picture(tmp_path, "alpha", "there.png")
    rows = []
    for number in range(150):
        stem = f"{chance.choice(LETTERS)}{chance.getrandbits(40):010x}"
        logged, file = altered(reason, stem, chance)
        if file:
            picture(tmp_path, *file)
        places.append("/".join(("images", *file)) if file else "")
        rows.append(("s", str(number), f"alpha/{logged}", '["alpha/there.png"]', ""))
    (tmp_path / "data/training/log.csv").write_text(written(rows), newline="")
    images = find_images(workspace, ProjectResolver.open(workspace))
    (found,) = missing_pictures(read_decisions(workspace), images)
    (gap,) = found.gaps
    assert (found.logged, gap.reason, gap.pictures) == (151, reason, 150)
    assert gap.found in places
    tell(f"logged pictures that are not there: {REASONS[reason]}", Counter(named=150))


def test_a_project_without_any_picture_is_told_as_such(tmp_path):
    workspace = a_workspace(tmp_path, "alpha")
    (tmp_path / "data/training/log.csv").write_text(
        written([("s", "1", "alpha/a.png", '["alpha/b.png"]', "")])
    )
    (found,) = missing_pictures(read_decisions(workspace), [])
    assert [gap.reason for gap in found.gaps] == ["no_pictures"]


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


def test_logs_of_any_separator_encoding_and_line_end_are_read_alike(tmp_path, tell):
    chance, outcomes = random.Random(1), Counter()
    kinds = itertools.product(
        ENCODINGS, (",", ";", "\t", "|"), ("\r\n", "\n", "\r"), (False, True),
        ("log.csv", "LOG.CSV", "log.tsv"),
    )  # fmt: skip
    for number, (encoding, separator, end, told, name) in enumerate(kinds):
        workspace = a_workspace(tmp_path / str(number), "alpha")
        names = [f"{marked_word(chance)}{i}.png" for i in range(4)]
        rows = [
            ("s", str(i), f"alpha/{names[i]}", json.dumps([f"alpha/{names[i + 1]}"]), "")
            for i in range(3)
        ]
        text = written(rows, separator, end)
        if told and end != "\r":
            text = f"sep={separator}{end}{text}"
        (workspace.root / "data/training" / name).write_bytes(text.encode(encoding))
        items = read_decisions(workspace).items
        winners = items.loc[items["chosen"], "filename"].tolist()
        assert winners == [normalize("NFC", n) for n in names[:3]], (encoding, separator, end, told)
        outcomes["read"] += 1
    tell("logs of six encodings, four separators, with and without `sep=`", outcomes)


def test_single_backslashes_give_the_right_names_or_none(tell):
    chance, outcomes = random.Random(2), Counter()
    start = "abfnrtuvxUN0123456789cdeghijklmopqswyz"
    for _ in range(5000):
        parts = [chance.choice(start) + f"{chance.getrandbits(20):05x}" for _ in range(3)]
        path = "C:\\" + "\\".join(parts) + ".png"
        quote = chance.choice(["'", '"'])
        try:
            (read,) = read_list(f"[{quote}{path}{quote}]")
        except RowRefusedError as error:
            outcomes[error.refusal.reason] += 1
        else:
            assert read == path
            outcomes["read as meant"] += 1
    assert set(outcomes) == {"unreadable_list", "read as meant"}
    assert outcomes["unreadable_list"] > 1000
    assert outcomes["read as meant"] > 100
    tell("lists with Windows paths of single backslashes", outcomes)


def test_seconds_and_milliseconds_since_1970_are_the_time_they_say(tell):
    chance, outcomes = random.Random(3), Counter()
    for _ in range(2000):
        moment = chance.randrange(10**9, 10**10 - 1)
        thousandths = chance.randrange(1000)
        for spelled in (moment, str(moment), f" {moment} ", f"{moment}.{thousandths:03d}",
                        moment * 1000 + thousandths, f"{moment}{thousandths:03d}"):  # fmt: skip
            found = parse_timestamp(spelled)
            assert found is not None
            assert int(found.timestamp()) == moment, spelled
            outcomes["read"] += 1
    tell("times in seconds or milliseconds since 1970", outcomes)


def test_times_that_cannot_be_read_are_counted_and_the_rows_used(tmp_path, tell):
    chance = random.Random(4)
    workspace = a_workspace(tmp_path, "alpha")
    spelled = ("yesterday", "13/01/2025", "2025-13-01", "17:30", "12345", "1e9", "None", "\u0661")
    rows, unread = [], 0
    for number in range(300):
        good = chance.random() < 0.5
        unread += not good
        when = "2025-01-02T03:04:05Z" if good else chance.choice(spelled)
        rows.append(("s", str(number), f"alpha/{number}.png", f'["alpha/x{number}.png"]', when))
    (tmp_path / "data/training/log.csv").write_text(written(rows), "utf-8", newline="")
    decisions = read_decisions(workspace)
    (count,) = decisions.files
    assert (count.accepted, count.unread_times) == (300, unread)
    assert any(f"{unread} times cannot be read" in problem for problem in decisions.problems)
    tell("times that cannot be read", Counter({"counted, the row used": unread}))


HOMES = ("/home/{}", "/Users/{}", "C:/Users/{}", "C:\\Users\\{}", "/c/Users/{}",
         "/mnt/c/Users/{}", "/var/home/{}", "/media/{}", "/run/media/{}",
         "C:\\Documents and Settings\\{}")  # fmt: skip


def test_a_home_folder_named_like_a_project_is_no_project(tmp_path, tell):
    workspace = a_workspace(tmp_path, "alpha", "beta")
    resolver, outcomes = ProjectResolver.open(workspace), Counter()
    for home, (owner, project) in itertools.product(HOMES, [("alpha", "beta"), ("beta", "alpha")]):
        for below in ("", "pictures/", "alpha2/x/", "work/training data/"):
            path = f"{home.format(owner)}/{below}{project}/a.png"
            assert resolver.projects_in(path) == (project,)
            assert resolver.projects_in(f"{home.format(owner)}/{below}a.png") == ()
            outcomes["the project below"] += 1
    assert resolver.projects_in("work/home/alpha/beta/a.png") == ("alpha", "beta")
    tell("home folders named like another project", outcomes)


def test_every_file_beside_the_logs_is_read_or_named(tmp_path, tell):
    chance, outcomes = random.Random(5), Counter()
    suffixes = (".csv", ".CSV", ".tsv", ".TsV", ".txt", ".json", ".xlsx", ".bak", "", ".csv.gz")
    for number in range(200):
        workspace = a_workspace(tmp_path / str(number), "alpha")
        training, others = workspace.root / "data/training", []
        log = written([("s", "1", "alpha/a.png", '["alpha/b.png"]', "")])
        for turn in range(chance.randrange(1, 5)):
            below = chance.choice(["", "", "old/", "old/er/"])
            path = training / f"{below}{marked_word(chance)}{turn}{chance.choice(suffixes)}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(log)
            others.append(path.relative_to(workspace.root).as_posix())
        decisions = read_decisions(workspace)
        read = {file.path for file in decisions.files}
        told = "\n".join(decisions.problems)
        shown = [name for name in others if name in read or name in told]
        counted = sum(int(n) for n in map(_more, decisions.problems))
        assert len(shown) + counted == len(others)
        outcomes.update("read" if name in read else "named" for name in others)
    tell("files of any name in and below data/training", outcomes)


def _more(problem: str) -> str:
    """Return the number in "and N more"."""
    _, _, rest = problem.partition(" and ")
    number, _, word = rest.partition(" more")
    return number if word and number.isdecimal() else "0"


def test_of_two_winners_under_one_key_the_first_counts_and_both_are_told(tmp_path, tell):
    chance = random.Random(6)
    workspace = a_workspace(tmp_path, "alpha")
    rows, twice = [], set()
    for number in range(200):
        pair = [f"alpha/{number}{letter}.png" for letter in "ab"]
        rows.append(("s", str(number), pair[0], json.dumps(pair[1:]), ""))
        if chance.random() < 0.5:
            twice.add(number)
            rows.append(("s", str(number), pair[1], json.dumps(pair[:1]), ""))
    (tmp_path / "data/training/log.csv").write_text(written(rows), newline="")
    decisions = read_decisions(workspace)
    items = decisions.items
    assert items.loc[items["chosen"], "filename"].tolist() == [f"{n}a.png" for n in range(200)]
    said = [line for line in decisions.problems if "another decision under the same key" in line]
    assert len(said) == len(twice) == len(decisions.quarantine)
    tell("two winners under one key", Counter({"first counts, both told": len(twice)}))
