import numpy as np
import pytest

from prefml.decisions import read_decisions
from prefml.ranking.rejection import RejectionModel
from prefml.suggest.none_good import NoneGood, learn_none_good
from prefml.workspace import Workspace

REVIEWED = "sandbox/approved_decisions.jsonl"


class Ranker:
    def predict(self, X):
        return np.arange(len(X), dtype=float)


@pytest.fixture
def reviewed(tree):
    """Return a function that reviews sets, some of them rejected, and learns from them."""

    def learn(actions, ranker=True, source=REVIEWED, **more):
        for number, action in enumerate(actions):
            images = tree.stages("1", "2", start=100 * number)
            line = {
                "group_id": f"g{number}",
                "images": images,
                "step1_selection": {"chosen": images[1]},
            }
            kept = None if action == "rejected" else images[1]
            (tree.root / "sandbox").mkdir(exist_ok=True)
            tree.approve(line, action=action, final_choice=kept, project_id="alpha", **more)
        decisions = read_decisions(Workspace.open(tree.root))
        return learn_none_good(Ranker() if ranker else None, decisions, tree.sidecars(), source)

    return learn


def rows(tree):
    return tree.predictor().from_sidecars("alpha", [path.name for path in tree.images()[:2]])


def test_before_anything_was_reviewed_nothing_is_stated(tree):
    tree.stages("1", "2")
    assert NoneGood(Ranker(), None).probability(rows(tree)) is None


def test_few_rejections_state_the_base_rate_shrunk_towards_a_third(tree, reviewed):
    learned = reviewed(["approved", "rejected", "approved"])
    assert learned.probability(rows(tree)) == pytest.approx((1 + 1) / (3 + 3))


def test_sets_approved_in_bulk_do_not_lower_the_base_rate(tree, reviewed):
    assert reviewed(["approved"] * 20, shown={"bulk": True}).model is None


def test_a_probability_is_one_whatever_was_reviewed(tree, reviewed):
    learned = reviewed(["rejected"] * 6 + ["approved"] * 6)
    assert 0 < learned.probability(rows(tree)) < 1


def test_what_the_logs_decided_is_not_learned_from(tree, reviewed):
    one, two = tree.stages("1", "2", start=900)
    tree.log((two, [one], "2025-02-01T00:00:00Z"))
    assert reviewed([]).model is None
    assert reviewed(["approved"]).probability(rows(tree)) == pytest.approx(1 / 4)


def test_a_set_of_which_a_picture_is_unknown_is_not_learned_from(tree, reviewed):
    reviewed(["approved", "rejected"])
    tree.images()[0].unlink()
    decisions = read_decisions(Workspace.open(tree.root))
    learned = learn_none_good(Ranker(), decisions, tree.sidecars(), REVIEWED)
    assert learned.probability(rows(tree)) == pytest.approx((1 + 1) / (1 + 3))


def test_without_a_ranker_nothing_is_learned(tree, reviewed):
    learned = reviewed(["approved", "rejected"], ranker=False)
    assert learned.model is None
    assert NoneGood(None, RejectionModel()).probability(rows(tree)) is None
