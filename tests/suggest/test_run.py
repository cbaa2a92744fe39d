import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from prefml.exceptions import ConfigError, WorkspaceError
from prefml.proposals import index_of
from prefml.proposals.corrections import CorrectedSet, write_corrections
from prefml.suggest import Request, run, suggest
from prefml.suggest.grouping import form
from prefml.workspace import Workspace


def test_a_set_becomes_a_line_of_the_format(tree):
    images = tree.stages("1", "2", "3")
    report = tree.suggest()
    (line,) = tree.lines()
    assert (report.sets, report.singles) == (1, 0)
    assert line["images"] == images
    first, second = line["step1_selection"], line["step2_crop"]
    assert first["chosen"] == images[2]
    assert first["confidence"] == pytest.approx(0.5)
    assert first["reason"] == "mainly higher stage, sharper, against it: its overall look"
    assert second["needs_crop"] is True
    assert second["crop_coords"] == [0.1, 0.0, 0.6, 0.5]
    assert second["reason"] == "fairly sure; head kept"
    assert second["alternatives"] == [{"crop_coords": [0, 0, 0.5, 0.5], "probability": 0.2}]
    assert line["project_id"] == "alpha"
    assert [one["image"] for one in line["alternatives"]] == [images[1], images[0]]
    assert line["model"]["ranker"]["sha256"] == "r1"
    assert line["encoder"] == {"id": "fake", "identity": "abc"}
    assert line["within_budget"] is False
    assert line["none_probability"] is None


def test_every_chosen_picture_is_one_of_the_set(tree):
    tree.stages("1", "2", "1", "2", "3", project="beta")
    tree.suggest()
    for line in tree.lines():
        assert index_of(line["step1_selection"]["chosen"], line["images"]) is not None


def test_a_single_picture_gets_a_crop_only(tree):
    tree.picture("new/alpha/lonely.png")
    report = tree.suggest()
    (line,) = tree.lines()
    assert (report.sets, report.singles) == (0, 1)
    assert line["step1_selection"]["confidence"] is None
    assert line["alternatives"] == []
    assert line["step2_crop"]["crop_coords"] == [0.1, 0.0, 0.6, 0.5]


def test_sets_never_cross_projects(tree):
    tree.stages("1", project="alpha")
    tree.stages("2", project="beta", start=1)
    report = tree.suggest()
    assert (report.sets, report.singles) == (0, 2)


def test_a_time_gap_ends_a_set_on_request(tree):
    tree.stages("1", start=0)
    tree.stages("2", start=200)
    assert tree.suggest().sets == 1
    assert tree.suggest(max_gap=60).sets == 0


def test_the_least_certain_come_first(tree):
    tree.stages("1", "2", start=0)
    tree.stages("1", "1.5", "2", "3", start=100)
    tree.suggest()
    assert [len(line["images"]) for line in tree.lines()] == [4, 2]
    tree.suggest(order="taken")
    assert [len(line["images"]) for line in tree.lines()] == [2, 4]


def test_group_ids_are_stable_and_differ(tree):
    tree.stages("1", "2")
    tree.stages("1", "2", project="beta")
    tree.suggest()
    first = {line["group_id"] for line in tree.lines()}
    tree.suggest()
    assert {line["group_id"] for line in tree.lines()} == first
    assert len(first) == 2


def test_running_twice_repeats_no_set(tree):
    tree.stages("1", "2")
    tree.suggest()
    report = tree.suggest()
    assert (len(tree.lines()), report.waiting) == (1, 0)


def test_what_was_approved_is_skipped_and_its_suggestion_kept(tree):
    images = tree.stages("1", "2")
    tree.suggest()
    tree.approve(tree.lines()[0])
    report = tree.suggest()
    assert report.sets == 0
    assert report.skipped["handled before"] == 2
    assert [line["images"] for line in tree.lines()] == [images]


@pytest.mark.parametrize("action", ["rejected", "overridden"])
def test_rejected_and_overridden_sets_are_skipped(tree, action):
    tree.stages("1", "2")
    tree.suggest()
    tree.approve(tree.lines()[0], action=action)
    assert tree.suggest().sets == 0


def test_a_skipped_set_is_suggested_again(tree):
    tree.stages("1", "2")
    tree.suggest()
    tree.approve(tree.lines()[0], action="skipped")
    assert tree.suggest().sets == 1


