"""`prefml start`: refusals in one line, and what it makes."""

import json
import uuid

import numpy as np
import pytest
from PIL import Image

from prefml.workspace import Workspace

STAGES = ("stage1_generated", "stage2_upscaled", "stage3_enhanced")


def write_sets(folder, sets=12, variants=3, project=""):
    (folder / project).mkdir(parents=True, exist_ok=True)
    for number in range(sets):
        for variant in range(variants):
            name = f"20250101_10{number:02}{variant:02}_{STAGES[variant]}.png"
            Image.new("RGB", (8, 12), (number, variant, 9)).save(folder / project / name)
    return folder


@pytest.fixture
def started(prefml, monkeypatch):
    """Return a function that runs the command without serving; its page is told to be open."""
    from prefml.cli import _first_day as module

    def serve(app, port, ready):
        ready("http://127.0.0.1:1/")
        app.extensions["prefml"].close()

    class NoWork(module.Background):
        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

    monkeypatch.setattr("prefml.review.serve", serve)
    monkeypatch.setattr(module, "Background", NoWork)

    def run(*words):
        return prefml("start", "--no-browser", *words)

    return run


def test_a_workspace_is_made_beside_the_folder(started, tmp_path):
    write_sets(tmp_path / "shoot", project="one")
    said = started(tmp_path / "shoot").out
    workspace = Workspace.open(tmp_path / "shoot-prefml")
    assert workspace.config.encoder == "builtin"
    assert "new/one (36): sets by stages, for 36 names" in said
    assert "12 sets of 36 pictures in 1 project" in said
    assert f"prefml sets --workspace {workspace.root}" in said
    assert "Answer at http://127.0.0.1:1/" in said


def test_the_object_tells_the_rules(started, tmp_path):
    write_sets(tmp_path / "shoot")
    told = json.loads(started(tmp_path / "shoot", "--json").out)
    assert (told["sets"], told["pictures"], told["projects"]) == (12, 36, 1)
    assert told["rules"][0]["rule"] == "stages"
    assert told["workspace"] == str(tmp_path / "shoot-prefml")


def test_the_same_command_goes_on_where_it_was(started, tmp_path):
    write_sets(tmp_path / "shoot")
    started(tmp_path / "shoot")
    lines = tmp_path / "shoot-prefml/sandbox/automation_decisions.jsonl"
    before = lines.read_text()
    (tmp_path / "shoot-prefml/prefml.toml").write_text('encoder = "builtin"\n# mine\n')
    said = started(tmp_path / "shoot").out
    assert "12 sets of 36 pictures" in said
    assert lines.read_text() == before
    assert "mine" in (tmp_path / "shoot-prefml/prefml.toml").read_text()


def test_another_place_and_another_rule_can_be_named(started, tmp_path):
    folder = tmp_path / "shoot"
    for number in range(12):
        write_sets(folder, 1, project=f"set{number:02}")
    started(folder, "--workspace", tmp_path / "ws", "--rule", "folder", "--encoder", "builtin")
    workspace = Workspace.open(tmp_path / "ws")
    assert workspace.config.rule == "folder"
    assert len((workspace.sandbox / "automation_decisions.jsonl").read_text().splitlines()) == 12


