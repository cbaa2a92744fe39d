import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.review.desk_answers import JobKind
from prefml.review.job_results import read_result

APPLIED = {
    "executed": False, "sets": 2, "plan": "a" * 64, "counts": {"winner": 2, "loser": 3},
    "steps": [
        {"action": "folder", "source": "", "target": "selected", "role": "folder",
         "group_id": "", "box": None},
        {"action": "move", "source": "new/p/a.png", "target": "selected/p/a.png", "role": "winner",
         "group_id": "g", "box": None},
    ],
    "left_out": [{"group_id": "h", "reason": "no picture"}], "not_kept": {"a.png": ["a", "b"]},
    "already_applied": 0, "decided_anew": [], "finished": None, "undone": None, "interrupted": None,
}  # fmt: skip


def read(kind, document):
    return read_result(kind, json.dumps(document).encode())


def test_a_plan_is_told_by_its_hash_its_counts_and_its_files():
    found = read("preview", APPLIED)
    assert found.words == ["2 sets would be applied; nothing was changed."]
    assert (found.plan.hash, found.plan.sets, found.plan.files) == ("a" * 64, 2, 1)
    assert found.plan.moves[0].target == "selected/p/a.png"
    assert found.plan.left_out[0].reason == "no picture"
    assert found.plan.not_kept == ["a.png: a, b"]


def test_of_a_large_plan_the_first_files_are_told_and_how_many_there_are():
    found = read("preview", {**APPLIED, "steps": APPLIED["steps"][1:] * 1000}).plan
    assert (found.files, len(found.moves)) == (1000, 200)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"executed": True}, "2 sets applied."),
        ({"executed": True, "sets": 0}, "There was nothing to apply."),
        ({"interrupted": ["g"]}, "A run of 1 set was interrupted: apply finishes it"),
        ({"executed": True, "finished": ["g", "h"]}, "An interrupted run of 2 sets was finished."),
    ],
)
def test_what_became_of_a_run_is_said(changes, words):
    assert words in " ".join(read("apply", {**APPLIED, **changes}).words)


def test_what_was_taken_back_is_said():
    assert read("undo", {**APPLIED, "undone": ["g"]}).words == [
        "A run of 1 set was taken back, byte for byte."
    ]
    assert read("undo", APPLIED).words == ["There was nothing to take back."]


def test_suggestions_are_counted_with_why_there_is_no_batch():
    said = {"sets": 3, "singles": 1, "within_budget": 0, "skipped": {"unreadable": 2},
            "why_none_within_budget": "too few sets"}  # fmt: skip
    assert read("suggest", said).words == [
        "Suggested for 3 sets and 1 single picture; 0 may be approved together.",
        "Skipped 2 pictures: unreadable.",
        "None may be approved together: too few sets.",
    ]
    assert read("suggest", {}).words == ["No new pictures to suggest for."]


def test_each_model_has_the_verdict_of_the_gate():
    one = {"path": "artifacts/ranker.joblib", "in_use": False, "verdict": "it is worse",
           "why_not": "", "fold_scores": {"top1": 0.6, "lower_stage_top1": None}}  # fmt: skip
    other = {"path": None, "in_use": False, "verdict": None, "why_not": "0 crops"}
    ranker, crop = read("train", {"ranker": one, "crop": other}).verdicts
    assert (ranker.trained, ranker.in_use, ranker.words) == (True, False, "it is worse")
    assert ranker.scores == {"top1": 0.6}
    assert (crop.kind, crop.trained, crop.words) == ("crop", False, "0 crops")


def test_a_rollback_a_report_and_duplicates_are_one_sentence():
    model = {"model": {"kind": "rejection", "written": "2025-01-01"}}
    assert read("rollback", model).words == [
        "The none is good model of 2025-01-01 is in use again."
    ]
    assert read("report", {"schema": "prefml/metrics/1"}).words == ["The report is written."]
    found = {"groups": [{"project": "p", "images": ["a", "b"], "best": "a"}]}
    assert read("duplicates", found).words == ["1 group of near duplicates.", "p: a, b; best a"]


@given(kind=st.sampled_from(JobKind.__args__), printed=st.binary(max_size=30))
def test_what_cannot_be_read_is_said_to_be_so(kind, printed):
    assert read_result(kind, printed).words


def test_of_an_unknown_kind_nothing_is_said():
    assert read_result("", b"{}").words == ["Done; what it printed cannot be read."]


FOUND = {
    "groups": [{"project": "p", "images": ["a.png", "b.png"], "best": "b.png"}],
    "questions": {"groups": 1, "pictures": 2, "left_out": {"that lost their set": 1}},
}


def test_near_duplicates_are_listed_and_how_many_could_be_decided():
    found = read("duplicates", FOUND)
    assert found.words == [
        "1 group of near duplicates.",
        "Not asked about: 1 picture that lost their set.",
        "p: a.png, b.png; best b.png",
    ]
    assert found.near_duplicates == 1


def test_near_duplicates_that_are_asked_about_are_counted_and_offered_no_more():
    document = {**FOUND, "questions": {**FOUND["questions"], "asked": True}}
    found = read("ask_duplicates", document)
    assert found.words[-1] == "1 group to decide in the review."
    assert found.near_duplicates == 0


def test_what_was_taken_back_is_counted():
    words = read("withdraw_duplicates", {"withdrawn": 2}).words
    assert words == ["2 groups of near duplicates not asked about any more."]
