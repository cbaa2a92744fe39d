from __future__ import annotations

import json

import pytest

BOX = [0.1, 0.0, 0.9, 0.8]


@pytest.fixture
def sandbox(bench):
    folder = bench.root / "sandbox"
    folder.mkdir()

    def write(approved, suggested=()):
        for name, documents in (("approved", approved), ("automation", suggested)):
            lines = [d if isinstance(d, str) else json.dumps(d) for d in documents]
            (folder / f"{name}_decisions.jsonl").write_text("\n".join(lines) + "\n")
        return bench.read()

    return write


def suggestion(group="g1", images=("mojo1/a.png", "mojo1/b.png"), needs_crop=True, box=BOX):
    return {
        "group_id": group,
        "images": list(images),
        "step1_selection": {"chosen": images[0], "reason": "", "confidence": 0.9},
        "step2_crop": {"needs_crop": needs_crop, "crop_coords": box, "confidence": 0.5},
    }


def answer(action="approved", group="g1", final="mojo1/a.png", box=BOX, **more):
    return {
        "group_id": group,
        "action": action,
        "final_choice": final,
        "crop_coords": box,
        "timestamp": "2025-10-05T01:00:00Z",
        **more,
    }


def test_an_approved_suggestion_is_a_choice_and_a_crop(sandbox):
    decisions = sandbox([answer()], [suggestion()])
    assert decisions.items["chosen"].tolist() == [True, False]
    assert decisions.items["set_id"].tolist() == ["mojo1/review/g1"] * 2
    assert decisions.crops[["x1", "y1", "x2", "y2"]].to_numpy().tolist() == [BOX]
    assert not decisions.items["corrected"].any()
    assert not decisions.crops["corrected"].any()


def test_another_choice_corrects_both(sandbox):
    decisions = sandbox([answer("overridden", final="b.png")], [suggestion()])
    assert decisions.items["chosen"].tolist() == [False, True]
    assert decisions.items["corrected"].all()
    assert decisions.crops["filename"].tolist() == ["b.png"]
    assert decisions.crops["corrected"].all()


def test_a_redrawn_box_corrects_the_crop_alone(sandbox):
    decisions = sandbox([answer("overridden", box=[0.2, 0, 0.9, 0.7])], [suggestion()])
    assert not decisions.items["corrected"].any()
    assert decisions.crops["corrected"].all()


def test_without_the_suggestion_the_action_tells_what_was_corrected(sandbox):
    images = ["mojo1/a.png", "mojo1/b.png"]
    decisions = sandbox([answer("overridden", images=images)])
    assert decisions.items["corrected"].all()
    assert decisions.crops["corrected"].all()


def test_an_answer_to_a_set_without_a_suggestion_corrects_nothing_and_was_not_led(sandbox):
    question = suggestion() | {"asked": {"by": "random", "inclusion": 0.3}}
    question["step1_selection"]["chosen"] = None
    question["step2_crop"] = {"needs_crop": None, "crop_coords": None}
    decisions = sandbox([answer("overridden", final="b.png", box=None)], [question])
    assert decisions.items["chosen"].tolist() == [False, True]
    assert not decisions.items["corrected"].any()
    assert not decisions.items["exposed"].any()
    assert set(decisions.items["evidence"]) == {"judged"}


def test_a_box_drawn_anew_in_an_approved_set_is_corrected(sandbox):
    decisions = sandbox([answer(box=[0.2, 0, 0.9, 0.7])], [suggestion()])
    assert decisions.crops["corrected"].all()


@pytest.mark.parametrize(
    ("reviewed", "suggested", "corrected"),
    [
        (answer("overridden"), suggestion(), False),
        (answer("overridden"), suggestion(box=None), True),
        (answer("approved"), suggestion(box=None), False),
        (answer("overridden", box=[0, 0, 1, 1]), suggestion(needs_crop=False), False),
        (answer("approved", box=None), suggestion(needs_crop=False), False),
    ],
    ids=[
        "the box suggested", "no box suggested, overridden", "no box suggested, approved",
        "whole as suggested", "whole as approved",
    ],
)  # fmt: skip
def test_a_crop_is_corrected_where_it_is_another_than_was_suggested(
    sandbox, reviewed, suggested, corrected
):
    assert sandbox([reviewed], [suggested]).crops["corrected"].tolist() == [corrected]


