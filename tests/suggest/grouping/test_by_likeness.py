import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions.set_rule import SetRule
from prefml.suggest.grouping import by_likeness
from prefml.suggest.grouping.by_likeness import group_by_likeness, link_pictures
from prefml.suggest.grouping.clock import SECOND
from prefml.suggest.grouping.facts import PictureFacts

from .pictures import alone_of, pictures, sets_of

RULE = SetRule(name="similar")


class Rows:
    """Vectors and hashes by name."""

    def __init__(self, vectors):
        self.names = list(vectors)
        self.embeddings = np.array(list(vectors.values()), np.float32)
        self.hashes = np.array([f"{i * 0x9E3779B97F4A7C15 % 2**64:016x}"
                                for i in range(1, len(self.names) + 1)])  # fmt: skip

    def positions(self, project, filename):
        where = {name: i for i, name in enumerate(self.names)}
        return np.array([where.get(name, -1) for name in filename])


def families(count, each, dim=64, spread=0.1, seed=0):
    rng = np.random.default_rng(seed)
    centres = np.repeat(rng.normal(size=(count, dim)), each, axis=0) + 2
    return (centres + spread * rng.normal(size=centres.shape)).astype(np.float32)


def linked(vectors, rule=RULE, places=None, are_times=False):
    n = len(vectors)
    hashes = np.random.default_rng(1).integers(0, 2**64, n, dtype=np.uint64)
    at = np.zeros(n) if places is None else np.asarray(places, float)
    return link_pictures(vectors, hashes, at, rule, are_times)


def test_pictures_that_look_alike_are_a_set_whatever_all_have_in_common():
    assert linked(families(10, 4)) == [list(range(i, i + 4)) for i in range(0, 40, 4)]


def test_a_picture_without_a_vector_is_told_the_command():
    made = group_by_likeness(pictures("a.png"), RULE, None)
    assert alone_of(made) == {"a.png": "no vector of it yet; run: prefml embed"}


def test_sets_are_formed_of_names_in_their_order():
    vectors = families(5, 2)
    rows = Rows({f"{i:02}.png": vector for i, vector in enumerate(vectors)})
    made = group_by_likeness(pictures(*reversed(rows.names), "new.png"), RULE, rows)
    assert sets_of(made) == [[f"{i:02}.png", f"{i + 1:02}.png"] for i in range(0, 10, 2)]
    assert len(alone_of(made)) == 1


@given(seed=st.integers(0, 10**6), most=st.integers(2, 12), cosine=st.floats(0.05, 1))
def test_no_chain_grows_over_the_most_and_none_is_lost(seed, most, cosine):
    rng = np.random.default_rng(seed)
    vectors = np.cumsum(rng.normal(size=(60, 8)), axis=0).astype(np.float32)
    groups = linked(vectors, SetRule(name="similar", most=most, cosine=cosine))
    assert sorted(i for group in groups for i in group) == list(range(60))
    assert max(map(len, groups)) <= most


def test_a_group_is_cut_at_its_weakest_link():
    vectors = families(2, 3, spread=0.02)
    vectors[3:] += 0.2 * vectors[:3]
    assert linked(vectors, SetRule(name="similar", most=3, cosine=0.01)) == [[0, 1, 2], [3, 4, 5]]


def test_equal_pictures_above_the_most_are_a_counted_remainder():
    rows = Rows({f"{i:02}.png": np.ones(8) for i in range(14)} | {"x.png": -np.ones(8)})
    made = group_by_likeness(pictures(*rows.names[:-1]), RULE, rows)
    assert made.sets == []
    assert list(made.reasons.values()) == [14]


def test_pictures_outside_the_window_are_not_compared():
    vectors = families(3, 2)
    near = SetRule(name="similar", window=1.0)
    assert [0, 1] in linked(vectors, near, [0, 10**6, 5, 6, 7, 8], are_times=True)
    assert [0, 1] not in linked(vectors, near, [0, 10**6 + 1, 5, 6, 7, 8], are_times=True)
    assert [0, 1] not in linked(vectors, near, [0, 2, 3, 4, 5, 6])


def test_of_many_pictures_neighbours_are_compared(monkeypatch):
    monkeypatch.setattr(by_likeness, "_ALL_PAIRS", 10)
    monkeypatch.setattr(by_likeness, "_NEIGHBOURS", 3)
    vectors = families(10, 4)
    assert linked(vectors, places=range(40)) == [list(range(i, i + 4)) for i in range(0, 40, 4)]
    mixed = np.arange(40).reshape(10, 4).T.ravel()
    assert len(linked(vectors[mixed], places=range(40))) == 40


@pytest.mark.parametrize("n", [1, 2])
def test_few_pictures_are_compared_by_what_they_are(n):
    assert linked(np.ones((n, 4), np.float32)) == [list(range(n))]


def by_exif(seconds, names=("IMG_0001.jpg", "IMG_0002.jpg", "IMG_0003.jpg"), window=2):
    """Group pictures that look equal by the seconds in their EXIF; None has none."""
    vectors = families(1, len(names), spread=0.01)
    rows = Rows({"other.jpg": families(1, 1, seed=9)[0], **dict(zip(names, vectors, strict=True))})
    facts = {
        image.path: PictureFacts(taken=None if at is None else round(at * SECOND))
        for image, at in zip(pictures(*names), seconds, strict=True)
    }
    rule = SetRule(name="similar", window=window)
    return group_by_likeness(pictures(*names), rule, rows, lambda images: facts)


def test_the_window_is_that_of_exif_times_where_there_are_any():
    assert sets_of(by_exif([0, 2, 60])) == [["IMG_0001.jpg", "IMG_0002.jpg"]]
    assert sets_of(by_exif([0, 2.001, 60])) == []
    # By their numbers all three are near.
    assert len(sets_of(by_exif([None, None, None]))[0]) == 3


def test_a_picture_without_exif_stands_by_the_time_in_its_name():
    names = ("20250101_000000.jpg", "20250101_000001.jpg", "20250101_000100.jpg")
    start = 1735689600
    made = by_exif([start, None, start + 60], names)
    assert sets_of(made) == [[*names[:2]]]


def test_one_picture_without_any_time_leaves_the_numbers():
    assert len(sets_of(by_exif([0, 60, None]))[0]) == 3


def test_files_are_not_opened_where_no_time_matters():
    rows = Rows({f"{i}.jpg": vector for i, vector in enumerate(families(1, 3))})

    def refuse(images):
        raise AssertionError("a file was opened")

    made = group_by_likeness(pictures(*rows.names), RULE, rows, refuse)
    assert len(sets_of(made)) == 1
