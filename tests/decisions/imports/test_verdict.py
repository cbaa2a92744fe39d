import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions.imports.marked import MarkedPicture
from prefml.decisions.imports.verdict import REASONS, by_label, verdict_of
from prefml.decisions.xmp.marks import Marks

MARKS = st.builds(Marks, st.integers(-1, 5), flag=st.sampled_from(["", "picked", "rejected"]))


def judged(*marks):
    return verdict_of([MarkedPicture(str(at), one) for at, one in enumerate(marks)])


P, R = Marks(flag="picked"), Marks(flag="rejected")


@pytest.mark.parametrize(
    ("marks", "winner"),
    [
        ((P, R), 0),
        ((Marks(), P), 1),
        ((Marks(5), Marks(3)), 0),
        ((Marks(-1), Marks(1)), 1),
        ((Marks(5, flag="rejected"), Marks(1)), 1),
        ((Marks(4, flag="picked"), Marks(4)), 0),
        ((Marks(2), Marks(), Marks(-1)), 0),
    ],
)
def test_the_picked_or_best_rated_one_is_the_winner(marks, winner):
    assert judged(*marks).winner == winner


@pytest.mark.parametrize(
    ("marks", "reason"),
    [
        ((P,), "alone"),
        ((Marks(), Marks()), "unrated"),
        ((R, Marks()), "unrated"),
        ((Marks(3), Marks(3)), "tie"),
        ((P, P), "tie"),
        ((R, Marks(-1)), "none_kept"),
        ((Marks(2, flag="picked"), Marks(5)), "contradictory"),
        ((Marks(-1, flag="picked"), Marks()), "contradictory"),
    ],
)
def test_everything_else_is_no_decision_and_says_why(marks, reason):
    assert judged(*marks) == (None, reason) or judged(*marks).reason == reason
    assert judged(*marks).winner is None
    assert reason in REASONS


def test_marks_that_cannot_be_read_leave_the_whole_set_undecided():
    pictures = [MarkedPicture("a", P), MarkedPicture("b", problem="unreadable")]
    assert verdict_of(pictures).reason == "unreadable"


@given(st.lists(MARKS, min_size=2, max_size=6), st.randoms())
def test_the_order_of_the_pictures_changes_nothing(marks, draw):
    order = list(range(len(marks)))
    draw.shuffle(order)
    one, other = judged(*marks), judged(*(marks[at] for at in order))
    assert one.reason == other.reason
    assert other.winner is None or order[other.winner] == one.winner


@given(st.lists(MARKS, min_size=2, max_size=6))
def test_a_winner_stands_above_all_others(marks):
    found = judged(*marks)
    if found.winner is not None:
        winner = marks[found.winner]
        assert winner.flag == "picked" or winner.rating > 0
        for at, one in enumerate(marks):
            out = one.flag == "rejected" or one.rating == -1
            lower = winner.rating > one.rating or winner.flag == "picked" != one.flag
            assert at == found.winner or out or lower


def test_a_label_is_a_flag_only_where_it_was_said_so():
    assert by_label(Marks(label="Green"), "Green", "Red").flag == "picked"
    assert by_label(Marks(label="Red"), "Green", "Red").flag == "rejected"
    assert by_label(Marks(label="Blue"), "Green", "Red").flag == ""
    assert by_label(Marks(label="Green"), "", "").flag == ""
    assert by_label(Marks(label="Green", flag="rejected"), "Green", "").flag == "rejected"
