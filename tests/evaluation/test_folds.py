from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.evaluation.folds import NEAR_DUPLICATE, find_near_duplicates, make_folds
from prefml.exceptions import NotEnoughDataError


def hexadecimal(values) -> list[str]:
    return [f"{value:016x}" for value in values]


def far_apart(count: int) -> list[str]:
    rng = np.random.default_rng(0)
    return hexadecimal(int(v) for v in rng.integers(0, 2**63, count, dtype=np.uint64))


@st.composite
def tables(draw):
    sets = draw(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=2, max_size=20))
    hashes = st.integers(0, 2**12 - 1)
    rows = [
        (f"p{p}", f"s{p}-{s}", f"set{i}", f"{draw(hashes):016x}")
        for i, (p, s) in enumerate(sets)
        for _ in range(2)
    ]
    return [list(column) for column in zip(*rows, strict=True)]


@given(tables(), st.integers(2, 5), st.integers(0, 3))
def test_nothing_lies_on_both_sides_and_every_row_is_tested_once(table, n_folds, seed):
    project, session, set_id, hashes = (np.array(column) for column in table)
    try:
        folds = make_folds(project, session, set_id, hashes, n_folds, seed)
    except NotEnoughDataError:
        return

    tested = np.concatenate([fold.test for fold in folds.folds])
    assert sorted(tested) == list(range(len(project)))
    group = project if folds.kind == "project" else session
    for fold in folds.folds:
        assert not set(group[fold.train]) & set(group[fold.test])
        for a in hashes[fold.train]:
            for b in hashes[fold.test]:
                assert (int(a, 16) ^ int(b, 16)).bit_count() > NEAR_DUPLICATE


def test_folds_are_by_project():
    folds = make_folds(["a", "a", "b", "b"], list("1234"), list("wxyz"))

    assert folds.kind == "project"
    assert folds.groups == 2


def test_there_are_no_more_folds_than_projects():
    folds = make_folds(list("aabbcc"), list("123456"), list("uvwxyz"), n_folds=9)

    assert len(folds.folds) == 3


def test_one_project_falls_back_to_sessions_and_says_so():
    folds = make_folds(list("aaaa"), list("1122"), list("wxyz"))

    assert folds.kind == "session"
    assert folds.groups == 2


@pytest.mark.parametrize("rows", [0, 4])
def test_a_single_session_is_not_enough(rows):
    with pytest.raises(NotEnoughDataError, match="two projects"):
        make_folds(["a"] * rows, ["1"] * rows, ["x"] * rows)


def test_the_whole_set_of_a_near_duplicate_is_not_trained_on():
    hashes = far_apart(8)
    hashes[4] = f"{int(hashes[0], 16) ^ 0b1111:016x}"

    folds = make_folds(list("aaaabbbb"), list("11112222"), list("ppqqrrss"), hashes, n_folds=2)

    testing_b = next(fold for fold in folds.folds if 4 in fold.test)
    assert list(testing_b.train) == [2, 3]
    assert testing_b.purged == 1


def test_copies_of_everything_leave_nothing_to_learn_from():
    with pytest.raises(NotEnoughDataError, match="near duplicate in another project"):
        make_folds(list("aabb"), list("1122"), list("ppqq"), ["0" * 16] * 4)


def test_without_near_duplicates_nothing_is_purged():
    assert make_folds(list("aabb"), list("1122"), list("ppqq"), far_apart(4)).purged == 0


def test_other_seeds_give_other_folds():
    project = np.repeat([f"p{i}" for i in range(12)], 2)

    tests = {
        tuple(make_folds(project, project, project, seed=seed).folds[0].test) for seed in range(5)
    }

    assert len(tests) > 1


def test_the_same_seed_gives_the_same_folds():
    project = np.repeat([f"p{i}" for i in range(12)], 2)

    first, second = (make_folds(project, project, project, seed=3) for _ in range(2))

    assert [list(fold.test) for fold in first.folds] == [list(fold.test) for fold in second.folds]


@pytest.mark.parametrize(("flipped", "near"), [(0, True), (8, True), (9, False)])
def test_at_most_eight_bits_make_a_near_duplicate(flipped, near):
    reference = np.array([0x0123456789ABCDEF], np.uint64)

    found = find_near_duplicates(reference ^ np.uint64(2**flipped - 1), reference)

    assert found.tolist() == [near]


def test_no_hashes_have_no_near_duplicates():
    assert find_near_duplicates(np.zeros(0, np.uint64), np.ones(2, np.uint64)).tolist() == []
