import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefml.duplicates import hamming
from prefml.duplicates.hamming import near_pairs, read_hashes


def oracle(values, radius):
    return [
        (i, j)
        for i in range(len(values))
        for j in range(i + 1, len(values))
        if (int(values[i]) ^ int(values[j])).bit_count() <= radius
    ]


def as_set(pairs):
    return [tuple(map(int, pair)) for pair in pairs]


def clustered(n, seed, flips=10):
    rng = np.random.default_rng(seed)
    values = np.repeat(rng.integers(0, 2**64, n // 5 + 1, dtype=np.uint64), 5)[:n]
    for _ in range(flips):
        bit = np.uint64(1) << rng.integers(0, 64, n, dtype=np.uint64)
        values = values ^ np.where(rng.random(n) < 0.5, bit, np.uint64(0))
    return rng.permutation(values)


@settings(deadline=None)
@given(
    values=st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 300), max_size=25),
    radius=st.integers(0, 64),
)
def test_all_pairs_within_the_radius_are_found_and_no_other(values, radius):
    found = near_pairs(np.array(values, np.uint64), radius)
    assert as_set(found) == oracle(values, radius)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 1000), radius=st.sampled_from([0, 3, 8, 11]))
def test_joining_parts_finds_what_comparing_all_finds(seed, radius):
    values = clustered(400, seed)
    by_parts = sorted(p for block in hamming._multi_index(values, radius) for p in as_set(block))
    compared = sorted(p for block in hamming._brute_force(values, radius) for p in as_set(block))
    assert by_parts == compared


def test_many_hashes_give_what_comparing_all_gives():
    values = clustered(5000, 1)
    compared = sorted(p for block in hamming._brute_force(values, 8) for p in as_set(block))
    assert as_set(near_pairs(values)) == compared
    assert len(compared) > 500


def test_blocks_stay_small_with_many_equal_hashes(monkeypatch):
    monkeypatch.setattr(hamming, "_BLOCK", 1000)
    values = np.zeros(2500, np.uint64)
    blocks = list(hamming.iter_near_pairs(values))
    assert max(map(len, blocks)) <= 1000 + 2500
    assert sum(map(len, blocks)) == 2500 * 2499 // 2


@pytest.mark.parametrize("count", [0, 1])
def test_one_hash_has_no_pair(count):
    assert near_pairs(np.zeros(count, np.uint64)).shape == (0, 2)


@pytest.mark.parametrize("radius", [-1, 65])
def test_an_impossible_radius_is_refused(radius):
    with pytest.raises(ValueError, match="expected 0 to 64"):
        near_pairs([1, 2], radius)


def test_hashes_are_read_from_text():
    assert read_hashes(["00000000000000ff", "f" * 16]).tolist() == [255, 2**64 - 1]


@pytest.mark.parametrize("text", ["", "ff", "0" * 17])
def test_a_damaged_hash_is_named(text):
    with pytest.raises(ValueError, match="16 hexadecimal"):
        read_hashes(["0" * 16, text])
