import numpy as np
import pytest

from prefml.models import approval
from prefml.models.approval import approval_facts, rejection_table, score_sets
from prefml.models.kinds import RANKER
from prefml.ranking import PerProjectRanker, SetRanker
from prefml.ranking.approval import fingerprint
from prefml.ranking.metrics import top1_by_set
from prefml.workspace import Workspace

from .made_up_pictures import made_up_data


def make_ranker():
    return SetRanker(
        n_estimators=20, min_child_samples=5, linear=[["cue__"]], calibration="auto",
        random_state=0,
    )  # fmt: skip


def learn(model=None, **words):
    data = made_up_data(**words)
    table = data.choices()
    fitted = RANKER.fit(model or make_ranker(), table, np.ones(len(table), bool))
    return fitted, score_sets(fitted, table, data), data


@pytest.fixture
def promise(tmp_path):
    """Return a function that gives what a ranker promises for a budget of 10 %."""

    def find(name="seen", **words):
        model, scored, data = learn(**words)
        facts = approval_facts(Workspace.open(tmp_path), model, scored, data)
        (row,) = [r for r in facts["auto_approve"] if (r["budget"], r["promise"]) == (0.1, name)]
        return row

    return find


def test_rejected_sets_are_scored_by_models_that_have_not_seen_their_project():
    model, scored, _ = learn(crops=False)
    table = scored.rejected
    expected = model.predict_out_of_fold(table.X, table.set_id, table.project)
    np.testing.assert_array_equal(scored.rejected_scores, expected)
    assert not np.allclose(scored.rejected_scores, model.predict(table.X))


def test_what_is_learned_from_is_the_reviewed_sets():
    _, scored, _ = learn(logged=50, accepted=30, rejected=12, crops=False)
    table = rejection_table(scored)
    assert (len(table), int(table.rejected.sum())) == (42, 12)
    assert len(set(table.set_id)) == 42
    assert table.features.shape == (42, scored.features.shape[1])


def test_before_any_review_nothing_is_promised(promise):
    row = promise(accepted=0, rejected=0, crops=False)
    assert (row["threshold"], row["why"]) == (None, "too_few_reviewed")


def test_a_sure_ranker_of_a_person_who_never_rejects_promises(promise):
    row = promise(rejected=0, crops=False)
    assert row["coverage"] > 0.5
    assert row["error"] < 0.1


def test_a_constant_rate_of_rejections_above_the_budget_leaves_nothing_within_it(promise):
    row = promise(rejected=19, accepted=76, unlike=0.0, crops=False)
    assert (row["threshold"], row["why"]) == (None, "rejections")


def test_rejections_that_the_pictures_tell_leave_sets_within_the_budget(promise):
    row = promise(rejected=60, accepted=400, logged=0, unlike=6.0, crops=False)
    assert row["coverage"] > 0.3


def test_one_project_promises_for_itself_alone(promise):
    words = {"projects": 1, "rejected": 0, "accepted": 240, "logged": 0, "crops": False}
    assert promise("seen", **words)["threshold"] is not None
    assert promise("next", **words)["threshold"] is None


def test_the_facts_tell_what_they_were_made_from(tmp_path):
    model, scored, data = learn(crops=False)
    facts = approval_facts(Workspace.open(tmp_path), model, scored, data)
    assert facts["projects"] == ["p0", "p1", "p2", "p3"]
    assert facts["auto_approve_sha256"] == fingerprint(facts["auto_approve"])
    told = facts["approval"]
    assert (told["covers"], told["reviewed"], told["rejected"]) == (["winner", "none"], 100, 20)
    assert len(told["decisions_sha256"]) == 64
    assert {row["promise"] for row in facts["auto_approve"]} == {"seen", "mixture", "next"}


def test_another_rejection_is_another_hash(tmp_path):
    found = set()
    for rejected in (20, 21):
        model, scored, data = learn(rejected=rejected, crops=False)
        facts = approval_facts(Workspace.open(tmp_path), model, scored, data)
        found.add(facts["approval"]["decisions_sha256"])
    assert len(found) == 2


def test_a_ranker_that_held_nothing_out_promises_nothing():
    data = made_up_data(crops=False)
    table = data.choices()
    fitted = RANKER.fit(SetRanker(n_estimators=2), table, np.ones(len(table), bool))
    assert score_sets(fitted, table, data) is None


def test_a_project_with_its_own_ranker_goes_by_that_one_at_home(tmp_path, monkeypatch):
    model, scored, data = learn(PerProjectRanker(make_ranker(), min_sets=50), crops=False)
    seen = []
    monkeypatch.setattr(approval, "make_promises", lambda sets, names: seen.append(sets) or [])
    approval_facts(Workspace.open(tmp_path), model, scored, data)
    at_home, elsewhere = seen
    table, rejected = scored.accepted, scored.rejected
    own, mine = model.own_["p1"], table.project == "p1"
    hits = top1_by_set(table.y[mine], own.out_of_fold_, table.set_id[mine])
    at_p1 = (at_home.project == "p1") & ~at_home.rejected
    np.testing.assert_array_equal(at_home.chosen[at_p1], hits)
    assert not np.allclose(at_home.win, elsewhere.win)
    assert len(at_home) == len(elsewhere) == table.n_sets + rejected.n_sets
