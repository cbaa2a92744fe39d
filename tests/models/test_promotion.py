import numpy as np
import pytest

from prefml.models.kinds import CROP, RANKER
from prefml.models.promotion import judge, last_decision, promote
from prefml.models.store import load_model, save_model
from prefml.workspace import Workspace

from .made_up import Cropper, Ranker, choices, crops

LONG_AGO = np.datetime64("2024-01-01")


def test_the_first_model_is_accepted():
    assert judge(RANKER, None, Ranker(), choices()).accepted


def test_a_better_model_is_accepted():
    verdict = judge(RANKER, Ranker(noise=2), Ranker(), choices())
    assert verdict.accepted
    assert verdict.replay.candidate == 1.0


def test_a_corrupted_model_is_refused_with_its_numbers():
    verdict = judge(RANKER, Ranker(), Ranker(weight=-1), choices())
    assert not verdict.accepted
    assert verdict.reason == "worse on recent decisions: 0.000 against 1.000 on 100 decisions"


def test_a_constant_model_is_refused():
    assert not judge(RANKER, Ranker(), Ranker(weight=0), choices()).accepted


def test_a_way_of_learning_that_does_worse_in_time_is_refused():
    verdict = judge(
        RANKER, Ranker(), Ranker(), choices(400), lambda rows: Ranker(weight=-1), LONG_AGO
    )
    assert not verdict.accepted
    assert "learns worse" in verdict.reason


@pytest.mark.parametrize(("unseen", "accepted"), [(10, True), (40, False)])
def test_a_refit_is_judged_only_by_what_the_model_in_use_has_not_seen(unseen, accepted):
    table, judged = choices(400), []

    def refit(rows):
        judged.append(len(np.unique(table.set_id[~rows])))
        return Ranker(weight=-1)

    seen_until = table.timestamp[3 * (400 - unseen) - 1]
    verdict = judge(RANKER, Ranker(), Ranker(), table, refit, seen_until)
    assert verdict.accepted is accepted
    assert judged == ([] if accepted else [unseen])


def test_a_model_that_does_not_say_what_it_has_seen_is_not_compared_with_refits():
    assert judge(RANKER, Ranker(), Ranker(), choices(400), lambda rows: Ranker(weight=-1)).accepted


def test_refits_see_only_what_came_before():
    seen = []
    table = choices(400)

    def refit(rows):
        seen.append(table.timestamp[rows].max())
        return Ranker()

    assert judge(RANKER, Ranker(), Ranker(), table, refit, LONG_AGO).accepted
    assert seen == sorted(seen)
    assert len(seen) == 3
    assert seen[-1] < table.timestamp.max()


def test_a_refit_with_too_little_before_it_is_left_out():
    asked = []

    def refit(rows):
        asked.append(int(rows.sum()))
        if len(asked) == 1:
            raise ValueError("too few sets")
        return Ranker()

    assert judge(RANKER, Ranker(), Ranker(), choices(400), refit, LONG_AGO).accepted
    assert asked == sorted(asked)
    assert len(asked) == 3


def test_refits_that_all_have_too_little_before_them_keep_nothing_out():
    def refit(rows):
        raise ValueError("too few sets")

    assert judge(RANKER, Ranker(), Ranker(), choices(400), refit, LONG_AGO).accepted


def test_few_decisions_compare_nothing():
    assert judge(RANKER, Ranker(), Ranker(weight=-1), choices(10)).accepted


def test_a_current_model_that_does_not_fit_the_pictures_is_replaced():
    class Other:
        def predict(self, X):
            raise ValueError("X has 1 feature, expected 7")

    verdict = judge(RANKER, Other(), Ranker(), choices())
    assert verdict.accepted
    assert "does not fit" in verdict.reason


@pytest.mark.parametrize(("shift", "accepted"), [(0.0, True), (0.2, False)])
def test_crops_are_compared_by_overlap(shift, accepted):
    assert judge(CROP, Cropper(), Cropper(shift), crops()).accepted is accepted


def test_a_refused_model_leaves_the_current_one_in_use(tmp_path):
    workspace = Workspace.open(tmp_path)
    save_model(Ranker(), workspace.artifacts / "ranker.joblib", "ranker", {"encoder": None})
    path = workspace.artifacts / "candidate" / "ranker.joblib"
    save_model(Ranker(weight=-1), path, "ranker", {"encoder": None})
    assert not promote(workspace, RANKER, path, choices()).accepted
    assert load_model(workspace.artifacts / "ranker.joblib").weight == 1
    save_model(Ranker(weight=2), path, "ranker", {"encoder": None})
    assert promote(workspace, RANKER, path, choices()).accepted
    assert load_model(workspace.artifacts / "ranker.joblib").weight == 2
    assert len(list((workspace.artifacts / "history").glob("*.joblib"))) == 1


@pytest.fixture
def in_use(tmp_path):
    workspace = Workspace.open(tmp_path)
    facts = {"encoder": None, "last_decision": last_decision(choices(60).timestamp)}
    save_model(Ranker(), workspace.artifacts / "ranker.joblib", "ranker", facts)
    return workspace


def offered(workspace, model):
    path = workspace.artifacts / "candidate" / "ranker.joblib"
    return save_model(model, path, "ranker", {"encoder": None})


def test_the_manifest_tells_which_decisions_are_new(in_use):
    path = offered(in_use, Ranker(weight=2))
    verdict = promote(in_use, RANKER, path, choices(100), lambda rows: Ranker())
    assert verdict.accepted
    assert (verdict.replay.n, verdict.prequential.n) == (100, 40)


def test_the_same_model_again_makes_no_history(in_use):
    verdict = promote(in_use, RANKER, offered(in_use, Ranker()), choices())
    assert verdict.reason == "the same as the model in use"
    assert not (in_use.artifacts / "history").exists()


def test_a_damaged_model_in_use_does_not_keep_a_new_one_out(in_use):
    (in_use.artifacts / "ranker.joblib").write_bytes(b"not a model")
    assert promote(in_use, RANKER, offered(in_use, Ranker(weight=2)), choices()).accepted
    assert load_model(in_use.artifacts / "ranker.joblib").weight == 2


def test_a_model_in_use_that_fails_to_unpickle_in_any_way_does_not_keep_a_new_one_out(tmp_path):
    workspace = Workspace.open(tmp_path)
    path = workspace.artifacts / "ranker.joblib"
    save_model(Unreadable(), path, "ranker", {"encoder": None})
    candidate = save_model(
        Ranker(), workspace.artifacts / "candidate" / "ranker.joblib", "ranker", {"encoder": None}
    )
    assert promote(workspace, RANKER, candidate, choices()).accepted
    assert load_model(path).weight == 1


class Unreadable:
    """Model that pickles well, and cannot be read again."""

    def __setstate__(self, state):
        raise AttributeError("a class of another version of a library")

    def __getstate__(self):
        return {"some": "state"}
