import json
from datetime import UTC, datetime

from prefml.cli import main
from prefml.status.answers import Answer
from prefml.status.report import summarize, to_dict


def answers(n, agreed=True, crop=True, **more):
    when = datetime(2025, 1, 1, tzinfo=UTC)
    action = "approved" if agreed else "overridden"
    return [
        Answer(when, action, 3, 0.9, agreed, crop, cropped=True, final="a.png", **more)
    ] * n  # fmt: skip


def test_the_bar_is_met_by_three_hundred_in_a_row():
    assert summarize(answers(300), {}).bar_met
    assert summarize(answers(5, agreed=False) + answers(300), {}).bar_met
    assert summarize(answers(297) + answers(3, agreed=False), {}).bar_met


def test_the_bar_is_not_met_by_fewer_or_worse():
    assert "299 of 300 sets" in summarize(answers(299), {}).missing[0]
    worse = summarize(answers(296) + answers(4, agreed=False), {})
    assert worse.missing == ("98.7% of the last 300 sets as suggested",)
    assert not summarize(answers(296) + answers(4, crop=False), {}).bar_met


def test_bulk_approvals_do_not_lift_the_bar():
    assert summarize(answers(300, evidence="passed"), {}).agreement.n == 0


def test_consistency_compares_second_answers_with_the_first():
    again = answers(1, reask_of="s1") + answers(1, reask_of="s2") + answers(1, reask_of="gone")
    status = summarize(again, {"s1": "a.png", "s2": "b.png"})
    assert (status.consistency.value, status.consistency.n) == (0.5, 2)
    assert status.reviewed == 0


def test_accepted_suggestions_save_keystrokes_and_edits_do_not():
    assert summarize(answers(10), {}).keystrokes_saved == 100
    assert summarize(answers(10, crop=False), {}).keystrokes_saved == 0


def test_agreement_is_shown_over_time():
    blocks = summarize(answers(50, agreed=False) + answers(60), {}).over_time
    assert [(block.value, block.n) for block in blocks] == [(0.0, 50), (1.0, 50), (1.0, 10)]


def test_a_status_is_plain_json():
    for made in ([], answers(40), answers(400)):
        json.dumps(to_dict(summarize(made, {})), allow_nan=False)


def test_the_command_prints_one_object_or_lines(tmp_path, capsys):
    assert main(["--workspace", str(tmp_path), "status"]) == 0
    assert "prefml suggest" in capsys.readouterr().out
    sandbox = tmp_path / "sandbox"
    sandbox.mkdir()
    suggested = {"group_id": "g", "images": ["new/p/a.png", "new/p/b.png"],
                 "step1_selection": {"chosen": "new/p/a.png", "confidence": 0.7}}  # fmt: skip
    (sandbox / "automation_decisions.jsonl").write_text(json.dumps(suggested))
    row = {"group_id": "g", "action": "approved", "final_choice": "a.png", "crop_coords": None,
           "timestamp": "2025-01-01T00:00:00Z"}  # fmt: skip
    (sandbox / "approved_decisions.jsonl").write_text(json.dumps(row))
    assert main(["--workspace", str(tmp_path), "status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["agreement"]["share"] == 1.0
    assert found["bar"]["met"] is False
    assert main(["--workspace", str(tmp_path), "status"]) == 0
    assert "choice as proposed 100.0% of 1" in capsys.readouterr().out


def write_reviews(root, n, agreed):
    """Write n reviewed sets with a crop; the first of them as suggested where `agreed` says so."""
    box = [0.1, 0.1, 0.9, 0.9]
    suggested, decided = [], []
    for i in range(n):
        images = [f"new/p/{i}a.png", f"new/p/{i}b.png"]
        suggested.append(
            {"group_id": f"g{i}", "images": images,
             "step1_selection": {"chosen": images[0], "confidence": 0.9},
             "step2_crop": {"needs_crop": True, "crop_coords": box}}
        )  # fmt: skip
        decided.append(
            {"group_id": f"g{i}", "action": "approved" if agreed(i) else "overridden",
             "final_choice": images[0 if agreed(i) else 1], "crop_coords": box,
             "timestamp": f"2025-01-01T{i // 60:02}:{i % 60:02}:00Z"}
        )  # fmt: skip
    (root / "sandbox").mkdir()
    for name, rows in (("automation", suggested), ("approved", decided)):
        path = root / "sandbox" / f"{name}_decisions.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_batches_may_be_proposed_after_three_hundred_in_a_row(tmp_path, capsys):
    write_reviews(tmp_path, 301, agreed=lambda i: True)
    assert main(["--workspace", str(tmp_path), "status"]) == 0
    printed = capsys.readouterr().out
    assert "99 % of 300        met: choices and crops" in printed
    assert "drift              none seen" in printed


def test_falling_agreement_is_an_alarm_that_names_training(tmp_path, capsys):
    write_reviews(tmp_path, 200, agreed=lambda i: i < 150)
    assert main(["--workspace", str(tmp_path), "status"]) == 0
    printed = capsys.readouterr().out
    assert "ALARM: from 100.0% to 24.2%; run: prefml train" in printed
    assert "99 % of 300        not yet: " in printed


def test_a_second_answer_is_compared_with_the_choice_in_the_logs(tmp_path, capsys):
    from prefml.decisions import read_decisions
    from prefml.sample import write_sample
    from prefml.workspace import Workspace

    folder = tmp_path / "sample"
    write_sample(folder, share=0.05)
    items = read_decisions(Workspace.open(folder)).items
    sets = [rows for _, rows in items.groupby("set_id", sort=False)][:2]
    suggested, decided = [], []
    for number, rows in enumerate(sets):
        # The first set is answered as before, the second otherwise.
        kept = rows.loc[rows["chosen"] == (number == 0), "filename"].iloc[0]
        images = [f"new/{name}" for name in rows["filename"]]
        suggested.append(
            {"group_id": f"again{number}", "images": images, "reask_of": rows["set_id"].iloc[0]}
        )
        decided.append(
            {"group_id": f"again{number}", "action": "overridden", "final_choice": kept,
             "timestamp": "2025-12-01T00:00:00Z"}
        )  # fmt: skip
    for name, lines in (("automation", suggested), ("approved", decided)):
        path = folder / "sandbox" / f"{name}_decisions.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert main(["--workspace", str(folder), "status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["consistency"]["share"], found["consistency"]["n"]) == (0.5, 2)
    assert found["reviewed"] == 0


def test_a_crop_that_is_no_box_is_neither_accepted_nor_refused(tmp_path, capsys):
    write_reviews(tmp_path, 2, agreed=lambda i: True)
    path = tmp_path / "sandbox" / "approved_decisions.jsonl"
    first, second = map(json.loads, path.read_text().splitlines())
    first["crop_coords"] = "0.1, 0.1, 0.9, 0.9"
    path.write_text(f"{json.dumps(first)}\n{json.dumps(second)}\n")
    assert main(["--workspace", str(tmp_path), "status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["crop_acceptance"]["n"] == 1