def test_an_approval_without_a_suggestion_corrects_nothing(sandbox):
    decisions = sandbox([answer(images=["mojo1/a.png", "mojo1/b.png"])])
    assert not decisions.items["corrected"].any()
    assert not decisions.crops["corrected"].any()


@pytest.mark.parametrize(
    ("told", "session"), [("evening", "evening"), ("", "review"), (7, "review"), (None, "review")]
)
def test_session_and_time_of_a_review_are_those_it_tells(sandbox, told, session):
    answers = [
        answer(session_id=told),
        answer("rejected", "g2", None, None, session_id=told, images=["mojo1/c.png"]),
        answer("approved", "g3", "mojo1/d.png", session_id=told, images=["mojo1/d.png"]),
    ]
    decisions = sandbox(answers, [suggestion()])
    for frame, count in ((decisions.items, 2), (decisions.rejections, 1), (decisions.crops, 2)):
        assert frame["session_id"].tolist() == [session] * count
        assert {when.isoformat() for when in frame["timestamp"]} == {"2025-10-05T01:00:00+00:00"}


def test_a_rejected_set_is_kept_as_a_rejection(sandbox):
    decisions = sandbox([answer("rejected", final=None, box=None)], [suggestion()])
    assert decisions.items.empty
    assert decisions.rejections["filename"].tolist() == ["a.png", "b.png"]
    assert decisions.files[0].accepted == 1


def test_approving_no_crop_keeps_the_whole_picture(sandbox):
    decisions = sandbox([answer(box=None)], [suggestion(needs_crop=False, box=None)])
    assert decisions.crops[["x1", "y1", "x2", "y2"]].to_numpy().tolist() == [[0, 0, 1, 1]]


def test_no_box_where_one_was_suggested_says_nothing_about_the_crop(sandbox):
    assert sandbox([answer(box=None)], [suggestion()]).crops.empty


def test_a_single_picture_gets_a_crop_and_no_choice(sandbox):
    decisions = sandbox([answer()], [suggestion(images=["mojo1/a.png"])])
    assert len(decisions.crops) == 1
    assert decisions.items.empty


def test_an_approval_without_a_choice_means_the_suggested_one(sandbox):
    decisions = sandbox([answer(final=None)], [suggestion()])
    assert decisions.items["chosen"].tolist() == [True, False]


def test_a_choice_may_be_a_position(sandbox):
    assert sandbox([answer(final=1)], [suggestion()]).items["chosen"].tolist() == [False, True]


def test_a_position_stands_in_for_a_choice_without_a_name(sandbox):
    decisions = sandbox([answer("overridden", final=None, final_index=1)], [suggestion()])
    assert decisions.items["chosen"].tolist() == [False, True]


def test_lines_after_a_broken_one_are_read_and_blank_ones_passed_over(sandbox):
    decisions = sandbox(["\ufeff", "nonsense", " \t\r", answer()], [suggestion()])
    assert decisions.quarantine[["line", "reason"]].to_numpy().tolist() == [[2, "unreadable_row"]]
    assert decisions.items["line"].tolist() == [4, 4]


def test_a_line_that_is_not_utf8_is_quarantined_as_it_stands(sandbox, bench):
    sandbox([], [suggestion()])
    line = json.dumps(answer()).encode()
    (bench.root / "sandbox" / "approved_decisions.jsonl").write_bytes(b"\xff\n" + line)
    decisions = bench.read()
    assert decisions.quarantine[["line", "reason"]].to_numpy().tolist() == [[1, "unreadable_row"]]
    assert decisions.quarantine["row"].tolist() == ["\\udcff"]
    assert decisions.items["line"].tolist() == [2, 2]


def test_the_last_decision_on_a_group_counts(sandbox):
    decisions = sandbox([answer(), answer("overridden", final="b.png")], [suggestion()])
    assert decisions.items["chosen"].tolist() == [False, True]
    assert decisions.quarantine[["line", "reason", "detail"]].to_numpy().tolist() == [
        [1, "repeat_set", "decided again in line 2"]
    ]


