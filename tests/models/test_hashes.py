import hashlib

import pandas as pd

from prefml.models.hashes import decisions_hash

ONE, OTHER = pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 3]})


def test_one_frame_has_the_hash_of_its_csv():
    expected = hashlib.sha256(ONE.to_csv(index=False).encode()).hexdigest()
    assert decisions_hash(ONE) == expected


def test_other_decisions_and_another_order_of_frames_have_another_hash():
    found = {decisions_hash(*frames) for frames in ((ONE,), (OTHER,), (ONE, OTHER), (OTHER, ONE))}
    assert len(found) == 4
