from prefml.decisions.set_rule import SetRule
from prefml.suggest.grouping.by_folder import group_by_folder, places_in_names

from .pictures import alone_of, pictures, sets_of


def test_each_folder_is_a_set():
    made = group_by_folder(pictures("a/1.png", "b/x.png", "a/2.png", "c/3.png", "b/y.png"),
                           SetRule(name="folder"))  # fmt: skip
    assert sorted(sets_of(made)) == [["a/1.png", "a/2.png"], ["b/x.png", "b/y.png"]]
    assert alone_of(made) == {"c/3.png": "the only picture in its folder"}


def test_a_folder_that_is_too_large_breaks_where_its_numbers_jump():
    names = [f"a/{number:03}.png" for number in [*range(10), *range(50, 58)]]
    assert [len(one) for one in sets_of(group_by_folder(pictures(*names), SetRule()))] == [10, 8]


def test_a_folder_right_above_two_others_is_no_set():
    made = group_by_folder(pictures("a/1.png", "b/2.png", "x.png", "y.png"), SetRule())
    assert set(alone_of(made)) == {"a/1.png", "b/2.png", "x.png", "y.png"}
    nested = pictures("a/1.png", "a/2.png", "a/more/3.png")
    assert sets_of(group_by_folder(nested, SetRule())) == [["a/1.png", "a/2.png"]]


def test_a_gap_counts_where_every_name_has_a_time():
    names = ["a/20250101_000000.png", "a/20250101_000100.png", "a/20250101_010000.png",
             "a/20250101_010100.png"]  # fmt: skip
    made = group_by_folder(pictures(*names), SetRule(max_gap=60.0))
    assert sets_of(made) == [names[:2], names[2:]]
    assert len(sets_of(group_by_folder(pictures(*names), SetRule(max_gap=59.9)))) == 0


def test_places_are_times_then_numbers_then_nothing():
    timed = pictures("20250101_000000.png", "20250101_000001.png")
    assert places_in_names(timed)[1]
    assert places_in_names(pictures("a1.png", "a7.png")) == ([1, 7], False)
    assert places_in_names(pictures("a.png", "a7.png")) == ([0, 0], False)
