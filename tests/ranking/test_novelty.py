import numpy as np
import pytest

from prefml.ranking import SetRanker, metrics, novelty
from prefml.ranking.novelty import StepNovelty


@pytest.fixture
def steps():
    rng = np.random.default_rng(0)
    kind = np.repeat([102.0, 203.0], 200)
    usual = np.where(kind[:, None] == 102, 1.0, -3.0) + 0.1 * rng.normal(size=(400, 6))
    usual[::2, 3:] += 0.05 * rng.normal(size=(200, 3))
    return usual, kind


def test_an_unusual_step_stands_out(steps):
    usual, kind = steps
    novelty = StepNovelty().fit(usual, kind)
    odd = usual[:5] + 1.0
    found = novelty.transform(np.vstack([usual, odd]), np.append(kind, kind[:5]))
    assert (found[400:] > np.percentile(found[:400], 95, axis=0)).all()


def test_a_step_is_judged_by_its_own_kind(steps):
    usual, kind = steps
    novelty = StepNovelty().fit(usual, kind)
    right = novelty.transform(usual[:50], kind[:50])
    wrong = novelty.transform(usual[:50], np.full(50, 203.0))
    assert (wrong[:, 1] > right[:, 1]).all()


def test_a_kind_never_seen_is_judged_by_all(steps):
    usual, kind = steps
    found = StepNovelty().fit(usual, kind).transform(usual[:3], np.full(3, 999.0))
    assert np.isfinite(found).all()


def test_a_picture_without_a_source_has_no_novelty(steps):
    usual, kind = steps
    found = StepNovelty().fit(usual, kind).transform(np.full((2, 6), np.nan), kind[:2])
    assert np.isnan(found).all()


@pytest.mark.parametrize("rows", [0, 5])
def test_too_few_steps_say_nothing(steps, rows):
    usual, kind = steps
    found = StepNovelty().fit(usual[:rows], kind[:rows]).transform(usual[:2], kind[:2])
    assert np.isnan(found).all()


def test_the_ranker_gets_suspicious_of_unusual_steps(steps):
    usual, _ = steps
    rng = np.random.default_rng(1)
    odd = rng.random(400) < 0.15
    step = usual[:, :3].copy() - np.where(np.arange(400) < 200, 0, -4)[:, None]
    step[odd] += rng.choice([-1, 1], (odd.sum(), 3)) * 2.0
    X = np.full((800, 4), np.nan)
    X[1::2, :3] = step
    X[:, 3] = np.tile([0, 1], 400)
    y = np.column_stack([odd, ~odd]).ravel().astype(int)
    set_id = np.repeat(np.arange(400), 2)
    plain = SetRanker(min_child_samples=5, novelty=("x0", "x1", "x2")).fit(X, y, set_id=set_id)
    assert metrics.top1(y, plain.predict(X), set_id) > 0.98
    assert plain.columns_[-2:] == ["novelty__step", "novelty__mean"]


def test_of_very_many_steps_some_from_everywhere_tell_what_is_usual(monkeypatch):
    rows = np.random.default_rng(0).normal(size=(4000, 4))
    kind = np.full(len(rows), np.nan)
    every = StepNovelty().fit(rows, kind).transform(rows, kind)
    monkeypatch.setattr(novelty, "_MAX_FITTED", 1000)
    some = StepNovelty().fit(rows, kind)
    assert not np.array_equal(some.transform(rows, kind), every)
    assert np.corrcoef(some.transform(rows, kind)[:, 0], every[:, 0])[0, 1] > 0.99
