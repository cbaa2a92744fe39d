from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from prefml.suggest.grouping.chains import BROKEN, Placed, cut_chain, group_placed

from .pictures import picture

places = st.lists(st.integers(0, 10**6), min_size=1, max_size=60).map(sorted)
gaps = st.none() | st.integers(0, 10**5)


def parts_of(at, gap, most):
    return [at[start:stop] for start, stop, _ in cut_chain(at, gap, most)]


@given(at=places, gap=gaps, most=st.integers(2, 12))
def test_no_place_is_lost_and_none_comes_twice(at, gap, most):
    assert [place for part in parts_of(at, gap, most) for place in part] == at


@given(at=places, gap=gaps, most=st.integers(2, 12))
def test_no_part_is_larger_than_the_most_unless_nothing_sets_it_apart(at, gap, most):
    assert all(len(part) <= most or len(set(part)) == 1 for part in parts_of(at, gap, most))


@given(at=places, gap=st.integers(0, 10**5))
def test_a_gap_is_exact(at, gap):
    parts = parts_of(at, gap, 10**6)
    assert all(after - before <= gap for part in parts for before, after in pairwise(part))
    assert all(later[0] - earlier[-1] > gap for earlier, later in pairwise(parts))


@given(at=st.lists(st.integers(0, 10**6), min_size=13, max_size=30, unique=True).map(sorted))
def test_a_chain_is_broken_at_its_weakest_link_first(at):
    weakest = max(after - before for before, after in pairwise(at))
    cuts = [later[0] - earlier[-1] for earlier, later in pairwise(parts_of(at, None, 12))]
    assert max(cuts) == weakest


def test_of_equally_weak_links_the_middle_one_breaks():
    assert [len(part) for part in parts_of(list(range(24)), None, 12)] == [12, 12]


def test_frames_383_milliseconds_apart_stay_together_and_a_microsecond_more_does_not():
    assert parts_of([0, 383_000], 383_000, 12) == [[0, 383_000]]
    assert parts_of([0, 383_001], 383_000, 12) == [[0], [383_001]]


def chain(*at, **settings):
    return [Placed(picture(f"{i:03}.png"), (), place, **settings) for i, place in enumerate(at)]


def test_what_nothing_sets_apart_is_alone_with_the_count_it_may_have():
    made = group_placed(chain(*[5] * 13), "burst", 12)
    assert made.sets == []
    assert list(made.reasons) == ["more than 12 pictures that nothing sets apart; --most allows "
                                  "larger sets"]  # fmt: skip


def test_a_set_out_of_a_longer_chain_is_doubtful():
    made = group_placed(chain(*range(12), 100, 101), "burst", 12)
    assert [len(one.images) for one in made.sets] == [12, 2]
    assert {one.doubt for one in made.sets} == {BROKEN}


def test_a_picture_by_itself_keeps_the_reason_of_its_rule():
    (lone,) = group_placed(chain(1, lonely="nobody"), "burst", 12).alone
    assert lone.reason == "nobody"


def test_fifty_thousand_pictures_of_one_second_are_a_counted_remainder():
    made = group_placed(chain(*[7] * 50_000), "burst", 12)
    assert made.sets == []
    assert made.reasons.total() == 50_000
