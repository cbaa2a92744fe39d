from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from prefml.cli import main
from prefml.encoders.parity import Parity
from prefml.exceptions import PrefmlError
from prefml.sidecars import precision
from prefml.sidecars.lock import run_lock
from prefml.sidecars.store import read_sidecars
from prefml.workspace import Workspace

from ..sidecars.many_sets import write_encoder, write_workspace
from ..sidecars.single_files import as_single_files


@pytest.fixture
def root(tmp_path):
    """Return a workspace of three pictures in one project, embedded by the built-in encoder."""
    (tmp_path / "prefml.toml").write_text('encoder = "builtin"\n')
    (tmp_path / "images" / "p").mkdir(parents=True)
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        image = Image.fromarray(pixels).resize((96, 72))
        image.save(tmp_path / "images" / "p" / f"{number}.png")
    return tmp_path


@pytest.fixture
def embed(root, capsys):
    def run(*words: str) -> tuple[int, str, str]:
        status = main(["--workspace", str(root), "embed", *words])
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return run


def test_json_is_one_object_with_the_promised_names(embed):
    status, out, _ = embed("--json")
    report = json.loads(out)
    assert status == 0
    assert {"images", "computed", "reused", "failed", "seconds"} <= set(report)
    assert (report["images"], report["computed"], report["reused"]) == (3, 3, 0)


def test_second_run_reuses_everything(embed):
    embed()
    status, out, _ = embed()
    assert status == 0
    assert out.startswith("3 images: 0 computed, 3 reused, 0 failed")


def test_encoder_is_the_one_in_the_configuration(embed, root):
    embed()
    sidecars = read_sidecars(Workspace.open(root).sidecars)
    assert sidecars.encoder.id.startswith("builtin")
    assert sidecars.index["project"].to_list() == ["p"] * 3


def test_encoder_used_before_is_used_again(embed, root):
    embed()
    (root / "prefml.toml").unlink()
    assert json.loads(embed("--json")[1])["reused"] == 3


def test_broken_picture_is_shown_and_the_command_succeeds(embed, root):
    (root / "images" / "p" / "broken.png").write_text("no")
    status, out, _ = embed()
    assert status == 0
    assert "images/p/broken.png: not a picture" in out
    report = json.loads(embed("--json")[1])
    assert report["failed"] == 1
    assert report["failures"][0]["path"] == "images/p/broken.png"


def test_only_a_few_of_many_names_are_shown(embed, root):
    for number in range(8):
        (root / "images" / "p" / f"broken{number}.png").touch()
    out = embed()[1]
    assert "8 failed" in out
    assert "and 5 more" in out


def test_pictures_that_are_not_read_and_frames_that_are_not_seen_are_named(embed, root):
    (root / "images/p/raw.nef").write_bytes(b"II*")
    frames = [Image.effect_noise((40, 30), 20 + 9 * n).convert("RGB") for n in range(3)]
    frames[0].save(root / "images/p/moving.gif", save_all=True, append_images=frames[1:])
    _, out, _ = embed()
    assert "1 RAW passed over, not read here; develop them to JPEG, PNG or TIFF:\n" in out
    assert "  images/p/raw.nef" in out
    assert "1 of several frames, of which the first counts:\n  images/p/moving.gif" in out
    _, out, _ = embed("--force", "--json")
    assert json.loads(out)["passed_over"] == [
        {"path": "images/p/raw.nef", "format": "RAW", "advice": "develop them to JPEG, PNG or TIFF"}
    ]
    assert json.loads(out)["first_frames"] == ["images/p/moving.gif"]


def test_pictures_of_no_project_are_named(embed, root):
    (root / "images" / "p" / "0.png").rename(root / "images" / "0.png")
    report = json.loads(embed("--json")[1])
    assert report["unknown_project"] == ["images/0.png"]


def test_force_computes_again(embed):
    embed()
    assert json.loads(embed("--force", "--json")[1])["computed"] == 3


def test_no_pictures_is_one_line_and_fails(embed, root):
    for path in (root / "images" / "p").iterdir():
        path.unlink()
    status, out, err = embed()
    assert (status, out) == (1, "")
    assert err.startswith("Error: no pictures")
    assert err.count("\n") == 1