def test_what_the_logs_decided_is_skipped(tree):
    one, two = tree.stages("1", "2")
    tree.log((two, [one], "2025-02-01T00:00:00Z"))
    report = tree.suggest()
    assert report.sets == 0
    assert report.skipped["handled before"] == 2


def test_the_same_name_in_another_project_was_not_handled(tree):
    one, two = tree.stages("1", "2")
    tree.stages("1", "2", project="beta")
    tree.log((two, [one], "2025-02-01T00:00:00Z"))
    assert tree.suggest().sets == 1
    assert tree.lines()[0]["project_id"] == "beta"


def test_runs_do_not_join_over_a_decided_set(tree):
    tree.stages("1.5", start=0)
    middle = tree.stages("1", "2", start=10)
    tree.stages("3", start=30)
    tree.suggest()
    before = [line["images"] for line in tree.lines() if len(line["images"]) > 1]
    tree.log((middle[1], middle[:1], "2025-02-01T00:00:00Z"))
    report = tree.suggest()
    assert before == [[*middle, "new/alpha/20250101_000030_stage3_enhanced.png"]]
    assert (report.sets, report.singles) == (0, 2)


def test_earlier_undecided_suggestions_stay(tree):
    tree.stages("1", "2", project="alpha")
    tree.stages("1", "2", project="beta")
    tree.suggest("new/alpha")
    report = tree.suggest("new/beta")
    assert report.waiting == 1
    assert {line["project_id"] for line in tree.lines()} == {"alpha", "beta"}


def test_a_set_that_has_grown_replaces_its_earlier_suggestion(tree):
    tree.stages("1", "2")
    tree.suggest()
    tree.stages("3", start=2)
    tree.suggest()
    assert [len(line["images"]) for line in tree.lines()] == [3]


def test_a_folder_outside_the_workspace_is_refused(tree):
    with pytest.raises(WorkspaceError, match="outside"):
        tree.suggest("..")


def test_a_missing_folder_says_what_to_do(tree):
    with pytest.raises(WorkspaceError, match="no folder new"):
        tree.suggest()


def test_pictures_of_an_unknown_project_are_counted_and_left_out(tree):
    tree.picture("new/gamma/a.png")
    tree.picture("new/b.png")
    tree.stages("1", "2")
    report = tree.suggest()
    assert report.skipped["unknown project"] == 2
    assert report.examples["unknown project"] in ("new/gamma/a.png", "new/b.png")
    assert report.sets == 1


def test_without_a_ranker_the_highest_stage_is_suggested_and_no_confidence_stated(tree):
    images = tree.stages("1", "3")
    tree.suggest(predictor=tree.predictor(ranker=False))
    first = tree.lines()[0]["step1_selection"]
    assert (first["chosen"], first["confidence"]) == (images[1], None)
    assert first["reason"] == "highest stage; no ranker yet"


def test_without_a_crop_model_the_crop_is_left_open(tree):
    tree.stages("1", "3")
    tree.suggest(predictor=tree.predictor(cropper=False))
    second = tree.lines()[0]["step2_crop"]
    assert (second["needs_crop"], second["crop_coords"]) == (None, None)


def test_keeping_the_whole_picture_is_no_crop(tree):
    tree.stages("1", "3")
    tree.suggest(predictor=tree.predictor(box=(0.0, 0.0, 1.0, 1.0)))
    second = tree.lines()[0]["step2_crop"]
    assert (second["needs_crop"], second["crop_coords"]) == (False, None)
    assert second["keep_probability"] == 0.3


def test_sets_as_confident_as_the_threshold_lie_within_the_budget(tree):
    tree.stages("1", "2", start=0)
    tree.stages("1", "1.5", "2", start=100)
    report = tree.suggest(predictor=tree.predictor(promises=[(0.05, 0.6, "seen")]))
    assert (report.threshold, report.within_budget, report.why_none) == (0.6, 1, "")
    assert {len(line["images"]): line["within_budget"] for line in tree.lines()} == {
        2: True,
        3: False,
    }


@pytest.mark.parametrize("row", [(0.05, None, "seen"), (0.1, 0.1, "seen"), (0.05, 0.1, "next")])
def test_without_a_promise_nothing_lies_within_the_budget_and_one_line_says_why(tree, row):
    tree.stages("1", "2")
    report = tree.suggest(predictor=tree.predictor(promises=[row]))
    assert report.within_budget == 0
    assert report.why_none
    assert "\n" not in report.why_none