def write_scenes(folder, first=0, scenes=12):
    """Write three variants of each scene under names that tell nothing."""
    folder.mkdir(exist_ok=True)
    for number in range(first, first + scenes):
        rng = np.random.default_rng(number)
        small = Image.fromarray(rng.integers(0, 256, (5, 4, 3), np.uint8))
        picture = np.asarray(small.resize((96, 120), Image.Resampling.BICUBIC), float)
        for _ in range(3):
            noisy = np.clip(picture + rng.normal(0, 8, picture.shape), 0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(folder / f"{uuid.UUID(bytes=rng.bytes(16))}.png")
    return folder


def test_pictures_whose_names_tell_nothing_are_sets_by_their_looks(started, tmp_path):
    folder = write_scenes(tmp_path / "shoot")
    said = started(folder).out
    assert "new/shoot (36): sets by similar, for names, metadata and times tell no sets" in said
    assert "12 sets of 36 pictures in 1 project" in said
    workspace = Workspace.open(tmp_path / "shoot-prefml")
    assert workspace.config.rule == "similar"
    write_scenes(folder, first=12, scenes=1)
    again = started(folder).out
    assert "3 new pictures brought" in again
    assert "13 sets of 39 pictures" in again


def test_pictures_that_lie_in_a_workspace_are_asked_about_there(started, tmp_path):
    write_sets(tmp_path / "images", project="one")
    said = started("--workspace", tmp_path).out
    assert "12 sets of 36 pictures in 1 project" in said
    assert not (tmp_path / "new").exists()
    assert (tmp_path / "sandbox/automation_decisions.jsonl").exists()


def fails(started, *words):
    """Return the one line of a failure, which leaves nothing behind."""
    said = started(*words)
    assert said.status == 1
    assert said.err.startswith("Error: ")
    assert said.err.count("\n") == 1
    assert "run: " in said.err
    return said.err


def test_too_few_sets_are_refused_and_nothing_is_left(started, tmp_path):
    write_sets(tmp_path / "shoot", 3)
    said = fails(started, tmp_path / "shoot")
    assert "3 sets of variants among 9 pictures" in said
    assert "at least 10 sets" in said
    assert [path.name for path in tmp_path.iterdir()] == ["shoot"]


def test_no_variants_are_refused(started, tmp_path):
    write_sets(tmp_path / "shoot", 20, 1)
    assert "no variants of one picture among 20 pictures" in fails(started, tmp_path / "shoot")


def test_a_folder_that_is_not_there_is_refused(started, tmp_path):
    assert "no folder" in fails(started, tmp_path / "gone")


def test_without_any_pictures_a_folder_is_asked_for(started, tmp_path):
    assert "run: put pictures into new/PROJECT/, or name their folder" in fails(
        started, "--workspace", tmp_path
    )


def test_what_a_trained_workspace_is_told_repeats_its_folders(started, tmp_path):
    place, models = tmp_path / "ws", tmp_path / "models"
    for folder in (place, models):
        folder.mkdir()
    (models / "ranker.joblib").write_bytes(b"")
    said = fails(started, "--workspace", place, "--artifacts", models)
    assert said.endswith(f"run: prefml suggest --workspace {place} --artifacts {models}\n") or (
        f"then prefml suggest --workspace {place} --artifacts {models}" in said
    )


def test_a_workspace_is_refused_and_the_next_step_works(started, tmp_path):
    write_sets(tmp_path / "ws/new", project="one")
    (tmp_path / "ws/prefml.toml").write_text("")
    said = fails(started, tmp_path / "ws")
    assert f"run: prefml start --workspace {tmp_path / 'ws'}" in said
    assert "12 sets" in started("--workspace", tmp_path / "ws").out


def test_a_workspace_with_logs_is_told_to_train(started, tmp_path):
    folder = tmp_path / "data/training"
    folder.mkdir(parents=True)
    rows = [f"s,{n},images/p/{n}.png,\"['images/p/x{n}.png']\"," for n in range(10)]
    header = "session_id,set_id,chosen_path,neg_paths,timestamp"
    (folder / "log.csv").write_text("\n".join([header, *rows]))
    for words in (("--workspace", tmp_path), (tmp_path,)):
        said = fails(started, *words)
        assert "10 choices logged" in said
        assert f"prefml train --workspace {tmp_path}" in said


def test_a_place_that_holds_something_else_is_refused(started, tmp_path):
    write_sets(tmp_path / "shoot")
    (tmp_path / "shoot-prefml").mkdir()
    (tmp_path / "shoot-prefml/letter.txt").write_text("mine")
    assert "holds something else" in fails(started, tmp_path / "shoot")
    for inside in (tmp_path, tmp_path / "shoot", tmp_path / "shoot/deep"):
        said = fails(started, tmp_path / "shoot", "--workspace", inside)
        assert "lie inside one another" in said


def test_ordering_is_a_command_of_its_own_process(started, prefml, tmp_path):
    write_sets(tmp_path / "shoot")
    started(tmp_path / "shoot")
    told = json.loads(prefml("start", "--order", "--json", "--workspace",
                             tmp_path / "shoot-prefml").out)  # fmt: skip
    assert told == {"waiting": 12, "by": "random"}


def test_pictures_that_came_later_are_asked_about(started, tmp_path):
    write_sets(tmp_path / "shoot")
    started(tmp_path / "shoot")
    write_sets(tmp_path / "shoot", 3, project="more")
    said = started(tmp_path / "shoot").out
    assert "9 new pictures brought" in said
    assert "15 sets of 45 pictures in 2 projects" in said
    assert json.loads(started(tmp_path / "shoot", "--json").out)["brought"] == 0


def test_a_folder_that_was_emptied_ends_no_day(started, tmp_path):
    write_sets(tmp_path / "shoot")
    started(tmp_path / "shoot")
    for path in (tmp_path / "shoot").iterdir():
        path.unlink()
    said = started(tmp_path / "shoot").out
    assert "no new pictures brought: no pictures in" in said
    assert "12 sets of 36 pictures" in said
