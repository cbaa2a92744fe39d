import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.review.findings import Block, Finding, read_findings

METRICS = {
    "schema": "prefml/metrics/1",
    "ranker": {
        "sets": 1200, "lower_stage_sets": 80,
        "models": {
            "prefml": {"top1": 0.71, "top1_ci": [0.66, 0.76], "lower_stage_top1": 0.52,
                       "other_top1": 0.8},
            "random": {"top1": 0.4, "top1_ci": [0.3, 0.5]},
        },
        "by_project": {
            "harbour": {"sets": 600, "top1": {"prefml": 0.8, "random": 0.4}},
            "valley": {"sets": 590, "top1": {"prefml": 0.6}},
            "tiny": {"sets": 3, "top1": {"prefml": 0.0}},
        },
        "by_set_size": {"2": {"sets": 1200, "top1": {"prefml": 0.71}}},
        "importances": {"sharpness": 0.6, "stage": 0.2, "colour": 0.0},
    },
}  # fmt: skip


@pytest.fixture
def path(tmp_path):
    return tmp_path / "metrics.json"


def test_what_was_learned_and_where_it_fails_is_said_in_sentences(path):
    path.write_text(json.dumps(METRICS))
    learned, fails = read_findings(path)
    assert learned.lines == [
        "Of 1200 sets that it had not seen, the picture it ranks first is the one you chose in "
        "71%, between 66% and 76%.",
        "What tells your choice from the others of a set, by weight: sharpness (75%), stage (25%).",
    ]
    assert fails.lines == [
        "Where you chose a lower stage it is right in 52% of 80 sets, elsewhere in 80%.",
        "Least right, project: valley, 60% of 590 sets.",
    ]


def test_agreement_over_time_is_told_without_a_report(path):
    assert read_findings(path, [Block(0.5, 50), Block(None, 0), Block(0.8, 20)]) == [
        Finding(
            "Over time",
            ["You decided as suggested, in blocks of 50 sets, the oldest first: 50%, 80%."],
        )
    ]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"ranker": 3}', '{"ranker": null}', "{}"])
def test_of_what_cannot_be_read_nothing_is_said(path, text):
    path.write_text(text)
    assert read_findings(path) == []


@given(
    shares=st.dictionaries(st.text(max_size=5), st.floats(-1, 1), max_size=8),
    right=st.dictionaries(st.text(max_size=5), st.none() | st.floats(0, 1), max_size=8),
)
def test_whatever_the_figures_are_they_are_said_or_left_out(tmp_path_factory, shares, right):
    path = tmp_path_factory.mktemp("metrics") / "metrics.json"
    parts = {name: {"sets": 50, "top1": {"prefml": value}} for name, value in right.items()}
    path.write_text(json.dumps({"ranker": {"importances": shares, "by_project": parts}}))
    for finding in read_findings(path):
        assert all(line.endswith(".") for line in finding.lines)


def test_what_the_report_says_in_sentences_is_said_before_bare_figures(path):
    said = {
        "preferences": [{"words": "You prefer the sharper face: in 71 % of ..."}, {}],
        "over_time": {"words": "No change over time beyond chance."},
        "weak_spots": [{"words": "Project valley: right in 60%"}],
    }
    path.write_text(json.dumps({"ranker": METRICS["ranker"] | said}))
    learned, time, fails = read_findings(path, [Block(0.5, 50)])
    assert learned.lines[1] == "You prefer the sharper face: in 71 % of ...."
    assert [line[:9] for line in time.lines] == ["No change", "You decid"]
    assert fails.lines[1:] == ["Project valley: right in 60%."]


def test_where_no_part_is_worse_beyond_chance_none_is_named(path):
    path.write_text(json.dumps({"ranker": METRICS["ranker"] | {"weak_spots": []}}))
    assert read_findings(path)[-1].lines[1:] == ["Nowhere less right than elsewhere beyond chance."]


def test_how_a_person_crops_is_said_as_the_report_says_it(path):
    path.write_text(json.dumps({"crop": {"habits": ["You keep 8% of 400 pictures whole."]}}))
    assert read_findings(path) == [Finding("How you crop", ["You keep 8% of 400 pictures whole."])]
