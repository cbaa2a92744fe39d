from dataclasses import replace

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


def test_a_model_that_learned_worse_is_refused_by_what_was_held_out_of_both():
    verdict = judge(
        RANKER, Ranker(), Ranker(), choices(400), lambda rows: Ranker(weight=-1), LONG_AGO
    )
    assert not verdict.accepted
    assert verdict.reason.startswith(
        "learned worse than the current one: 0.000 against 1.000 on 300"
    )


@pytest.mark.parametrize(("unseen", "accepted"), [(0, True), (40, False)])
def test_nothing_is_refitted_unless_there_are_decisions_that_the_model_in_use_has_not_seen(
    unseen, accepted
):
    table, fitted = choices(400), []

    def refit(rows):
        fitted.append(rows)
        return Ranker(weight=-1 if table.timestamp[rows].max() > seen_until else 1)

    seen_until = table.timestamp[3 * (400 - unseen) - 1]
    verdict = judge(RANKER, Ranker(), Ranker(), table, refit, seen_until)
    assert verdict.accepted is accepted
    assert bool(fitted) is not accepted


def test_the_model_in_use_is_refitted_on_what_it_learned_from_less_what_is_held_out():
    table, fitted = choices(400), []

    def refit(rows):
        fitted.append(rows)
        return Ranker()

    learned = table.timestamp <= table.timestamp[3 * 300 - 1]
    judge(RANKER, Ranker(), Ranker(), table, refit, table.timestamp[3 * 300 - 1])
    new = [rows for rows in fitted if (rows & ~learned).any()]
    old = [rows for rows in fitted if not (rows & ~learned).any()]
    held_out = ~np.array(new)
    assert held_out.sum(axis=0).max() == 1
    assert held_out.sum() == 3 * 300
    assert all((rows == learned & ~held).all() for rows, held in zip(old, held_out, strict=False))


def test_a_model_that_does_not_say_what_it_has_seen_is_not_compared_with_refits():
    assert judge(RANKER, Ranker(), Ranker(), choices(400), lambda rows: Ranker(weight=-1)).accepted


def test_refits_that_all_have_too_little_to_learn_from_keep_nothing_out():
    def refit(rows):
        raise ValueError("too few sets")

    assert judge(RANKER, Ranker(), Ranker(), choices(400), refit, LONG_AGO).accepted


def exposed(table, n_unseen):
    """Return a table of which all but the first few decisions followed a suggestion."""
    exposure = np.full(len(table), "followed", object)
    exposure[: n_unseen * (len(table) // len(np.unique(table.timestamp)))] = "unseen"
    return replace(table, exposure=exposure)


@pytest.mark.parametrize(("n_unseen", "accepted"), [(30, True), (100, False)])
def test_crops_that_followed_a_suggestion_do_not_judge(n_unseen, accepted):
    table = exposed(crops(100), n_unseen)
    # From the 31st on the model in use made the crops itself.
    table.boxes[:30] += [0.05, 0, 0.05, 0]
    verdict = judge(CROP, Cropper(), Cropper(0.05), table)
    assert verdict.accepted is accepted
    assert f"{n_unseen} decided without sight of a suggestion, {100 - n_unseen}" in verdict.reason


@pytest.mark.parametrize(("shift", "accepted"), [(0.05, True), (0.3, False)])
def test_with_too_few_decisions_made_unseen_only_a_broken_model_is_refused(shift, accepted):
    table = exposed(crops(100), 19)
    verdict = judge(CROP, Cropper(), Cropper(shift), table)
    assert verdict.accepted is accepted
    assert verdict.reason.startswith("too few crops" if accepted else "worse on recent decisions")


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
    assert (verdict.replay.n, verdict.held_out.n) == (100, 100)


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
