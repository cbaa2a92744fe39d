import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.ranking.setting_effects import holm, mantel_test, setting_effects


def world(seed, effect, sets=400, nothings=50):
    """Sets of a stage 2 and a stage 3; above a denoise of .45 stage 3 loses more often."""
    rng = np.random.default_rng(seed)
    project = np.repeat(np.arange(8), sets // 8)
    denoise = rng.uniform(0.2, 0.7, sets)
    chance = rng.uniform(0.2, 0.6, 8)[project] + effect * (denoise > 0.45)
    lost = rng.random(sets) < chance
    columns = {"denoise": denoise}
    for number in range(nothings):
        words = rng.choice(["a", "b"], sets, p=[0.3, 0.7])
        columns[f"n{number}"] = rng.normal(size=sets) + project if number % 2 else words
    frame = pd.DataFrame(columns)
    both = pd.concat([frame, frame.assign(denoise=np.nan)], ignore_index=True)
    return (
        both,
        np.r_[lost, ~lost],
        np.r_[np.full(sets, 3.0), np.full(sets, 2.0)],
        np.r_[project, project].astype(str),
        np.tile([f"s{n}" for n in range(sets)], 2),
    ), chance


def names(effects):
    return {one.setting for one in effects}


def test_a_planted_effect_is_found_with_its_interval():
    found = held = 0
    for seed in range(20):
        data, chance = world(seed, 0.35)
        effects = [one for one in setting_effects(*data) if one.setting == "denoise"]
        found += len(effects)
        for one in effects:
            meant = data[0]["denoise"].to_numpy()[: len(chance)] > one.above
            held += one.low <= chance[meant].mean() <= one.high
            assert one.stage == 3
            assert one.lost > one.otherwise
    assert found >= 19
    assert held >= found - 1


def test_of_fifty_planted_nothings_none_is_reported():
    false = sum(bool(setting_effects(*world(seed, 0)[0])) for seed in range(40))
    # 2 are expected at most; 6 of 40 have a probability of 1.4 in 100 at that rate.
    assert false <= 5


def test_an_effect_beside_it_makes_no_nothing_appear():
    false = sum(
        bool(names(setting_effects(*world(seed, 0.35)[0])) - {"denoise"}) for seed in range(40)
    )
    assert false <= 5


def test_a_difference_between_projects_is_no_effect():
    rng = np.random.default_rng(0)
    project = np.repeat(["p", "q"], 300)
    value = rng.normal(size=600) + 10 * (project == "q")
    lost = rng.random(600) < np.where(project == "q", 0.9, 0.1)
    settings = pd.DataFrame({"steps": value})
    found = setting_effects(settings, lost, np.full(600, 3.0), project, np.arange(600).astype(str))
    assert found == []


def test_pictures_without_a_stage_are_compared_inside_their_sets():
    rng = np.random.default_rng(0)
    sets = np.repeat(np.arange(120), 2)
    sampler = np.tile(["Euler", "DDIM"], 120).astype(object)
    wins = rng.random(120) < 0.85
    lost = np.column_stack([~wins, wins]).ravel()
    settings = pd.DataFrame({"sampler": sampler, "model": "one"})
    (one,) = setting_effects(
        settings, lost, np.full(240, np.nan), np.full(240, "p"), sets.astype(str)
    )
    assert (one.stage, one.setting, one.word, one.sets) == (None, "sampler", "DDIM", 120)
    assert one.low < 0.85 < one.high


def test_too_few_pictures_and_settings_that_never_change_are_not_looked_at():
    settings = pd.DataFrame({"steps": [20.0] * 60, "model": ["a"] * 50 + ["b"] * 10})
    lost = np.tile([0, 1], 30)
    assert setting_effects(settings, lost, np.full(60, 1.0), ["p"] * 60, np.arange(60)) == []
    empty = pd.DataFrame({"steps": [np.nan] * 4, "model": [""] * 4})
    assert setting_effects(empty, [0, 1, 0, 1], [1.0] * 4, ["p"] * 4, list("abcd")) == []


def test_the_test_agrees_with_permutations_inside_strata():
    rng = np.random.default_rng(3)
    stratum = np.repeat([0, 1, 2], 40)
    x = rng.normal(size=120) + stratum
    y = (x - stratum + rng.normal(size=120) * 3 > 0).astype(float)
    blocks = [np.flatnonzero(stratum == one) for one in range(3)]

    def correlation(value):
        centred = sum(
            ((value[rows] - value[rows].mean()) * (y[rows] - y[rows].mean())).sum()
            for rows in blocks
        )
        return abs(centred)

    draws = []
    for _ in range(2000):
        shuffled = x.copy()
        for rows in blocks:
            shuffled[rows] = rng.permutation(x[rows])
        draws.append(correlation(shuffled))
    by_chance = np.mean(np.asarray(draws) >= correlation(x))
    assert mantel_test(x, y, stratum) == pytest.approx(by_chance, abs=0.03)


def test_one_stratum_is_the_test_of_a_correlation():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=60), rng.normal(size=60)
    drawn = [abs(np.corrcoef(rng.permutation(x), y)[0, 1]) for _ in range(2000)]
    share = np.mean(np.array(drawn) >= abs(np.corrcoef(x, y)[0, 1]))
    assert mantel_test(x, y, np.zeros(60)) == pytest.approx(share, abs=0.03)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_no_laxer_than_each_test_and_no_stricter_than_bonferroni(p):
    adjusted = holm(p)
    assert (adjusted >= np.asarray(p)).all()
    assert (adjusted <= np.minimum(1, np.asarray(p) * len(p)) + 1e-12).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()


def test_holm_of_an_example():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