def test_a_project_that_was_not_learned_from_goes_by_its_own_promise(tree):
    tree.stages("1", "2", project="alpha")
    tree.stages("1", "2", project="beta", start=100)
    rows = [(0.05, 0.5, "seen"), (0.05, 0.7, "next")]
    report = tree.suggest(predictor=tree.predictor(promises=rows))
    assert report.thresholds == {"seen": 0.5, "next": 0.7}
    within = {line["project_id"]: line["within_budget"] for line in tree.lines()}
    assert within == {"alpha": True, "beta": False}


def test_figures_of_an_evaluation_are_no_promise(tree):
    tree.stages("1", "2")
    (tree.root / "artifacts").mkdir()
    row = {"budget": 0.05, "threshold": 0.1, "coverage": 1.0, "error": 0.0, "sets": 9}
    metrics = {"encoder": {"identity": "abc"}, "ranker": {"auto_approve": [row]}}
    (tree.root / "artifacts" / "metrics.json").write_text(json.dumps(metrics))
    assert tree.suggest().within_budget == 0
    report = tree.suggest(predictor=tree.predictor(promises=[(0.05, 0.6, "seen")]))
    assert report.threshold == 0.6


def test_audits_above_the_budget_leave_nothing_within_it_and_the_report_says_why(tree):
    for number in range(20):
        images = tree.stages("1", "2", start=100 * number)
        line = {"group_id": f"g{number}", "images": images, "model": {"ranker": {"sha256": "r1"}},
                "step1_selection": {"chosen": images[1]}}  # fmt: skip
        (tree.root / "sandbox").mkdir(exist_ok=True)
        wrong = images[0] if number < 9 else images[1]
        drawn = {"probability": 0.1, "batch": "b"}
        tree.approve(line, final_choice=wrong, suggestion=line, audit=drawn, project_id="alpha")
    tree.stages("1", "2", start=90_000)
    model = tree.predictor(promises=[(0.05, 0.6, "seen")])
    report = tree.suggest(predictor=model, reask=0)
    assert (report.sets, report.within_budget, report.threshold) == (1, 0, None)
    assert "9 wrongly" in report.why_none


def test_a_manifest_of_another_model_promises_nothing(tree):
    tree.stages("1", "2")
    model = tree.predictor()
    sound = tree.predictor(promises=[(0.05, 0.1, "seen")])
    model.manifests["crop"] = model.manifests["rejection"] = sound.manifests["ranker"]
    report = tree.suggest(predictor=model)
    assert (report.within_budget, report.threshold) == (0, None)
    assert "makes no promises" in report.why_none


def test_without_sets_nothing_has_to_be_explained(tree):
    tree.picture("new/alpha/lonely.png")
    assert tree.suggest().why_none == ""


@pytest.mark.parametrize("none", [None, 0.25])
def test_the_probability_that_none_is_good_is_that_of_the_model_in_use(tree, none):
    tree.stages("1", "2")
    tree.suggest(predictor=tree.predictor(none=none))
    assert tree.lines()[0]["none_probability"] == none


def test_look_alikes_elsewhere_are_named_and_flagged(tree, monkeypatch):
    tree.stages("1", "2", start=0)
    tree.picture("images/alpha/copy.png")
    sidecars = tree.sidecars()
    rows = [sidecars.positions(["alpha"], [name])[0] for name in
            ("copy.png", "20250101_000000_stage1_generated.png")]  # fmt: skip
    sidecars.hashes[rows] = "00000000000000ff"
    sidecars.embeddings[rows] = 1
    monkeypatch.setattr(tree, "sidecars", lambda: sidecars)
    tree.suggest()
    (line,) = tree.lines()
    assert line["duplicates"] == [
        "20250101_000000_stage1_generated.png looks like images/alpha/copy.png "
        "(0 bits apart, cosine 1.000)"
    ]
    assert "looks like another picture" in line["flags"]


def old_sets(tree, n):
    rows = []
    for i in range(n):
        one, two = tree.stages("1", "2", start=10 * i, folder="images")
        rows.append((two, [one], "2025-02-01T00:00:00Z"))
    tree.log(*rows)


NOW = datetime(2025, 6, 1, tzinfo=UTC)


def new_sets(tree, n, start=0):
    for i in range(n):
        tree.stages("1", "2", project="beta", start=start + 2 * i)


def asked_again(tree):
    return [line for line in tree.lines() if "reask_of" in line]


def test_some_old_sets_are_asked_again_without_showing(tree):
    old_sets(tree, 4)
    new_sets(tree, 11)
    report = tree.suggest(now=NOW, reask=1.0)
    (again,) = asked_again(tree)
    assert report.sets == 11
    assert again["reask_of"].startswith("alpha/")
    assert all(path.startswith("images/alpha/") for path in again["images"])