def test_a_crop_that_a_log_already_holds_leaves_the_choice(sandbox, bench):
    bench.crops(bench.crop_row(when="2025-10-04T00:00:00Z"))
    decisions = sandbox([answer()], [suggestion()])
    assert len(decisions.crops) == 1
    assert decisions.items["source"].tolist() == ["sandbox/approved_decisions.jsonl"] * 2
    assert decisions.quarantine.empty
    assert "approved_decisions.jsonl:1: part of the row is not used" in decisions.problems[-1]


def test_a_choice_that_a_log_already_holds_leaves_the_crop(sandbox, bench):
    bench.selections("s,g,mojo1/a.png,\"['mojo1/b.png']\",")
    decisions = sandbox([answer()], [suggestion()])
    assert decisions.items["set_id"].nunique() == 1
    assert decisions.crops["source"].tolist() == ["sandbox/approved_decisions.jsonl"]


def test_a_file_named_csv_beside_it_is_not_looked_at(sandbox, bench):
    (bench.root / "sandbox" / "approved_decisions.csv").write_text("a,b\n1,2\n")
    assert len(sandbox([answer()], [suggestion()]).files) == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (answer("skipped"), "placeholder"),
        (answer(group="g9"), "unknown_group"),
        (answer(final="mojo1/c.png"), "winner_not_in_set"),
        (answer("overridden", final=None), "no_image"),
        (answer(box=[0, 0, "x", 1]), "impossible_box"),
        (answer(box="0011"), "impossible_box"),
        (answer(group=""), "wrong_fields"),
        (answer(images=["mojo1/a.png", "mojo2/b.png"]), "mixed_projects"),
        (answer(images=["mojo1/a.png"], box=None), "no_losers"),
        (answer(images=7), "unreadable_list"),
        (answer(project="mojo2"), "mixed_projects"),
        ({"action": "approved"}, "wrong_fields"),
        ("nonsense", "unreadable_row"),
        ("[]", "wrong_fields"),
    ],
)
def test_an_answer_that_cannot_be_used_is_quarantined(sandbox, line, reason):
    decisions = sandbox([line], [suggestion()])
    assert decisions.quarantine["reason"].tolist() == [reason]


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ({"action": "approved"}, "group_id is None"),
        (answer(group=True), "group_id is True"),
        (answer("skipped"), "action 'skipped' is no decision"),
        (answer(group="g9"), "no images of g9"),
        (answer(final="mojo1/c.png"), "chosen 'mojo1/c.png'"),
        (answer(final=7), "chosen 7"),
        (answer("overridden", final=None), "no image is chosen"),
        (answer(images=7), "images are 7"),
        (answer(reask_of="g0"), "asked again, to see how steady the answers are"),
        ('{"group_id": "\\ud800"}', "text with half a character or a NUL"),
        ("[1,", "not JSON: Expecting value: line 1 column 4 (char 3)"),
        (answer(images="x" * 300), f"images are '{'x' * 188}"),
        (answer("x" * 300), f"action '{'x' * 192}"),
        (answer(final="x" * 300), f"chosen '{'x' * 192}"),
        (answer(group="x" * 300), f"no images of {'x' * 187}"),
    ],
)
def test_a_quarantined_answer_tells_in_200_letters_what_was_found(sandbox, line, detail):
    assert sandbox([line], [suggestion()]).quarantine["detail"].tolist() == [detail]


def test_broken_suggestions_are_reported(sandbox):
    decisions = sandbox([answer()], ["{", suggestion()])
    assert decisions.items["set_id"].nunique() == 1
    assert decisions.problems[0].startswith("automation_decisions.jsonl line 1:")


def test_a_reviewed_set_carries_its_own_suggestion(sandbox):
    decisions = sandbox([answer(suggestion=suggestion())])
    assert decisions.items["chosen"].tolist() == [True, False]
    assert not decisions.crops["corrected"].any()


@pytest.mark.parametrize("holder", [{"reask_of": "g0"}, {"suggestion": {"reask_of": "g0"}}])
def test_a_set_that_was_asked_again_is_no_label(sandbox, holder):
    decisions = sandbox([answer(images=["mojo1/a.png", "mojo1/b.png"], **holder)])
    assert decisions.quarantine["reason"].tolist() == ["reasked"]
    assert decisions.items.empty


