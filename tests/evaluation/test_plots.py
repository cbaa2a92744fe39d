from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from prefml.evaluation import plots
from prefml.evaluation.plots import Estimate

MODELS = {
    "prefml": Estimate(0.9, 0.85, 0.94),
    "random": Estimate(0.4, None, None),
    "absent": Estimate(None, None, None),
}
POINTS = [
    {"share": 0.1, "sets": 30.0, "top1": 0.8, "top1_ci": [0.7, 0.9]},
    {"share": 1.0, "sets": 300.0, "top1": 0.9, "top1_ci": [0.85, 0.94]},
]


BLOCKS = [
    {"since": "2025-01-01", "until": "2025-02-01", "sets": 30, "top1": 0.8, "top1_ci": [0.7, 0.9]},
    {"since": "2025-02-02", "until": "2025-03-01", "sets": 30, "top1": None, "top1_ci": [None] * 2},
]


def drawn() -> dict[str, str]:
    return {
        "dots": plots.dots_plot(MODELS, {"prefml": "its title"}, "agreement", "top1"),
        "reliability": plots.reliability_plot([{"stated": 0.7, "observed": 0.8, "sets": 9}]),
        "risk": plots.risk_plot({"prefml": [[0.5, 0.0], [1.0, 0.1]]}, {}),
        "learning": plots.learning_plot(POINTS),
        "importances": plots.importance_plot({"sharpness": 0.6, "stage": 0.4}),
        "time": plots.time_plot(BLOCKS),
    }


@pytest.fixture(scope="module")
def figures() -> dict[str, str]:
    return drawn()


@pytest.mark.parametrize("name", ["dots", "reliability", "risk", "learning", "importances", "time"])
def test_a_plot_is_well_formed_svg(figures, name):
    assert ElementTree.fromstring(figures[name]).tag.endswith("svg")


@pytest.mark.parametrize("name", ["dots", "reliability", "risk", "learning", "importances", "time"])
def test_a_plot_takes_its_text_colour_from_the_page(figures, name):
    assert "currentColor" in figures[name]
    assert "#010203" not in figures[name]
    assert "background" not in figures[name]


def test_the_same_numbers_give_the_same_plot(figures):
    assert drawn() == figures


def test_plots_on_one_page_share_no_identifiers(figures):
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in figures.values()]

    assert sum(map(len, ids)) == len(set().union(*ids))


def test_references_inside_a_plot_lead_somewhere(figures):
    for svg in figures.values():
        wanted = re.findall(r'(?:url\(|href=")#([^")]+)', svg)
        assert set(wanted) <= set(re.findall(r' id="([^"]+)"', svg))
        assert wanted


def test_a_model_without_the_measure_is_not_drawn(figures):
    assert "its title" in figures["dots"]
    assert "absent" not in figures["dots"]


def test_a_model_without_an_interval_is_drawn(figures):
    assert "random" in figures["dots"]


def test_the_best_model_stands_on_top(figures):
    assert figures["dots"].index("random") < figures["dots"].index("its title")


def test_a_point_of_the_learning_curve_without_agreement_leaves_a_gap():
    empty = {"share": 0.3, "sets": 90.0, "top1": None, "top1_ci": [None, None]}
    drawn = plots.learning_plot([POINTS[0], empty, POINTS[1]])
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    assert "90" in drawn
