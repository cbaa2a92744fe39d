import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.features.clusters import connect_sets

FAR = ("0000000000000000", "ffffffff00000000", "00000000ffffffff", "ffffffffffffffff")
NEAR = "000000000000000f"


def connect(rows, alike=()):
    """Connect sets of (set, project, file); each file has its own content but for those alike."""
    set_id, project, filename = (np.array(part, object) for part in zip(*rows, strict=True))
    names = list(dict.fromkeys(filename.tolist()))
    rng = np.random.default_rng(0)
    hashes = {name: f"{int(rng.integers(2**63)):016x}" for name in names}
    vectors = {name: rng.normal(size=32) for name in names}
    for name in alike:
        hashes[name] = NEAR if name == alike[0] else FAR[0]
        vectors[name] = vectors[alike[0]]
    return connect_sets(
        set_id, project, filename,
        np.array([hashes[name] for name in filename], object),
        np.array([vectors[name] for name in filename], np.float32),
    ).tolist()  # fmt: skip


def test_sets_of_different_pictures_are_clusters_by_themselves():
    assert connect([(1, "p", "a"), (1, "p", "b"), (0, "p", "c"), (0, "p", "d")]) == [0, 0, 1, 1]


def test_a_shared_picture_connects_sets_also_by_way_of_others():
    rows = [
        (1, "p", "a"),
        (1, "p", "b"),
        (2, "p", "c"),
        (2, "p", "b"),
        (3, "p", "c"),
        (4, "p", "x"),
    ]
    assert connect(rows) == [0, 0, 0, 0, 0, 1]


def test_pictures_of_one_name_in_two_projects_are_two():
    assert connect([(1, "p", "a"), (1, "p", "b"), (2, "q", "a"), (2, "q", "b")]) == [0, 0, 1, 1]


def test_near_duplicates_connect_sets_inside_a_project_only():
    rows = [
        (1, "p", "a"),
        (1, "p", "b"),
        (2, "p", "c"),
        (2, "p", "d"),
        (3, "q", "e"),
        (3, "q", "f"),
    ]
    assert connect(rows, alike=("a", "c", "e")) == [0, 0, 0, 0, 1, 1]


def test_without_vectors_only_shared_pictures_connect():
    found = connect_sets(
        np.array([0, 1, 1]), np.array(["p"] * 3, object), np.array(["a", "b", "c"], object),
        np.array([FAR[0]] * 3, object), np.zeros((3, 0), np.float32),
    )  # fmt: skip
    assert found.tolist() == [0, 1, 1]


def test_a_damaged_hash_is_refused():
    one = np.array(["p"], object)
    with pytest.raises(ValueError, match="16 hexadecimal digits"):
        connect_sets(np.array([0]), one, one, np.array(["xyz"], object), np.ones((1, 2)))


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from("pq"), st.sampled_from("abcdefgh"))))
def test_clusters_are_the_smallest_that_tear_no_set_and_no_picture_apart(rows):
    rows = [((project, number), project, name) for number, project, name in rows]
    if not rows:
        return
    numbers = {row[0]: number for number, row in enumerate(rows)}
    found = connect([(numbers[key], project, name) for key, project, name in rows])
    parent = list(range(len(rows)))

    def root(i):
        return i if parent[i] == i else root(parent[i])

    for i, one in enumerate(rows):
        for j, other in enumerate(rows[:i]):
            if one[0] == other[0] or one[1:] == other[1:]:
                parent[root(i)] = root(j)
    for i in range(len(rows)):
        for j in range(i):
            assert (found[i] == found[j]) == (root(i) == root(j))
