import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefml.suggest.reask import asked_again, keep_one_in_ten, pick_again

NAMES = [f"p/s/set_{i}" for i in range(2000)]


def test_about_the_share_is_picked():
    assert 20 <= len(pick_again(NAMES, 10**6, (), 0.02)) <= 62


@settings(deadline=None, max_examples=30)
@given(n_new=st.integers(0, 200), cut=st.integers(0, 2000))
def test_few_of_a_run_are_old_and_none_is_asked_twice(n_new, cut):
    picked = pick_again(NAMES, n_new, NAMES[:cut], 0.5)
    assert len(picked) <= n_new // 10 + 1
    assert set(picked).isdisjoint(NAMES[:cut])


def test_a_pick_does_not_depend_on_the_order_or_on_other_sets():
    few = set(pick_again(NAMES[:1000], 10**6, (), 0.1))
    assert few == set(pick_again(NAMES[::-1], 10**6, (), 0.1)) & set(NAMES[:1000])


def test_second_questions_are_known_from_suggestions_and_from_decisions():
    rows = [{"reask_of": "a"}, {"suggestion": {"reask_of": "b"}}, {"suggestion": None}, {}]
    assert asked_again(rows) == {"a", "b"}


def line(group_id, **fields):
    return {"group_id": group_id, "images": [f"{group_id}-1.png", f"{group_id}-2.png"], **fields}


def again(set_id):
    return line(f"again {set_id}", reask_of=set_id)


class Reviewed:
    """Runs of `prefml suggest` on one workspace, and the decisions between them."""

    def __init__(self):
        self.lines, self.decided, self.made = [], {}, 0

    def run(self, n_new, regrouped=()):
        """Suggest for new sets, some of them in place of sets that wait."""
        asked = asked_again([*self.lines, *self.decided.values()])
        new = [line(f"set {self.made + number}") for number in range(n_new)]
        self.made += n_new
        fresh = [*new, *map(again, pick_again(NAMES[:100], n_new, asked, 1.0))]
        stay = [row for row in self.lines if row["group_id"] not in regrouped]
        merged = [*fresh, *stay]
        self.lines = keep_one_in_ten(merged, self.decided, {row["group_id"] for row in fresh})

    def decide(self, group_id, bare):
        """Decide on a set; a bare line is as another tool may write it."""
        (row,) = [row for row in self.lines if row["group_id"] == group_id]
        full = {"suggestion": {"model": "m", **row}, "images": row["images"]}
        decision = {"group_id": group_id, "action": "rejected", **({} if bare else full)}
        self.decided[group_id] = decision

    def counts(self):
        rows = [*self.lines, *self.decided.values()]
        old = {row["group_id"] for row in rows if asked_again([row])}
        return len({row["group_id"] for row in rows} - old), len(old)


@settings(deadline=None)
@given(data=st.data(), sizes=st.lists(st.integers(0, 30), max_size=12))
def test_over_any_runs_no_more_than_one_in_ten_sets_was_asked_before(data, sizes):
    reviewed = Reviewed()
    for n_new in sizes:
        waiting = [row["group_id"] for row in reviewed.lines if not is_reviewed(reviewed, row)]
        for group_id in data.draw(st.sets(st.sampled_from(waiting)) if waiting else st.just(())):
            reviewed.decide(group_id, data.draw(st.booleans()))
        left = [key for key in waiting if key not in reviewed.decided and "again" not in key]
        gone = data.draw(st.sets(st.sampled_from(left), max_size=n_new) if left else st.just(()))
        before = reviewed.counts()
        reviewed.run(n_new, gone)
        new, old = reviewed.counts()
        answered = sum("again" in key for key in reviewed.decided)
        assert old <= max(new // 10, answered)
        assert old - before[1] <= -(-n_new // 10)


def is_reviewed(reviewed, row):
    return row["group_id"] in reviewed.decided


@given(sizes=st.lists(st.integers(1, 30), max_size=20))
def test_of_enough_old_sets_one_in_ten_is_asked_however_the_runs_are_cut(sizes):
    reviewed = Reviewed()
    for n_new in sizes:
        reviewed.run(n_new)
        assert reviewed.counts() == (reviewed.made, reviewed.made // 10)


@given(order=st.permutations([line(f"set {n}") for n in range(20)] + [*map(again, NAMES[:6])]))
def test_which_old_sets_stay_does_not_depend_on_the_order_of_the_lines(order):
    kept = keep_one_in_ten(order, {}, {again(name)["group_id"] for name in NAMES[:3]})
    assert kept == [row for row in order if row in kept]
    # Of those that waited before, the two that were drawn first.
    assert asked_again(kept) == set(pick_again(NAMES[3:6], 20, (), 1.0))


@pytest.mark.parametrize(
    "row",
    [
        {"group_id": "one", "images": ["a.png"]},
        {"group_id": "none"},
        {"group_id": "x", "images": 3},
    ],
)
def test_a_single_picture_hides_no_old_set(row):
    lines = [*(line(f"set {n}") for n in range(9)), row, again("p/s/1")]
    assert keep_one_in_ten(lines, {}, ()) == lines[:-1]
    assert keep_one_in_ten([*lines, line("set 9")], {}, ()) == [*lines, line("set 9")]


def test_an_old_set_that_was_answered_stays_whatever_its_share():
    decided = {"again p": {"group_id": "again p", "action": "approved"}}
    assert keep_one_in_ten([again("p"), again("q")], decided, ()) == [again("p")]