def test_no_pictures_is_said_before_the_encoder_is_looked_for(embed, root):
    (root / "images").rename(root / "elsewhere")
    assert "no pictures" in embed("--encoder", "nowhere")[2]


def test_unknown_encoder_is_one_line_and_fails(embed):
    status, _, err = embed("--encoder", "nowhere")
    assert status == 1
    assert "nowhere" in err
    assert err.count("\n") == 1


def test_run_beside_another_is_one_line_and_fails(embed, root):
    with run_lock(Workspace.open(root).sidecars):
        status, _, err = embed()
    assert status == 1
    assert "another prefml embed" in err


@pytest.mark.parametrize("words", [("--batch-size", "0"), ("--workers", "none"), ("--device", "x")])
def test_wrong_values_are_wrong_usage(embed, words):
    assert embed(*words)[0] == 2


def test_help_names_every_option(embed):
    status, out, _ = embed("--help")
    assert status == 0
    for option in (
        "--encoder",
        "--device",
        "--backend",
        "--batch-size",
        "--workers",
        "--force",
        "--json",
    ):
        assert option in out


def test_backend_that_was_taken_is_reported_with_the_others(embed):
    status, out, _ = embed("--backend", "auto", "--json")
    assert status == 0
    assert json.loads(out)["backend"] == {
        "name": "cpu",
        "trials": [
            {
                "backend": "cpu",
                "verdict": "taken: the only one here",
                "milliseconds": None,
                "min_cosine": None,
            }
        ],
    }


def test_people_are_told_which_backend_was_taken(embed):
    assert "backend cpu: taken: the only one here" in embed("--backend", "auto")[1]


def test_auto_goes_on_in_int8_where_the_choices_stay_until_float32_is_asked_for(
    tmp_path, capsys, monkeypatch
):
    (tmp_path / "prefml.toml").write_text('encoder = "models/small"\n')
    exact = write_encoder(tmp_path / "models" / "small").spec
    workspace = write_workspace(tmp_path, 4)
    monkeypatch.setattr(precision, "LEAST_SETS", 4)
    monkeypatch.setattr(precision, "compare", lambda *given: Parity(10, 1.0, 1.0, 0.5, 1.0))

    def embedded(*words):
        assert main(["--workspace", str(tmp_path), "embed", *words]) == 0
        return capsys.readouterr().out, read_sidecars(workspace.sidecars).encoder

    out, spec = embedded("--backend", "auto")
    assert "precision int8: int8 passes: the same picture wins in 100.0% of 4 held-out sets" in out
    assert spec == replace(exact, precision="int8")
    out, spec = embedded()
    assert out.startswith("8 images: 0 computed, 8 reused")
    assert spec.precision == "int8"
    out, spec = embedded("--encoder", "models/small")
    assert out.startswith("8 images: 8 computed")
    assert spec == exact


def test_a_backend_that_cannot_be_is_one_line_and_fails(embed):
    status, _, err = embed("--backend", "onnx-cuda")
    assert status == 1
    assert err.startswith("Error: backend onnx-cuda")


def test_backend_and_device_at_once_are_wrong_usage(embed):
    assert embed("--backend", "auto", "--device", "cpu")[0] == 2


def test_a_take_over_is_said_to_be_for_good_before_it_happens(root, embed, monkeypatch):
    embed()
    as_single_files(root / "data/sidecar")
    monkeypatch.setattr("prefml.sidecars.build.build_found", stop)
    status, _, err = embed()
    assert status == 1
    assert "no going back" in err
    assert str(root / "data/sidecar/before") in err
    assert (root / "data/sidecar/cues.parquet").is_file()


def stop(*given, **options):
    raise PrefmlError("stopped")


def test_a_take_over_computes_nothing_and_is_told_to_machines(root, embed):
    embed()
    as_single_files(root / "data/sidecar")
    _, out, err = embed("--json")
    report = json.loads(out)
    assert (report["computed"], report["reused"], report["taken_over"]) == (0, 3, True)
    assert "no going back" in err
    _, out, err = embed("--json")
    assert (json.loads(out)["taken_over"], err) == (False, "")
