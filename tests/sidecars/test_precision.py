"""int8 is taken where a workspace's own choices stay, once for all."""

from dataclasses import replace

import pytest

from prefml.encoders.agreement import HeldOutChoices
from prefml.encoders.onnx import OnnxEncoder
from prefml.encoders.parity import Parity
from prefml.exceptions import EncoderError
from prefml.sidecars import precision
from prefml.sidecars.choice import chosen_encoder, record_encoder
from prefml.sidecars.precision import LEAST_SETS, choose_precision
from prefml.workspace import Workspace

from .many_sets import write_encoder, write_workspace

pytest.importorskip("onnx")


@pytest.fixture
def exact(tmp_path):
    return write_encoder(tmp_path / "models" / "small")


@pytest.fixture
def workspace(tmp_path):
    return write_workspace(tmp_path, LEAST_SETS)


@pytest.fixture
def timed(monkeypatch):
    """Let the comparison of speed and vectors say what a test wants."""

    def says(seconds, cosine=0.9999):
        found = Parity(10, cosine, cosine, seconds, 1.0)
        monkeypatch.setattr(precision, "compare", lambda *given: found)

    return says


def test_int8_is_taken_where_the_choices_stay_and_is_another_encoder(workspace, exact, timed):
    timed(0.5)
    choice = choose_precision(workspace, exact)
    assert (choice.precision, choice.measured) == ("int8", True), choice.why
    assert "100 held-out sets" in choice.why
    small = OnnxEncoder.open(workspace.root / choice.folder)
    assert small.spec == replace(exact.spec, precision="int8")
    assert small.spec.identity != exact.spec.identity


@pytest.mark.parametrize("seconds", [0.5, 2.0], ids=["taken", "refused"])
def test_the_decision_is_stored_and_not_measured_twice(
    workspace, exact, timed, monkeypatch, seconds
):
    timed(seconds)
    choice = choose_precision(workspace, exact)
    assert choice.measured
    monkeypatch.setattr(precision, "compare", None)
    assert choose_precision(workspace, exact) == choice


def test_an_int8_encoder_that_was_changed_is_made_anew(workspace, exact, timed):
    timed(0.5)
    choice = choose_precision(workspace, exact)
    (workspace.root / choice.folder / "model.onnx").write_bytes(b"other")
    assert choose_precision(workspace, exact) == choice
    OnnxEncoder.open(workspace.root / choice.folder)


@pytest.mark.parametrize("document", ["", "{}", "[]", '{"schema": "other"}', "[" * 9999])
def test_a_decision_that_cannot_be_read_is_made_anew(workspace, exact, timed, document):
    timed(0.5)
    choice = choose_precision(workspace, exact)
    (workspace.root / choice.folder).parent.joinpath("precision.json").write_text(document)
    assert choose_precision(workspace, exact) == choice


@pytest.mark.parametrize(
    ("seconds", "cosine", "why"),
    [(2.0, 0.9999, "int8 takes 2000.0 ms"), (0.5, 0.9, "worst cosine 0.900000")],
)
def test_int8_that_is_slower_or_another_is_refused_with_the_figures(
    workspace, exact, timed, seconds, cosine, why
):
    timed(seconds, cosine)
    choice = choose_precision(workspace, exact)
    assert (choice.precision, choice.folder) == ("fp32", None)
    assert why in choice.why


@pytest.mark.parametrize(
    ("held_out", "why"),
    [
        (HeldOutChoices(200, 0.985, 0.03, 0.03), "98.5% of 200 held-out sets, 99% are needed"),
        (HeldOutChoices(200, 1.0, 0.05, 0.03), "calibration error 0.050, in float32 0.030"),
    ],
)
def test_int8_that_changes_choices_or_their_calibration_is_refused(
    workspace, exact, timed, monkeypatch, held_out, why
):
    timed(0.5)
    monkeypatch.setattr(precision, "held_out_choices", lambda *given: held_out)
    choice = choose_precision(workspace, exact)
    assert choice.precision == "fp32"
    assert why in choice.why
    assert not list((workspace.root / "data" / "encoders").rglob("*.onnx"))


def test_few_choices_cannot_tell_and_nothing_is_stored(tmp_path, exact):
    choice = choose_precision(write_workspace(tmp_path, 3), exact)
    assert (choice.precision, choice.measured) == ("fp32", False)
    assert f"3 sets whose pictures are here; {LEAST_SETS} are needed" in choice.why
    assert not (tmp_path / "data" / "encoders").exists()


def test_sets_whose_pictures_are_damaged_do_not_count(workspace, exact, timed):
    timed(0.5)
    (workspace.root / "images" / "harbour" / "0a.png").write_bytes(b"no picture")
    choice = choose_precision(workspace, exact)
    assert choice.precision == "fp32"
    assert f"{LEAST_SETS - 1} sets whose pictures can be read" in choice.why


def test_what_cannot_be_quantised_stays_float32(workspace, exact, monkeypatch):
    def fail(*given):
        raise EncoderError("no package onnx")

    monkeypatch.setattr(precision, "quantize_folder", fail)
    choice = choose_precision(workspace, exact)
    assert choice == replace(choice, precision="fp32", folder=None, measured=False)
    assert "no package onnx" in choice.why
    assert list((workspace.root / "data" / "encoders").iterdir()) == []


def test_an_encoder_of_another_precision_is_left_as_it_is(workspace, exact, timed):
    timed(0.5)
    small = OnnxEncoder.open(workspace.root / choose_precision(workspace, exact).folder)
    assert choose_precision(workspace, small).precision == "int8"


def test_the_int8_form_stands_for_its_encoder_until_another_is_asked_for(tmp_path):
    workspace = Workspace.open(tmp_path)
    workspace.sidecars.mkdir(parents=True)
    record_encoder(workspace, "data/encoders/x/int8", "models/small")
    said = replace(workspace, config=replace(workspace.config, encoder="models/small"))
    assert chosen_encoder(said) == "data/encoders/x/int8"
    assert chosen_encoder(workspace) == "data/encoders/x/int8"
    assert chosen_encoder(said, "models/small") == "models/small"
    record_encoder(workspace, "data/encoders/x/int8")
    assert chosen_encoder(said) == "data/encoders/x/int8"
    record_encoder(workspace, "models/small")
    assert chosen_encoder(said) == "models/small"
