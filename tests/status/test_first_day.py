"""How good a model is on sets that were asked at random before it had seen their answers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.cli import main
from prefml.proposals.questions import Prediction, keep_predictions
from prefml.status.first_day import (
    FirstDayReader,
    Foretold,
    describe,
    first_day,
    measure,
    more_answers,
    plain,
)
from prefml.workspace import Workspace

IMAGES = [f"new/p/20250101_10000{i}_{stage}.png" for i, stage in
          enumerate(("stage1_generated", "stage2_upscaled", "stage3_enhanced"))]  # fmt: skip


def decision(group, kept=0, by="random", action="overridden", **more):
    asked = {"by": by, "inclusion": 0.33 if by == "random" else None}
    suggestion = {"step1_selection": {"chosen": None}, "asked": asked}
    return {
        "group_id": group, "action": action, "images": IMAGES, "suggestion": suggestion,
        "final_choice": None if action == "rejected" else IMAGES[kept],
        "timestamp": "2025-01-01T00:00:00Z", "shown": {}, **more,
    }  # fmt: skip


@pytest.fixture
def day(tmp_path):
    """Return a function that reads the day of some decisions and predictions."""
    (tmp_path / "sandbox").mkdir()
    workspace = Workspace.open(tmp_path)

    def read(decisions, predicted):
        lines = "".join(json.dumps(one) + "\n" for one in decisions)
        (tmp_path / "sandbox/approved_decisions.jsonl").write_text(lines)
        made = {key: Prediction(key, IMAGES[at], 0.5, n) for key, at, n in predicted}
        keep_predictions(workspace, made)
        return first_day(workspace)

    return read


def test_a_prediction_is_right_where_its_picture_was_kept(day):
    found = day(
        [decision("a", 0), decision("b", 1), decision("c", 2)],
        [("a", 0, 10), ("b", 1, 10), ("c", 0, 10)],
    )
    assert (found.agreement.n, round(found.agreement.value * 3)) == (3, 2)
    assert found.chance == pytest.approx(1 / 3)
    assert found.highest_stage == pytest.approx(1 / 3)
    assert (found.asked, found.answers) == (3, 10)


def test_only_sets_that_were_drawn_at_random_and_predicted_count(day):
    seen = decision("seen", 0)
    seen["suggestion"]["step1_selection"] = {"chosen": IMAGES[0]}
    bulk = decision("bulk", 0, shown={"bulk": True})
    found = day(
        [decision("a", 0), decision("b", 0, by="uncertainty"), decision("c", 0), seen, bulk,
         decision("none", action="rejected")],
        [(key, 0, 10) for key in ("a", "b", "seen", "bulk", "none")],
    )  # fmt: skip
    assert found.agreement.n == 1


def test_without_stages_the_highest_is_not_known(day):
    line = decision("a")
    line["images"] = ["new/p/x.png", "new/p/y.png"]
    line["final_choice"] = "new/p/x.png"
    found = day([line], [])
    assert found.agreement.value is None
    assert measure([Foretold(True, 2, None, 10)], 1, 10).highest_stage is None


def test_models_of_long_ago_do_not_speak_for_the_last_one():
    early = [Foretold(False, 2, None, 10)] * 30
    late = [Foretold(True, 2, None, 90)] * 25
    assert measure(early + late, 55, 100).agreement.value == 1
    few = measure(early + late[:5], 35, 100).agreement
    assert (few.n, few.value) == (20, 0.25)


def foretold(right, wrong, answers=40, pictures=2):
    return [Foretold(True, pictures, None, answers)] * right + [
        Foretold(False, pictures, None, answers)
    ] * wrong


def test_the_words_say_when_to_trust_it():
    for right, wrong, words in (
        (6, 5, "Not worth trusting yet"),
        (35, 5, "Worth a look at its suggestions"),
    ):
        said = " ".join(describe(measure(foretold(right, wrong), right + wrong, 40)))
        assert words in said
        assert f"Right on {right} of {right + wrong}" in said
    highest = [Foretold(True, 2, 1.0, 40)] * 40
    assert "the highest stage alone may still do as well" in describe(measure(highest, 40, 40))[1]


def test_before_any_measure_nothing_is_claimed():
    (said,) = describe(measure([], 12, 10))
    assert "will be known" in said
    assert plain(measure([], 12, 10))["worth_trusting"] is False


def test_a_rising_curve_tells_how_many_answers_more():
    curve = [(n, i < share) for n, share in ((10, 8), (20, 10), (40, 12), (80, 14))
             for i in range(20)]  # fmt: skip
    more = more_answers([n for n, _ in curve], [hit for _, hit in curve], 80)
    assert 20 < more < 600


def test_a_curve_that_is_there_needs_none_and_a_flat_one_is_not_in_sight():
    assert more_answers([20] * 30, [True] * 30, 20) == 0
    assert more_answers([10] * 20 + [80] * 20, [True, False] * 20, 80) is None
    assert more_answers([10] * 9, [True] * 9, 10) is None
    said = describe(measure(foretold(12, 12), 24, 40))
    assert said[-1] == "80% is not in sight yet."


@given(st.lists(st.tuples(st.integers(1, 300), st.booleans()), max_size=40), st.integers(0, 300))
def test_a_forecast_is_never_negative(curve, learned):
    more = more_answers([n for n, _ in curve], [hit for _, hit in curve], learned)
    assert more is None or more >= 0


def test_the_command_tells_it(day, tmp_path, capsys):
    day([decision(str(n), 0) for n in range(30)], [(str(n), 0, 20) for n in range(30)])
    assert main(["--workspace", str(tmp_path), "status"]) == 0
    said = capsys.readouterr().out
    assert "first day          Right on 30 of 30 sets" in said
    assert "Worth a look at its suggestions" in said
    assert main(["--workspace", str(tmp_path), "status", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["first_day"]
    assert (told["n"], told["share"], told["worth_trusting"]) == (30, 1.0, True)


def test_crops_count_where_the_predicted_picture_was_kept_and_its_frame_judged(day, tmp_path):
    box = [0.1, 0.0, 0.9, 0.8]
    edited = {"crop_coords": box, "crop_source": "edited"}
    rows = [
        decision("good", 0, **edited),
        decision("bad", 0, crop_coords=[0.5, 0.5, 0.9, 0.9], crop_source="edited"),
        decision("whole", 0, crop_coords=None, crop_source="whole"),
        decision("other", 1, **edited),
        decision("untouched", 0, crop_coords=None, crop_source="carried"),
        decision("chosen", 0, by="uncertainty", **edited),
        decision("no_crop_model", 0, **edited),
    ]
    day(rows, [])
    workspace = Workspace.open(tmp_path)
    made = {row["group_id"]: Prediction(row["group_id"], IMAGES[0], 0.5, 20, box) for row in rows}
    made["no_crop_model"] = Prediction("no_crop_model", IMAGES[0], 0.5, 20)
    keep_predictions(workspace, made)
    crops = first_day(workspace).crops
    assert (crops.agreement.n, round(crops.agreement.value * 3)) == (3, 1)
    assert crops.whole == pytest.approx(1 / 3)
    told = plain(first_day(workspace))
    assert told["crops"]["n"] == 3
    assert "Crops nearly as yours on 1 of 3" in told["words"][-1]


def test_the_figures_are_read_again_only_when_a_file_was_replaced(day, tmp_path, monkeypatch):
    from prefml.status import first_day as module

    day([decision("a", 0), decision("b", 0)], [("a", 0, 10)])
    read, workspace = [], Workspace.open(tmp_path)
    monkeypatch.setattr(module, "first_day", lambda place: read.append(place) or first_day(place))
    reader = FirstDayReader(workspace)
    assert [reader.read().agreement.n for _ in range(3)] == [1, 1, 1]
    assert len(read) == 1
    keep_predictions(workspace, {"b": Prediction("b", IMAGES[0], 0.5, 20)})
    assert [reader.read().agreement.n for _ in range(3)] == [2, 2, 2]
    assert len(read) == 2
    (tmp_path / "sandbox/approved_decisions.jsonl").unlink()
    assert reader.read().agreement.n == 0