def test_an_old_set_is_in_no_count_of_a_run_or_of_the_next_one(tree):
    old_sets(tree, 4)
    new_sets(tree, 10)
    seen = []

    def watch(items, total, label):
        seen.append(total)
        return items

    workspace = Workspace.open(tree.root)
    request = Request(reask=1.0)
    first = suggest(workspace, request, lambda _: tree.predictor(), watch, NOW)
    tree.stages("1", project="beta", start=900)
    second = suggest(workspace, request, lambda _: tree.predictor(), watch, NOW)
    assert len(asked_again(tree)) == 1
    assert (first.sets, first.singles, first.waiting) == (10, 0, 0)
    # Sets that wait are suggested anew.
    assert (second.sets, second.singles, second.waiting) == (10, 1, 0)
    for image in tree.root.glob("new/beta/*"):
        image.unlink()
    assert tree.suggest(now=NOW, reask=1.0).waiting == 11
    assert seen == [10, 11]


@pytest.mark.parametrize("bulk", [True, False])
def test_a_set_that_was_approved_in_bulk_is_not_asked_again(tree, bulk):
    (tree.root / "sandbox").mkdir()
    images = tree.stages("1", "2", folder="selected")
    line = {"group_id": "g", "images": images, "step1_selection": {"chosen": images[0]}}
    tree.approve(line, project_id="alpha", shown={"bulk": bulk})
    new_sets(tree, 10)
    tree.suggest(now=NOW, reask=1.0)
    assert len(asked_again(tree)) == (not bulk)


def test_an_old_set_is_asked_again_once(tree):
    old_sets(tree, 2)
    asked = []
    for start in (1000, 2000, 3000):
        new_sets(tree, 11, start)
        tree.suggest(now=NOW, reask=1.0)
        asked = [line["reask_of"] for line in asked_again(tree)]
    assert len(asked) == len(set(asked)) == 2


def test_ten_runs_of_one_new_set_each_ask_one_old_set_again(tree):
    old_sets(tree, 4)
    counts = []
    for turn in range(11):
        new_sets(tree, 1, 1000 + 2 * turn)
        tree.suggest(now=NOW, reask=1.0)
        for line in tree.lines():
            tree.approve(line)
        counts.append(len(asked_again(tree)))
    assert counts == [*[0] * 9, 1, 1]


def test_an_old_set_that_waits_is_withdrawn_when_the_new_ones_become_too_few(tree):
    old_sets(tree, 4)
    new_sets(tree, 10)
    tree.suggest(now=NOW, reask=1.0)
    assert len(asked_again(tree)) == 1
    for image in sorted(tree.root.glob("new/beta/*"))[:-2]:
        image.unlink()
    path = tree.root / "sandbox" / "automation_decisions.jsonl"
    rows = [line for line in tree.lines() if "reask_of" in line or "000018" in line["group_id"]]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    tree.suggest(now=NOW, reask=1.0)
    assert asked_again(tree) == []


@pytest.mark.parametrize(("share", "now"), [(0.0, NOW), (1.0, datetime(2025, 2, 3, tzinfo=UTC))])
def test_asking_again_can_be_switched_off_and_waits_until_a_set_is_old(tree, share, now):
    old_sets(tree, 3)
    new_sets(tree, 10)
    tree.suggest(now=now, reask=share)
    assert asked_again(tree) == []


def test_a_name_that_occurs_twice_in_a_project_is_suggested_once_and_the_other_counted(tree):
    first = tree.stages("1", "2")
    again = tree.picture("new/alpha/more/20250101_000000_stage1_generated.png")
    report = tree.suggest()
    assert report.skipped["same name twice"] == 1
    assert report.examples["same name twice"] in (again, first[0])


def test_an_old_set_of_which_a_picture_has_gone_is_not_asked_again(tree):
    old_sets(tree, 1)
    sorted((tree.root / "images" / "alpha").glob("*.png"))[0].unlink()
    new_sets(tree, 10)
    tree.suggest(now=NOW, reask=1.0)
    assert asked_again(tree) == []