def test_a_set_that_was_approved_in_bulk_is_no_label_and_counted_apart(sandbox):
    passed = answer(group="g2", final="mojo1/c.png", shown={"bulk": True})
    single = answer(group="g3", final="mojo1/e.png", shown={"bulk": True})
    suggested = [
        suggestion(), suggestion("g2", ("mojo1/c.png", "mojo1/d.png")),
        suggestion("g3", ("mojo1/e.png",)),
    ]  # fmt: skip
    decisions = sandbox([answer(), passed, single], suggested)
    assert set(decisions.items["set_id"]) == {"mojo1/review/g1"}
    assert decisions.crops["filename"].tolist() == ["a.png"]
    (file,) = decisions.files
    assert (file.rows, file.accepted, file.quarantined) == (3, 1, {"passed": 2})


def test_a_judgement_that_a_bulk_approval_followed_was_taken_back(sandbox):
    decisions = sandbox([answer(), answer(shown={"bulk": True})], [suggestion()])
    assert decisions.items.empty
    assert decisions.quarantine["reason"].tolist() == ["repeat_set", "passed"]


def test_what_was_approved_in_bulk_and_decided_then_is_a_judgement(sandbox):
    decisions = sandbox([answer(shown={"bulk": True}), answer(shown={})], [suggestion()])
    assert decisions.items["evidence"].tolist() == ["judged"] * 2


def test_an_audited_set_tells_how_likely_it_was_drawn(sandbox):
    drawn = {"probability": 0.05, "batch": "b1"}
    answers = [
        answer("overridden", final="b.png", box=None, crop_source="whole", audit=drawn),
        answer("rejected", "g2", None, None, images=["mojo1/c.png", "mojo1/d.png"], audit=drawn),
    ]
    decisions = sandbox(answers, [suggestion()])
    for frame in (decisions.items, decisions.crops, decisions.rejections):
        assert frame["evidence"].tolist() == ["audited"] * len(frame) != []
        assert frame["inclusion"].tolist() == [0.05] * len(frame)


@pytest.mark.parametrize("more", [{"crop_source": "carried"}, {"crop_by_hand": True, "box": None}])
def test_a_box_that_nobody_judged_is_no_crop(sandbox, more):
    decisions = sandbox([answer(**more)], [suggestion(needs_crop=False)])
    assert decisions.crops.empty
    assert decisions.items["chosen"].any()


def test_keeping_the_whole_against_a_suggested_crop_is_a_corrected_label(sandbox):
    kept = answer("overridden", box=None, crop_source="whole")
    decisions = sandbox([kept], [suggestion()])
    assert decisions.crops[["x1", "y1", "x2", "y2"]].to_numpy().tolist() == [[0, 0, 1, 1]]
    assert decisions.crops["corrected"].all()
    assert not decisions.items["corrected"].any()


def test_a_project_written_as_unknown_is_looked_for_by_date(sandbox, bench):
    bench.project("mojo3", "2025-10-01", "2025-10-31")
    decisions = sandbox([answer(final="a.png", images=["a.png", "b.png"], project_id="unknown")])
    assert set(decisions.items["project"]) == {"mojo3"}


def test_half_a_character_in_a_suggestion_leaves_its_answer_without_a_group(sandbox):
    decisions = sandbox([answer()], [suggestion(images=("mojo1/a.png", "\ud800.png"))])
    assert decisions.quarantine["reason"].tolist() == ["unknown_group"]
    assert decisions.items.empty


@pytest.mark.parametrize(
    ("shown", "choice", "crop"),
    [
        ({"hidden": False, "crop_visible": True}, True, True),
        ({"hidden": True, "crop_visible": True}, False, True),
        ({"hidden": True, "revealed": True, "crop_visible": False}, True, False),
    ],
)
def test_a_decision_tells_what_was_seen_before_it(sandbox, shown, choice, crop):
    found = sandbox([answer(box=[0.2, 0.2, 0.7, 0.7], shown=shown)], [suggestion()])
    assert found.items["exposed"].tolist() == [choice, choice]
    assert found.crops["exposed"].tolist() == [crop]
