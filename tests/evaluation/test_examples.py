from dataclasses import replace

import pytest

from prefml.evaluation.examples import preference_views, spot_views

FOUND = {
    "theme": "sharpness", "word": "sharper", "column": "cue__detail_high", "sets": 40, "share": 0.8,
    "share_ci": [0.7, 0.9], "model_share": 0.7, "p": 0.001, "words": "You prefer the sharper",
}  # fmt: skip


def name_as_picture(project, filename):
    return f"{project}/{filename}"


@pytest.fixture
def done(choice_runs):
    table = choice_runs.table
    X = table.X.assign(cue__detail_high=table.X["signal"])
    return replace(choice_runs, table=replace(table, X=X))


def rows_of(done, example):
    table = done.table
    names = (example.chosen_name, example.other_name)
    return [table.filename.tolist().index(name) for name in names]


def test_examples_are_sets_of_which_the_choice_has_more_and_exceptions_those_with_less(done):
    (view,) = preference_views(done, [FOUND], name_as_picture)
    assert view.is_learned
    assert len(view.examples) == 3
    assert 1 <= len(view.exceptions) <= 2
    value = done.table.X["signal"]
    value = value - value.groupby([done.table.project, done.table.stage]).transform("mean")
    for sign, examples in ((1, view.examples), (-1, view.exceptions)):
        for one in examples:
            chosen, other = rows_of(done, one)
            assert (done.table.y[chosen], done.table.y[other]) == (1, 0)
            assert sign * (value[chosen] - value[other]) > 0
            assert one.chosen == f"{one.project}/{one.chosen_name}"


def test_the_word_for_less_turns_the_measure_around(done):
    less = {**FOUND, "word": "softer", "model_share": 0.3}
    more, turned = (
        preference_views(done, [FOUND], name_as_picture),
        preference_views(done, [less], name_as_picture),
    )
    assert not turned[0].is_learned
    assert more[0].exceptions[0].chosen_name not in {
        one.chosen_name for one in turned[0].exceptions
    }


def test_no_set_is_shown_twice(done):
    views = preference_views(done, [FOUND, FOUND], name_as_picture)
    shown = [one.chosen_name for view in views for one in (*view.examples, *view.exceptions)]
    assert len(shown) == len(set(shown))


def test_sets_without_pictures_are_no_examples(done):
    (view,) = preference_views(done, [FOUND], lambda project, filename: None)
    assert view.examples == view.exceptions == []


def test_a_weak_spot_shows_its_own_mistakes(done):
    spot = {"kind": "project", "name": "p1", "words": "Project p1"}
    (view,) = spot_views(done, [spot], name_as_picture, most=9)
    assert view.words == "Project p1"
    assert view.mistakes
    assert {mistake.project for mistake in view.mistakes} == {"p1"}
