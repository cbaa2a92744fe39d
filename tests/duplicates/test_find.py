import numpy as np
import pandas as pd
import pytest

from prefml.duplicates import find_duplicates, write_table
from prefml.exceptions import SidecarError
from prefml.sidecars.store import Sidecars


def make_sidecars(rows):
    """Return sidecars from rows of (project, filename, hash, vector, stage, side)."""
    names = ["project", "filename", "hash", "vector", "stage", "side"]
    frame = pd.DataFrame(rows, columns=names)
    index = frame[["project", "filename", "stage"]].assign(
        path="images/" + frame["project"] + "/" + frame["filename"], file_size=10
    )
    cues = pd.DataFrame({"width": frame["side"], "height": frame["side"]})
    hashes = np.array([f"{value:016x}" for value in frame["hash"]])
    vectors = np.array(frame["vector"].tolist(), np.float32)
    return Sidecars(index, vectors, hashes, cues, None, "")


ROWS = [
    ("p", "a.png", 0, [1, 0], np.nan, 100),
    ("p", "b.png", 1, [1, 0.1], np.nan, 300),
    ("p", "c.png", 0, [0, 1], 3.0, 900),
    ("q", "a.png", 0, [1, 0], np.nan, 100),
]


def test_groups_name_their_pictures_and_the_largest_as_best():
    (group,) = find_duplicates(make_sidecars(ROWS))
    assert group.paths == ("images/p/a.png", "images/p/b.png")
    assert (group.project, group.best, group.distance) == ("p", 1, (1, 0))
    assert group.cosine == pytest.approx((0.995, 1.0), abs=1e-3)


def test_the_highest_stage_goes_before_the_largest():
    rows = [("p", "a.png", 0, [1, 0], 2.0, 100), ("p", "b.png", 0, [1, 0], 1.0, 300)]
    assert find_duplicates(make_sidecars(rows))[0].best == 0


def test_the_first_of_equals_is_the_best():
    rows = [("p", "a.png", 0, [1, 0], 2.0, 100), ("p", "b.png", 0, [1, 0], 2.0, 100)]
    assert find_duplicates(make_sidecars(rows))[0].best == 0


def test_a_ranker_chooses_the_best():
    (group,) = find_duplicates(make_sidecars(ROWS), lambda rows, group: -rows.astype(float))
    assert group.best == 0


def test_a_ranker_scores_each_group_by_itself():
    rows = [*ROWS[:2], ("q", "a.png", 0, [1, 0], 1.0, 9), ("q", "b.png", 0, [1, 0], 1.0, 9)]
    seen = []

    def score(rows, group):
        seen.append(group.tolist())
        return np.array([0.0, 1.0, 9.0, 5.0])

    assert [group.best for group in find_duplicates(make_sidecars(rows), score)] == [1, 0]
    assert seen == [[0, 0, 1, 1]]


def test_a_damaged_hash_says_what_to_run():
    sidecars = make_sidecars(ROWS)
    sidecars.hashes[0] = "xyz"
    with pytest.raises(SidecarError, match="prefml embed --force"):
        find_duplicates(sidecars)


def test_the_table_has_a_row_for_each_picture(tmp_path):
    write_table(tmp_path / "t.parquet", find_duplicates(make_sidecars(ROWS)))
    frame = pd.read_parquet(tmp_path / "t.parquet")
    assert frame["filename"].tolist() == ["a.png", "b.png"]
    assert frame["best"].tolist() == [False, True]


def test_a_table_without_groups_has_its_columns(tmp_path):
    write_table(tmp_path / "t.parquet", [])
    assert "cosine" in pd.read_parquet(tmp_path / "t.parquet").columns


def test_a_ranker_is_not_asked_where_nothing_is_alike():
    assert find_duplicates(make_sidecars(ROWS[2:]), lambda *_: pytest.fail("asked")) == []
