from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from prefml.evaluation.choices import ChoiceRuns, choice_metrics
from prefml.evaluation.crops import crop_metrics
from prefml.evaluation.learning_curve import curve_point
from prefml.evaluation.metrics_file import as_metrics
from prefml.evaluation.report import number, percent, render_report, write_report
from prefml.evaluation.run import Evaluation
from prefml.exceptions import visible
from prefml.status.measures import share
from prefml.workspace import Workspace


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.images, self.requests, self.open, self.text = [], [], [], []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "img":
            self.images.append(found)
        if tag in ("script", "link", "iframe", "object"):
            self.requests.append(tag)
        self.requests += [
            v
            for k, v in attrs
            if k in ("src", "href", "srcset") and not v.startswith(("data:", "#"))
        ]

    def handle_data(self, data):
        self.text.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


@pytest.fixture
def found(choice_runs, crop_runs) -> Evaluation:
    run = choice_runs.runs["prefml"][0]
    points = [
        curve_point(choice_runs.table, part, choice_runs.folds[0].folds, run) for part in (0.3, 1)
    ]
    return Evaluation(
        choices=choice_runs,
        crops=crop_runs,
        ranker={
            **choice_metrics(choice_runs),
            "learning_curve": points,
            "per_project": None,
            "settings": None,
        },
        crop=crop_metrics(crop_runs),
        left_out=["3 sets: no sidecar"],
    )


def page_of(found: Evaluation, tmp_path) -> str:
    return render_report(found, as_metrics(found, "prefml evaluate"), Workspace.open(tmp_path))


