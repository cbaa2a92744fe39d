from dataclasses import replace

import numpy as np
import pytest

from prefml.evaluation.learned import over_time, preference_metrics, spot_sets, weak_spots
from prefml.evaluation.sets import describe_sets
from prefml.ranking.metrics import top1_by_set

from .conftest import choices

DAY = np.timedelta64(1, "D")


def dated(table):
    """One set a day, the first on the first."""
    number = np.repeat(np.arange(len(table) // 2), 2)
    return replace(table, timestamp=np.datetime64("2025-01-01", "ns") + number * DAY)


def test_what_choices_go_by_is_said_with_sets_share_and_interval(choice_runs):
    table = choice_runs.table
    X = table.X.assign(cue__detail_high=table.X["signal"])
    run = choice_runs.runs["prefml"][0]
    found = preference_metrics(replace(table, X=X), run, describe_sets(table))
    one = next(each for each in found if each["theme"] == "sharpness")
    assert one["words"].startswith("You prefer the sharper picture: in ")
    assert "inside 40 sets (" in one["words"]
    assert f"; the model in {100 * one['model_share']:.0f} %" in one["words"]


def test_without_measures_in_words_nothing_is_said(choice_runs):
    table = replace(choice_runs.table, X=choice_runs.table.X.drop(columns="stage"))
    assert preference_metrics(table, choice_runs.runs["prefml"][0], describe_sets(table)) == []


@pytest.mark.parametrize(("late", "words"), [(0.0, "less often"), (1.0, "more often")])
def test_a_change_over_time_is_told_with_its_interval(late, words):
    table = dated(choices(sets=120))
    hits = np.repeat([1 - late, late], 60)
    hits[::10] = 0.5
    found = over_time(table, hits, describe_sets(table))
    assert words in found["words"]
    assert len(found["blocks"]) == 6
    assert found["blocks"][0]["since"] == "2025-01-01"
    assert sum(block["sets"] for block in found["blocks"]) == 120
    low, high = found["change"]["top1_ci"]
    assert low <= found["change"]["top1"] <= high


def test_without_a_change_none_is_claimed():
    table = dated(choices(sets=120))
    hits = np.random.default_rng(0).integers(0, 2, 120).astype(float)
    assert "No change" in over_time(table, hits, describe_sets(table))["words"]


@pytest.mark.parametrize("known", [False, True])
def test_without_times_or_with_too_few_sets_nothing_is_said_of_time(known):
    table = choices(sets=39)
    table = dated(table) if known else table
    assert over_time(table, np.ones(39), describe_sets(table)) is None
    unknown = replace(choices(), timestamp=np.full(80, np.datetime64("NaT"), "datetime64[ns]"))
    assert over_time(unknown, np.ones(40), describe_sets(unknown)) is None


def test_a_project_that_is_less_right_is_named_and_its_sets_are_known():
    table = choices(sets=160, projects=4)
    facts = describe_sets(table)
    hits = np.where(facts.project == "p1", 0.0, 1.0)
    hits[::9] = 1.0
    (spot,) = weak_spots(table, hits, facts)
    assert (spot["kind"], spot["name"], spot["sets"]) == ("project", "p1", 40)
    assert spot["words"].startswith("Project p1: right in ")
    assert "of 40 sets (" in spot["words"]
    assert (spot_sets(table, facts, "project", "p1") == (facts.project == "p1")).all()
    assert not spot_sets(table, facts, "project", "gone").any()


def test_sets_with_a_face_are_a_kind_of_their_own():
    table = choices(sets=160)
    faces = np.repeat(np.arange(160) % 2, 2).astype(float)
    table = replace(table, X=table.X.assign(people__face_count=faces))
    hits = (np.arange(160) % 2 == 0).astype(float)
    names = {(spot["kind"], spot["name"]) for spot in weak_spots(table, hits, describe_sets(table))}
    assert ("sets", "with a face") in names
    assert ("sets", "without a face") not in names


def test_where_it_is_right_alike_no_weakness_is_claimed(choice_runs):
    table = choices(sets=160)
    facts = describe_sets(table)
    found = [
        weak_spots(table, np.random.default_rng(seed).integers(0, 2, 160).astype(float), facts)
        for seed in range(60)
    ]
    assert sum(map(bool, found)) <= 8


def test_parts_with_too_few_sets_are_not_looked_at(choice_runs):
    table = choice_runs.table
    hits = top1_by_set(table.y, choice_runs.runs["prefml"][0].scores, table.set_id)
    assert weak_spots(table, hits, describe_sets(table)) == []
