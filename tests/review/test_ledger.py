from hypothesis import given
from hypothesis import strategies as st

from prefml.review.ledger import Ledger

from .made_events import decide, decided, redo, submit, tag, undo

STATES = ["approved", "overridden", "rejected", "skipped"]

# What a person may do: decide some groups, tag one, undo, redo, submit.
steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("decide"),
            st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True),
            st.sampled_from(STATES),
        ),
        st.tuples(st.just("tag"), st.sampled_from("abc"), st.sampled_from(["x", "y"])),
        st.tuples(st.sampled_from(["undo", "redo", "submit"])),
    ),
    max_size=25,
)


class Model:
    """The plain way: every state ever, in a list."""

    def __init__(self):
        self.past, self.future, self.now = [], [], {}

    def change(self, **changes):
        self.past.append(self.now)
        self.future = []
        self.now = {**self.now, **changes}

    def undo(self):
        if self.past:
            self.future.append(self.now)
            self.now = self.past.pop()

    def redo(self):
        if self.future:
            self.past.append(self.now)
            self.now = self.future.pop()


def play(ledger, model, seq, step):
    kind = step[0]
    if kind == "decide":
        changes = [decided(group_id, step[2]) for group_id in step[1]]
        model.change(**{group_id: step[2] for group_id in step[1]})
        return decide(seq, *changes)
    if kind == "tag":
        model.change(**{f"tag-{step[1]}": step[2]})
        return tag(seq, step[1], i=[step[2]])
    if kind == "submit":
        return submit(seq)
    getattr(model, kind)()
    target = ledger.to_undo if kind == "undo" else ledger.to_redo
    move = undo if kind == "undo" else redo
    return move(seq, target.seq) if target else None


@given(steps)
def test_states_follow_undo_and_redo_exactly(history):
    ledger, model, events = Ledger(), Model(), []
    for seq, step in enumerate(history, start=1):
        happened = play(ledger, model, seq, step)
        if happened:
            ledger.apply(happened)
            events.append(happened)
    again = Ledger(events)
    for group_id in "abc":
        assert ledger.state(group_id) == model.now.get(group_id, "pending")
        tag = model.now.get(f"tag-{group_id}")
        assert ledger.tags(group_id) == ({"i": [tag]} if tag else {})
        assert again.state(group_id) == ledger.state(group_id)
    assert again.unsubmitted == ledger.unsubmitted


@given(steps)
def test_after_a_submit_nothing_is_unsubmitted(history):
    ledger, model = Ledger(), Model()
    for seq, step in enumerate([*history, ("submit",)], start=1):
        happened = play(ledger, model, seq, step)
        if happened:
            ledger.apply(happened)
    assert ledger.unsubmitted == 0


def test_undoing_a_submitted_decision_is_a_change_to_submit():
    ledger = Ledger([decide(1, decided("a")), submit(2)])
    ledger.apply(undo(3, of=1))
    assert ledger.unsubmitted == 1
    ledger.apply(redo(4, of=1))
    assert ledger.unsubmitted == 0


def test_a_skipped_group_is_not_exported():
    ledger = Ledger([decide(1, decided("a", "skipped"))])
    assert ledger.exported() == []
    assert ledger.unsubmitted == 0


def test_an_undo_of_something_else_changes_nothing():
    ledger = Ledger([decide(1, decided("a"))])
    ledger.apply(undo(2, of=77))
    assert ledger.state("a") == "approved"


def test_a_batch_does_not_count_for_the_pace():
    assert Ledger([decide(1, decided("a"), decided("b"))]).times == []


def test_a_redo_of_something_else_changes_nothing():
    ledger = Ledger([decide(1, decided("a")), undo(2, of=1)])
    ledger.apply(redo(3, of=77))
    assert ledger.state("a") == "pending"
    ledger.apply(redo(4, of=1))
    assert ledger.state("a") == "approved"
