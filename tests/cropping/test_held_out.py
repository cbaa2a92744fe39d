import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.cropping.held_out import (
    assign_blocks,
    assign_folds,
    assign_inner_folds,
    gain_lower_bound,
    is_significant,
)

projects = st.lists(st.sampled_from("abcde"), min_size=1, max_size=200)


@given(projects, st.integers(2, 6))
def test_a_project_is_never_on_both_sides_of_an_inner_fold(names, folds):
    assigned = assign_inner_folds(len(names), names, folds)
    assert assigned.max() < folds
    if len(set(names)) > 1:
        assert len(set(assigned)) > 1
        for name in set(names):
            assert len(set(assigned[np.array(names) == name])) == 1


def test_without_projects_neighbours_are_held_out_together():
    assert assign_inner_folds(8, None, 4).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


@given(projects)
def test_a_block_lies_inside_one_project(names):
    labels = assign_blocks(len(names), names, size=7)
    for label in set(labels):
        members = np.array(names)[labels == label]
        assert len(set(members)) == 1
        assert len(members) <= 7


@given(projects, st.integers(1, 6))
def test_clusters_are_dealt_out_whole(names, folds):
    clusters = assign_blocks(len(names), names, size=5)
    assigned = assign_folds(clusters, folds)
    assert assigned.max() < folds
    for cluster in set(clusters):
        assert len(set(assigned[clusters == cluster])) == 1


def test_a_gain_of_one_lucky_cluster_is_not_supported():
    gain = np.zeros(200)
    gain[:20] = 1.0
    assert not is_significant(gain, np.repeat(np.arange(10), 20))


def test_a_gain_everywhere_is_supported():
    gain = np.random.default_rng(0).normal(0.05, 0.1, 400)
    assert is_significant(gain, np.repeat(np.arange(20), 20))


def test_one_cluster_supports_nothing():
    assert gain_lower_bound(np.ones(10), np.zeros(10, int)) == -np.inf


def test_chance_alone_is_seldom_taken_for_a_gain():
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(40), 10)
    fooled = [is_significant(rng.normal(0, 1, 40)[clusters], clusters) for _ in range(1000)]
    assert np.mean(fooled) <= 0.02


def test_clusters_of_equal_size_count_as_their_means():
    gain, clusters = np.random.default_rng(0).normal(0.1, 1, 120), np.repeat(np.arange(12), 10)
    means = gain.reshape(12, 10).mean(axis=1)
    expected = means.mean() - 2.33 * means.std(ddof=1) / np.sqrt(12)
    assert gain_lower_bound(gain, clusters) == pytest.approx(expected)


@given(st.lists(st.integers(1, 30), min_size=2, max_size=12), st.integers(2, 5))
def test_no_fold_is_larger_than_the_smallest_by_more_than_a_project(sizes, folds):
    names = np.repeat([f"p{i}" for i in range(len(sizes))], sizes)
    counts = np.bincount(assign_inner_folds(len(names), names, folds))
    assert counts.max() - counts.min() <= max(sizes)