def test_the_report_asks_for_nothing_outside_itself(found, tmp_path):
    page = page_of(found, tmp_path)

    assert read(page).requests == []
    assert set(re.findall(r"https?://[^\s\"<>]+", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_every_picture_and_plot_says_in_words_what_it_shows(found, tmp_path):
    page = page_of(found, tmp_path)

    assert all(image.get("alt") for image in read(page).images)
    assert page.count('role="img" aria-label="') >= page.count("<svg")


def test_the_headline_has_the_agreement_and_its_interval(found, tmp_path):
    text = " ".join(read(page_of(found, tmp_path)).text)
    measures = found.ranker["models"]["prefml"]

    assert percent(measures["top1"]) in text
    assert f"{percent(measures['top1_ci'][0])} to {percent(measures['top1_ci'][1])}" in text


def test_the_persons_own_consistency_stands_beside_the_agreement(found, tmp_path):
    assert "asked again" not in page_of(found, tmp_path)
    found.consistency = share([True] * 19 + [False])
    text = "".join(read(page_of(found, tmp_path)).text)
    assert "95.0 %of 20 old sets that you were asked again" in text


def test_what_was_left_out_is_said(found, tmp_path):
    assert "3 sets: no sidecar" in page_of(found, tmp_path)


def test_names_from_logs_are_escaped(found, tmp_path):
    table = found.choices.table
    names = np.array(["<script>alert(1)</script>"] * len(table), dtype=object)
    found.choices = ChoiceRuns(
        replace(table, filename=names), found.choices.folds, found.choices.runs
    )

    page = page_of(found, tmp_path)

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


# One of each kind: direction, isolation, no width, terminal, line.
TURNED = ["\u202e", "\u2066", "\u200b", "\x1b", "\u2028"]


@pytest.mark.parametrize("turned", TURNED)
@pytest.mark.parametrize("field", ["filename", "project", "set_id", "left_out"])
def test_no_name_of_any_kind_deceives_in_the_report(found, tmp_path, turned, field):
    name = f"a{turned}gpj.exe"
    if field == "left_out":
        found.left_out = [f"{name}: no sidecar"]
    else:
        table = found.choices.table
        values = getattr(table, field)
        named = np.array([f"{value}{name}" for value in values], dtype=object)
        found.choices = ChoiceRuns(
            replace(table, **{field: named}), found.choices.folds, found.choices.runs
        )
        found.ranker = found.ranker | choice_metrics(found.choices)
    page = page_of(found, tmp_path)
    assert page == visible(page)
    assert visible(name) in page


def test_a_report_of_choices_alone_says_nothing_of_crops(found, tmp_path):
    found.crops = found.crop = None

    assert "Which crop" not in page_of(found, tmp_path)


def test_a_report_of_crops_alone_says_nothing_of_choices(found, tmp_path):
    found.choices = found.ranker = None

    page = page_of(found, tmp_path)

    assert "Which picture of a set" not in page
    assert "Which crop" in page


def test_the_report_is_written_into_a_new_folder(found, tmp_path):
    workspace = Workspace.open(tmp_path)

    path = write_report(found, as_metrics(found, "x"), workspace, tmp_path / "new")

    assert path.read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("value", "text"), [(None, "\N{EN DASH}"), (0.1234, "12.3 %"), (1, "100.0 %")]
)
def test_shares_are_in_per_cent(value, text):
    assert percent(value) == text


@pytest.mark.parametrize(("value", "text"), [(None, "\N{EN DASH}"), (0.12345, "0.123")])
def test_numbers_have_three_digits(value, text):
    assert number(value) == text


def test_what_a_model_does_not_state_is_not_drawn(found, tmp_path):
    whole = read(page_of(found, tmp_path))
    found.ranker |= {"reliability": [], "risk_coverage": {}, "importances": {}, "auto_approve": []}

    page = read(page_of(found, tmp_path))

    assert not any("stated probability against" in text for text in page.text)
    assert any("stated probability against" in text for text in whole.text)
    assert "Which picture of a set" in " ".join(page.text)


def test_columns_and_captions_name_what_was_measured(found, tmp_path):
    page = read(page_of(found, tmp_path))

    for words in ("agreement (top-1)", "pairs in order", "calibration error", "overlap (IoU)"):
        assert words in page.text
    assert not re.search(r"\b(ours|theirs)\b", " ".join(page.text))


def test_settings_that_lose_are_told_and_so_is_that_there_are_none(found, tmp_path):
    effect = {"stage": 3.0, "setting": "denoise", "above": 0.45, "word": None, "sets": 120,
              "lost": 0.71, "lost_ci": [0.62, 0.79], "otherwise": 0.4, "p": 0.001}  # fmt: skip
    assert "Settings of the generator" not in page_of(found, tmp_path)
    found.ranker["settings"] = []
    assert "No setting of the generators" in page_of(found, tmp_path)
    found.ranker["settings"] = [effect]
    told = "stage 3 at denoise above 0.45 lost 71 % of 120 sets, 62 to 79 (otherwise 40 %)"
    assert told in page_of(found, tmp_path)


def told(found):
    """Return the outcome with a preference, a weak spot and times to tell of."""
    table = found.choices.table
    number = np.repeat(np.arange(len(table) // 2), 2)
    dated = replace(
        table,
        X=table.X.assign(cue__detail_high=table.X["signal"]),
        timestamp=np.datetime64("2025-01-01", "ns") + number * np.timedelta64(1, "D"),
    )
    found.choices = replace(found.choices, table=dated)
    found.ranker = found.ranker | choice_metrics(found.choices)
    return found


def test_what_it_learned_is_told_with_examples_for_and_against(found, tmp_path, monkeypatch):
    picture = "data:image/jpeg;base64,AAAA"
    monkeypatch.setattr("prefml.evaluation.gallery.Thumbnailer._make", lambda *_: picture)
    page = read(page_of(told(found), tmp_path))
    text = "".join(page.text)
    assert "You prefer the sharper picture: in " in text
    assert "For it" in text
    assert "Against it" in text
    assert "Over time" in text
    assert "No project, and no kind of set, in which it is less right" in text
    assert page.requests == []
    assert all(image["alt"] for image in page.images)


def test_pictures_without_room_are_counted(found, tmp_path, monkeypatch):
    monkeypatch.setattr("prefml.evaluation.gallery.Thumbnailer._make", lambda *_: "x" * 2**23)
    text = "".join(read(page_of(told(found), tmp_path)).text)
    assert "left out, so that this page stays small" in text


def test_where_nothing_is_known_nothing_is_claimed(found, tmp_path):
    found.ranker |= {"preferences": [], "over_time": None, "weak_spots": []}
    text = "".join(read(page_of(found, tmp_path)).text)
    assert "goes with your choices beyond chance" in text
    assert "Over time" not in text
