from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from prefml.imaging import cues, detail, shape, tone

from .conftest import picture

BASIC = (shape, detail, tone)


def basics(pixels: np.ndarray) -> dict[str, float]:
    shown = picture(pixels)
    return {name: value for group in BASIC for name, value in group.measure(shown).items()}


def test_names_are_unique():
    assert len(set(cues.CUE_NAMES)) == len(cues.CUE_NAMES)


def test_threads_in_the_background_measure_the_same(scene):
    with ThreadPoolExecutor(2) as pool:
        gather = cues.measure_in_background(pool, picture(scene))
        found = gather()
    assert list(found) == list(cues.CUE_NAMES)
    assert repr(found) == repr(cues.measure(picture(scene)))


def test_measure_gives_the_names_in_order(scene):
    assert tuple(cues.measure(picture(scene))) == cues.CUE_NAMES


def test_lists_have_the_names_in_order(scene):
    assert tuple(cues.measure_lists(picture(scene))) == cues.list_names()


def test_what_is_prepared_changes_nothing(scene):
    shown = picture(scene)
    cues.prepare(shown)
    assert repr(cues.measure(shown)) == repr(cues.measure(picture(scene)))


@pytest.mark.parametrize("group", cues.GROUPS, ids=lambda group: group.__name__.split(".")[-1])
def test_group_measures_what_it_names(group, scene):
    assert set(group.measure(picture(scene))) == set(group.NAMES)


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))))
def test_basic_cues_are_finite_for_any_picture(pixels):
    assert np.isfinite(list(basics(pixels).values())).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 20000), (20000, 1), (8, 8), (513, 2)])
def test_basic_cues_are_finite_for_odd_sizes(size):
    assert np.isfinite(list(basics(np.full((*size, 3), 90.0)).values())).all()


def test_mirroring_changes_no_basic_cue_much(scene):
    one, other = basics(scene), basics(scene[:, ::-1])
    drift = [abs(one[name] - other[name]) for name in one if name != "blockiness"]
    assert max(drift) < 0.5


def test_identity_changes_with_a_new_group(monkeypatch):
    before = cues.cue_identity()
    extra = SimpleNamespace(NAMES=("extra",), measure=lambda picture: {"extra": 0.0})
    monkeypatch.setattr(cues, "GROUPS", (*cues.GROUPS, extra))
    assert cues.cue_identity() != before


def test_identity_changes_with_a_version(monkeypatch):
    before = cues.cue_identity()
    monkeypatch.setattr(shape, "VERSION", 2, raising=False)
    assert cues.cue_identity() != before
