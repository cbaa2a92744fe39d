import pytest

from prefml.suggest.audit import audit_problem

IMAGES = ["new/p/a.png", "new/p/b.png"]


def answered(n, wrong, ranker="r1"):
    suggestion = {
        "step1_selection": {"chosen": IMAGES[1]},
        "model": {"ranker": {"sha256": ranker}},
    }
    return {
        f"{ranker}-{i}": {
            "group_id": f"{ranker}-{i}", "action": "overridden", "images": IMAGES,
            "final_choice": IMAGES[0 if i < wrong else 1], "suggestion": suggestion,
            "audit": {"probability": 0.1, "batch": "b"}, "timestamp": f"2025-01-01T00:00:{i:02}Z",
        }
        for i in range(n)
    }  # fmt: skip


@pytest.mark.parametrize(("ranker", "budget"), [("r1", 0.5), ("r2", 0.1), (None, 0.1)])
def test_within_the_budget_or_of_another_ranker_the_audits_are_no_problem(ranker, budget):
    assert audit_problem(answered(20, 9), ranker, budget) == ""


def test_far_above_the_budget_they_say_how_many_were_wrong_and_what_to_run():
    found = audit_problem(answered(20, 9), "r1", 0.1)
    assert "of 20 sets" in found
    assert "suggested 9 wrongly" in found
    assert found.endswith("run: prefml train")