def test_pictures_of_other_names_form_sets_and_the_rest_is_told_why_it_is_alone(tree):
    images = [tree.picture(f"new/alpha/{name}.png") for name in ("a", "a-Edit", "b", "b_4x")]
    tree.picture("new/alpha/x.png")
    tree.picture("new/alpha/a-mask.png")
    report = tree.suggest()
    assert (report.sets, report.singles) == (2, 1)
    found = sorted(sorted(line["images"]) for line in tree.lines())
    assert found == [images[1::-1], images[2:], ["new/alpha/x.png"]]
    assert report.alone == {"no other picture has a name of the same set": 1}
    assert report.skipped == {"a by-product: a mask": 1}


def test_the_rule_of_a_run_goes_before_that_of_the_workspace(tree):
    (tree.root / "prefml.toml").write_text('[sets]\nrule = "folder"\n')
    tree.stages("1", "1")
    assert tree.suggest().sets == 1
    assert tree.suggest(rule="stages").sets == 0
    with pytest.raises(ConfigError, match="one of auto"):
        tree.suggest(rule="stacks")


def test_pictures_are_embedded_before_sets_of_likeness_are_formed(tree, monkeypatch):
    images = [tree.picture(f"new/alpha/{name}.png") for name in ("p", "q", "r")]
    embedded = []
    monkeypatch.setattr(run, "embed_missing", lambda *args: embedded.append(len(args[3])))

    def alike(folder, projects, cues):
        assert projects == {"alpha"}
        assert embedded == [3]
        made = tree.sidecars()
        vectors = np.eye(8, dtype=np.float32)[[0, 0, 1]]
        return replace(made, embeddings=vectors)

    monkeypatch.setattr(form, "read_sidecars_if_any", alike)
    report = tree.suggest(rule="similar")
    assert (report.sets, report.singles) == (1, 1)
    assert images[:2] in [line["images"] for line in tree.lines()]


def test_without_stages_and_ranker_no_stage_is_spoken_of(tree):
    tree.picture("new/alpha/a.png")
    tree.picture("new/alpha/a-Edit.png")
    tree.suggest(predictor=tree.predictor(ranker=False))
    assert tree.lines()[0]["step1_selection"]["reason"] == "the first; no ranker yet"


def correct(tree, *sets):
    """Keep sets as the review does: each a name and its pictures."""
    write_corrections(
        Workspace.open(tree.root),
        [CorrectedSet(name, "alpha", images, "2025-02-01T00:00:00Z") for name, *images in sets],
    )


def members(tree):
    return {line["group_id"]: line["images"] for line in tree.lines()}


def test_corrected_sets_are_suggested_for_under_their_names_and_nothing_is_lost(tree):
    first, second, third = tree.stages("1", "2", "3")
    tree.suggest()
    correct(tree, ("x", first, third), ("y", second))
    report = tree.suggest()
    assert (report.sets, report.singles) == (1, 1)
    assert members(tree) == {"x": [first, third], "y": [second]}
    line = next(line for line in tree.lines() if line["group_id"] == "x")
    assert line["step1_selection"]["chosen"] == third
    assert "awaiting" not in line


def test_what_remains_of_a_corrected_set_stays_together(tree):
    first, second, third = tree.stages("1", "2", "3")
    correct(tree, ("x", second))
    tree.suggest()
    assert sorted(members(tree).values()) == [[first, third], [second]]


def test_a_corrected_set_that_was_decided_is_not_regrouped_and_its_former_set_is_gone(tree):
    first, second, third = tree.stages("1", "2", "3")
    tree.suggest()
    correct(tree, ("x", first, second), ("y", third))
    row = {"group_id": "x", "images": [first, second]}
    tree.approve({**row, "step1_selection": {"chosen": first}}, project_id="alpha")
    report = tree.suggest()
    assert (report.sets, report.singles, report.waiting) == (0, 1, 0)
    assert members(tree) == {"y": [third], "x": [first, second]}


def test_a_corrected_set_that_no_run_has_looked_at_again_awaits_a_suggestion(tree):
    first, second = tree.stages("1", "2")
    tree.stages("1", "2", project="beta")
    tree.suggest()
    correct(tree, ("x", first), ("y", second))
    tree.suggest("new/beta")
    waiting = {line["group_id"]: line.get("awaiting") for line in tree.lines()}
    assert (waiting["x"], waiting["y"]) == (True, True)


def test_a_set_that_a_person_joined_may_be_larger_than_the_most(tree):
    (tree.root / "prefml.toml").write_text("[sets]\nmost = 2\n")
    images = tree.stages("1", "1.5", "2", "3")
    correct(tree, ("x", *images))
    tree.suggest()
    assert members(tree) == {"x": images}
