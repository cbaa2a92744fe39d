import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from prefml.decisions.projects import ProjectResolver
from prefml.decisions.set_rule import SetRule
from prefml.encoders import open_encoder
from prefml.exceptions import SidecarError
from prefml.imaging.decode import DECODING_VERSION
from prefml.prediction import Predictor
from prefml.prediction.stored import stages_of, stored_rows
from prefml.sidecars.build import build_sidecars
from prefml.sidecars.store import read_sidecars
from prefml.workspace import Workspace

from ..imaging.profiles import rgb_profile


@pytest.fixture
def predictor(tmp_path):
    """Return a predictor beside sidecars of two projects with pictures of the same names."""
    workspace = Workspace.open(tmp_path)
    for seed, place in enumerate(("p/a.png", "p/b.png", "q/a.png")):
        path = tmp_path / "images" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((96, 72)).save(path)
    build_sidecars(workspace, ProjectResolver.open(workspace), open_encoder("builtin"))
    return Predictor(workspace, None, None, {}, "builtin")


def paths(predictor, *names):
    return [predictor.workspace.root / "images" / name for name in names]


def test_stored_pictures_are_neither_decoded_nor_read_from_another_project(predictor, monkeypatch):
    two = paths(predictor, "p/b.png", "p/a.png")
    measured = predictor.measure(two, "p")
    for path in predictor.workspace.sidecars.rglob("*/q/*.parquet"):
        path.write_bytes(b"damaged")
    monkeypatch.setattr(predictor, "measure", lambda *_: pytest.fail("measured again"))
    stored = predictor.rows_of(two, "p")
    assert stored.names == measured.names == ("b.png", "a.png")
    assert stored.project == "p"
    assert np.allclose(stored.embeddings, measured.embeddings, atol=1e-5)
    assert np.allclose(stored.cues, measured.cues, rtol=1e-4, atol=1e-4, equal_nan=True)
    assert stored.size.tolist() == measured.size.tolist()


def change(path):
    path.write_bytes(path.read_bytes() + b" ")


CHANGES = {
    "a changed picture": lambda one: change(one.workspace.root / "images/p/a.png"),
    "another picture": lambda one: (one.workspace.root / "images/p/a.png").replace(
        one.workspace.root / "images/p/b.png"
    ),
    "another encoder": lambda one: one.manifests.update(
        ranker=SimpleNamespace(encoder=SimpleNamespace(identity="another"))
    ),
    "no sidecars": lambda one: shutil.rmtree(one.workspace.sidecars),
}


@pytest.mark.parametrize("changed", CHANGES)
def test_what_is_not_stored_as_it_is_is_measured(predictor, monkeypatch, changed):
    CHANGES[changed](predictor)
    monkeypatch.setattr(predictor, "measure", lambda given, project: (given, project))
    two = paths(predictor, "p/b.png", "p/a.png")
    assert predictor.rows_of(two, "p") == (two, "p")


def test_a_picture_of_the_same_name_in_another_folder_is_measured(predictor, monkeypatch):
    here = paths(predictor, "p/a.png")[0]
    other = here.parent / "below" / here.name
    other.parent.mkdir()
    shutil.copy2(here, other)
    monkeypatch.setattr(predictor, "measure", lambda given, project: "measured")
    assert predictor.rows_of([other], "p") == "measured"
    assert predictor.rows_of([here], "p") != "measured"


def test_pictures_whose_names_repeat_are_found_by_their_paths(predictor, monkeypatch):
    here = paths(predictor, "p/a.png")[0]
    for number in (1, 2):
        other = here.parent / f"set{number}" / "c.png"
        other.parent.mkdir()
        shutil.copy2(paths(predictor, "p/b.png" if number == 2 else "p/a.png")[0], other)
    resolver = ProjectResolver.open(predictor.workspace)
    build_sidecars(predictor.workspace, resolver, open_encoder("builtin"))
    monkeypatch.setattr(predictor, "measure", lambda *_: pytest.fail("measured again"))
    first, second = predictor.rows_of(paths(predictor, "p/set1/c.png", "p/set2/c.png"), "p").names
    assert (first, second) == ("set1/c.png", "set2/c.png")
    plain = predictor.rows_of(paths(predictor, "p/a.png", "p/b.png"), "p")
    twice = predictor.rows_of(paths(predictor, "p/set1/c.png", "p/set2/c.png"), "p")
    assert np.allclose(plain.embeddings, twice.embeddings, atol=1e-6)


def test_pictures_of_no_project_or_of_other_cues_are_measured(predictor, monkeypatch):
    monkeypatch.setattr(predictor, "measure", lambda given, project: project)
    two = paths(predictor, "p/b.png", "p/a.png")
    assert predictor.rows_of(two) is None
    monkeypatch.setattr("prefml.prediction.stored.cue_identity", lambda: "others")
    assert predictor.rows_of(two, "p") == "p"


@pytest.mark.parametrize("version", [1, DECODING_VERSION])
@pytest.mark.parametrize("profile", ["rec2020", None])
def test_a_picture_that_was_decoded_to_other_pixels_is_measured(
    predictor, monkeypatch, version, profile
):
    one = paths(predictor, "p/a.png")[0]
    noise = np.random.default_rng(9).integers(0, 256, (72, 96, 3), np.uint8)
    Image.fromarray(noise).save(one, icc_profile=profile and rgb_profile(profile))
    resolver = ProjectResolver.open(predictor.workspace)
    build_sidecars(predictor.workspace, resolver, open_encoder("builtin"))
    found = read_sidecars(predictor.workspace.sidecars, ["p"])
    assert found.decoding == DECODING_VERSION
    early = replace(found, decoding=version)
    monkeypatch.setattr("prefml.prediction.predictor.read_sidecars_if_any", lambda *_, **__: early)
    monkeypatch.setattr(predictor, "measure", lambda given, project: "measured")
    outdated = version < DECODING_VERSION and profile is not None
    assert (predictor.rows_of([one], "p") == "measured") is outdated
    assert predictor.rows_of(paths(predictor, "p/b.png"), "p") != "measured"


def test_a_damaged_sidecar_is_not_taken_for_an_absent_one(predictor):
    next(predictor.workspace.sidecars.rglob("*/p/*.parquet")).write_bytes(b"damaged")
    with pytest.raises(SidecarError, match="run: prefml embed"):
        predictor.rows_of(paths(predictor, "p/b.png", "p/a.png"), "p")


def test_a_picture_without_a_row_is_named_with_what_to_run(predictor):
    found = read_sidecars(predictor.workspace.sidecars)
    with pytest.raises(SidecarError, match=r"no sidecar of p/c\.png.*run: prefml embed"):
        stored_rows(found, "p", ["a.png", "c.png"], SetRule())


def test_stages_are_told_by_names():
    stages = stages_of(["20250101_000001_stage2_upscaled.png", "a.png"], SetRule())
    assert stages[0] == 2
    assert np.isnan(stages[1])
