import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prefml.duplicates.groups import cosines, find_groups

ONE, OTHER = [1.0, 0.0], [0.0, 1.0]


def groups(hashes, vectors, project):
    found = find_groups(np.array(hashes, np.uint64), np.array(vectors, np.float32), project)
    return [group.tolist() for group in found]


def test_pictures_alike_to_hash_and_encoder_are_grouped():
    assert groups([0, 1, 3], [ONE, ONE, ONE], ["a"] * 3) == [[0, 1, 2]]


def test_the_hash_alone_is_not_enough():
    assert groups([0, 1], [ONE, OTHER], ["a", "a"]) == []


def test_the_encoder_alone_is_not_enough():
    assert groups([0, 0xFFFF], [ONE, ONE], ["a", "a"]) == []


def test_two_projects_are_never_compared():
    assert groups([5, 5, 5, 5], [ONE] * 4, ["a", "b", "a", "b"]) == [[0, 2], [1, 3]]


def test_a_chain_of_pairs_is_one_group():
    near, far = 0b11111111, 0b1111111111111111
    assert groups([0, near, far], [ONE] * 3, ["a"] * 3) == [[0, 1, 2]]


def test_a_vector_without_length_is_like_nothing():
    assert groups([0, 0], [[0, 0], [0, 0]], ["a", "a"]) == []


def test_nothing_gives_no_groups():
    assert find_groups(np.array([], np.uint64), np.zeros((0, 2), np.float32), []) == []


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(2, 40),
)
def test_groups_are_the_components_of_the_pairs_whatever_the_order(seed, n):
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 4, n).astype(np.uint64) * np.uint64(0x0101010101010101 * 31)
    vectors = rng.normal(size=(n, 2)).astype(np.float32)
    project = rng.choice(["a", "b"], n)
    expected = components(hashes, vectors, project)
    order = rng.permutation(n)
    shuffled = find_groups(hashes[order], vectors[order], project[order])
    assert {
        frozenset(group.tolist()) for group in find_groups(hashes, vectors, project)
    } == expected
    assert {frozenset(order[group].tolist()) for group in shuffled} == expected


def components(hashes, vectors, project):
    n = len(hashes)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    sets = [{i} for i in range(n)]
    for i in range(n):
        for j in range(i):
            near = int(hashes[i] ^ hashes[j]).bit_count() <= 8 and unit[i] @ unit[j] >= 0.95
            if near and project[i] == project[j] and sets[i] is not sets[j]:
                joined = sets[i] | sets[j]
                for k in joined:
                    sets[k] = joined
    return {frozenset(part) for part in sets if len(part) > 1}


def test_cosines_do_not_depend_on_length():
    vectors = np.array([[3, 4], [6, 8], [-3, -4]], np.float32)
    assert np.allclose(cosines(vectors, np.array([[0, 1], [0, 2]])), [1, -1])
