import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.ranking.near_duplicates import NEAR_DUPLICATE, hash_bits, purge_sets
from prefml.sets import index_sets

BITS = st.integers(0, 2**64 - 1)


@given(st.lists(BITS, min_size=4, max_size=24), st.data())
def test_no_set_with_a_near_duplicate_of_a_tested_picture_is_left(values, data):
    hashes = np.array(values, np.uint64)
    names = np.array(data.draw(st.lists(st.integers(0, 5), min_size=len(values),
                                        max_size=len(values))))  # fmt: skip
    sets = index_sets(names)
    copied = data.draw(st.integers(0, len(values) - 1))
    hashes[0] = hashes[copied] ^ np.uint64(2**NEAR_DUPLICATE - 1)
    tested = sets.codes == sets.codes[0]
    train, test = np.flatnonzero(~tested), np.flatnonzero(tested)

    left = purge_sets(train, test, sets, hashes)

    near = {
        names[row]
        for row in train
        if any((int(hashes[row]) ^ int(hashes[other])).bit_count() <= NEAR_DUPLICATE
               for other in test)
    }  # fmt: skip
    expected = [row for row in train if names[row] not in near]
    assert left.tolist() == (expected or train.tolist())


def test_hashes_are_read_as_hexadecimal():
    assert hash_bits(np.array(["00000000000000ff", "ffffffffffffffff"])).tolist() == [
        255,
        2**64 - 1,
    ]
    with pytest.raises(ValueError, match="invalid literal"):
        hash_bits(np.array(["no hash"]))
