import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.ranking.approval import (
    HeldOutSets,
    PromisedThreshold,
    fingerprint,
    joint_confidence,
    least_reviewed,
    make_promises,
    population_weights,
)
from prefml.ranking.risk import Approval, HeldOutAnswers

shares = st.floats(0, 1)


def held_out(n=900, seed=0, rejections=0.0, told=False, wrong=0.0, logged=0, projects=4, **more):
    """Make up held-out sets of which some are rejected and in some another picture was chosen.

    If it is told, half of the sets hold all the rejections, and the model knows it.
    """
    rng = np.random.default_rng(seed)
    total = n + logged
    poor = rng.random(total) < 0.5
    chance = np.where(poor, 2 * rejections, 0.0) if told else np.full(total, rejections)
    reviewed = np.arange(total) < n
    rejected = (rng.random(total) < chance) & reviewed
    win = np.clip(1 - wrong + 0.02 * rng.normal(size=total), 0, 1)
    parts = {
        "win": win,
        "none": chance,
        "crop": np.ones(total),
        "chosen": np.where(rejected, 0.0, rng.random(total) >= wrong),
        "rejected": rejected,
        "cropped": np.ones(total),
        "project": rng.integers(0, projects, total).astype(str),
        "reviewed": reviewed,
        "inclusion": np.ones(total),
    }
    return HeldOutSets(**(parts | more))


def promised(sets, budget=0.10, name="seen"):
    (found,) = make_promises(sets, [name], [budget])
    return found


@given(shares, shares, shares)
def test_no_part_makes_a_suggestion_surer_than_another_part_is(win, none, crop):
    assert joint_confidence(win, none, crop) <= min(win, 1 - none, crop) + 1e-12
    assert joint_confidence(win) == win


def test_where_nothing_is_ever_wrong_all_may_be_approved():
    found = promised(held_out())
    assert (found.coverage, found.error, found.why) == (1.0, 0.0, "")


@pytest.mark.parametrize("seed", range(5))
def test_a_rate_of_rejections_above_the_budget_is_never_within_it(seed):
    sets = held_out(seed=seed, rejections=0.2)
    found = promised(sets)
    assert (found.threshold, found.why) == (None, "rejections")
    accepted = promised(sets.take(~sets.rejected))
    assert accepted.threshold is not None, "the choices alone lie within"


def test_rejections_that_are_told_beforehand_leave_the_other_sets_within_the_budget():
    sets = held_out(rejections=0.15, told=True)
    found = promised(sets)
    inside = sets.confidence >= found.threshold
    assert found.coverage > 0.4
    assert not sets.rejected[inside].sum() > 0.1 * inside.sum()


def test_errors_add_up_over_choice_rejection_and_crop():
    n, rate = 20_000, 0.04
    crops = (np.random.default_rng(1).random(n) >= rate).astype(float)
    parts = {"crop": np.full(n, 1 - rate), "cropped": crops}
    all_three = held_out(n, rejections=rate, wrong=rate, **parts)
    assert 1 - all_three.correct.mean() == pytest.approx(1 - (1 - rate) ** 3, abs=0.01)
    assert promised(all_three, 0.10).threshold is None
    for one in (held_out(n, rejections=rate), held_out(n, wrong=rate), held_out(n, **parts)):
        assert promised(one, 0.10).coverage == 1


def test_a_wrong_crop_is_named_as_what_stands_in_the_way():
    n = 900
    crops = (np.random.default_rng(0).random(n) >= 0.3).astype(float)
    found = promised(held_out(n, crop=np.full(n, 0.7), cropped=crops))
    assert (found.threshold, found.why) == (None, "crops")


def test_choices_that_are_often_wrong_are_named_as_what_stands_in_the_way():
    assert promised(held_out(wrong=0.4)).why == "errors"


@given(st.floats(0.005, 0.5))
def test_so_many_sets_must_be_reviewed_that_none_rejected_bounds_the_share(budget):
    n = least_reviewed(budget)
    assert (1 - budget) ** n <= 0.05
    assert n <= 3 / budget + 1


@pytest.mark.parametrize("reviewed", [0, 29])
def test_before_sets_were_reviewed_logs_promise_nothing(reviewed):
    found = promised(held_out(n=reviewed, logged=1500))
    assert (found.threshold, found.why) == (None, "too_few_reviewed")
    assert promised(held_out(n=60, logged=1500)).threshold is not None


@pytest.mark.parametrize(("reviewed", "logged"), [(60, 1500), (150, 1350), (300, 1200), (900, 0)])
def test_a_share_of_rejections_above_the_budget_is_seldom_overlooked(reviewed, logged):
    made = (
        promised(held_out(reviewed, seed, 0.06, logged=logged), 0.05).threshold is not None
        for seed in range(100, 140)
    )
    assert sum(made) <= 5, "5 % of 40, and what chance adds to it one time in twenty"


def test_rejections_that_may_have_been_missed_are_reckoned_with_where_logs_hold_none():
    assert promised(held_out(n=100, logged=20_000, wrong=0.09), 0.10).threshold is None
    assert promised(held_out(n=20_000, wrong=0.09), 0.10).threshold is not None


def test_rejections_weigh_by_how_few_sets_could_have_been_rejected():
    sets = held_out(n=300, logged=1200, rejections=0.2)
    weight = sets.weight
    share = weight[sets.rejected].sum() / weight.sum()
    assert share == pytest.approx(sets.rejected.sum() / 300, abs=1e-9)
    assert promised(sets).why == "rejections"


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from([1.0, 0.05])), min_size=1))
def test_weights_are_inverse_inclusion_probabilities(rows):
    rejected, reviewed, inclusion = (np.array(part) for part in zip(*rows, strict=True))
    weight = population_weights(rejected, reviewed | rejected, inclusion)
    assert np.isfinite(weight).all()
    np.testing.assert_allclose(weight[~rejected], 1 / inclusion[~rejected])
    assert (weight[rejected] >= 1 / inclusion[rejected] - 1e-12).all()


def test_one_project_promises_nothing_for_others():
    sets = held_out(projects=1)
    assert promised(sets, name="seen").threshold is not None
    for name in ("mixture", "next"):
        assert promised(sets, name=name).why == "too_few_projects"


def test_sets_that_would_promise_nothing_if_all_were_right_are_too_few(monkeypatch):
    def refuse(answers, promise, budget, delta):
        return Approval(budget, None, 0.0, float("nan"), 0, reason="they are few")

    monkeypatch.setattr(HeldOutAnswers, "approval", refuse)
    found = promised(held_out(n=400))
    assert (found.why, found.reason) == ("too_few_sets", "they are few")


def test_promises_come_for_each_name_by_budget():
    found = make_promises(held_out(n=400), ["seen", "next"], [0.05, 0.1])
    assert [(one.promise, one.budget) for one in found] == [
        ("seen", 0.05), ("seen", 0.1), ("next", 0.05), ("next", 0.1),
    ]  # fmt: skip


@given(threshold=st.none() | shares, budget=shares)
def test_the_hash_of_promises_depends_on_every_entry_and_not_on_their_order(threshold, budget):
    row = PromisedThreshold(budget, "seen", threshold, 0.5, None, 3).as_row()
    backwards = dict(reversed(row.items()))
    assert fingerprint([row]) == fingerprint([backwards])
    assert fingerprint([row]) != fingerprint([row | {"sets": 4}])
    assert not math.isnan(row["coverage"])
