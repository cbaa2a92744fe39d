import numpy as np
import pytest

from prefml.encoders.backends import BACKENDS, choose_backend, open_backend
from prefml.encoders.builtin import BuiltinEncoder
from prefml.encoders.onnx import PROVIDERS, OnnxEncoder
from prefml.encoders.parity import Parity
from prefml.encoders.vectors import mismatch
from prefml.exceptions import EncoderError


class Fake:
    """The mean colours of a picture's quarters, spoilt on request."""

    spec = BuiltinEncoder.spec.from_dict({**BuiltinEncoder.spec.to_dict(), "dim": 12})

    def __init__(self, spoil=lambda vectors: vectors):
        self.spoil = spoil

    def preprocess(self, image):
        return np.asarray(image.resize((2, 2)), np.float32).ravel() / 255 - 0.5

    def encode(self, batch):
        return self.spoil(np.stack(batch))


def crash(vectors):
    raise RuntimeError("no kernel image")


SPOILT = [
    (lambda vectors: vectors * np.nan, "12 numbers that are not finite|not finite"),
    (np.ones_like, r"same vector for unlike pictures \(cosine 1\.0"),
    (lambda vectors: vectors + 0.2 * np.roll(vectors, 1, axis=1), r"worst cosine 0\.\d+"),
    (lambda vectors: vectors[:, :3], r"\(12?0?, 3\)"),
    (crash, "could not run: no kernel image"),
]


@pytest.fixture
def speed(monkeypatch):
    """Let a fake take as many seconds as it says, so that no clock decides."""
    monkeypatch.setattr("prefml.encoders.parity._clock", lambda work: work() is None or 8.0)

    def with_seconds(seconds):
        def timed(reference, candidate, pictures, _times=seconds):
            return Parity(len(pictures), 1.0, 1.0, _times[candidate], _times[reference])

        monkeypatch.setattr("prefml.encoders.backends.compare", timed)

    return with_seconds


def openers(**encoders):
    return {name.replace("_", "-"): lambda one=one: one for name, one in encoders.items()}


@pytest.mark.parametrize(
    ("spoil", "numbers"), SPOILT, ids=["nan", "constant", "other", "short", "crash"]
)
def test_a_wrong_backend_loses_and_its_numbers_are_told(pictures, spoil, numbers):
    exact = Fake()
    chosen = choose_backend(openers(onnx_cpu=exact, onnx_cuda=Fake(spoil)), pictures)
    assert (chosen.backend, chosen.encoder) == ("onnx-cpu", exact)
    (refused,) = (trial for trial in chosen.trials if trial.backend == "onnx-cuda")
    assert refused.verdict.startswith("refused: ")
    with pytest.raises(EncoderError, match=numbers):
        raise EncoderError(refused.verdict)


@pytest.mark.parametrize(
    ("spoil", "numbers"), SPOILT, ids=["nan", "constant", "other", "short", "crash"]
)
def test_a_wrong_backend_asked_for_by_name_is_refused_with_its_numbers(pictures, spoil, numbers):
    both = openers(onnx_cpu=Fake(), onnx_cuda=Fake(spoil))
    with pytest.raises(EncoderError, match=numbers):
        choose_backend(both, pictures, "onnx-cuda")


def test_the_fastest_that_passes_is_taken_and_the_others_are_told_why_not(pictures, speed):
    cpu, cuda, mps = Fake(), Fake(), Fake()
    speed({cpu: 0.08, cuda: 0.01, mps: 0.02})
    chosen = choose_backend(openers(torch_cpu=cpu, torch_cuda=cuda, torch_mps=mps), pictures)
    assert chosen.encoder is cuda
    assert {trial.backend: trial.verdict for trial in chosen.trials} == {
        "torch-cuda": "taken: the fastest that passes",
        "torch-cpu": "8.00 times the time of torch-cuda",
        "torch-mps": "2.00 times the time of torch-cuda",
    }


def test_the_cpu_is_taken_where_accelerators_are_slower(pictures, speed):
    cpu, mps = Fake(), Fake()
    speed({cpu: 0.01, mps: 0.02})
    assert choose_backend(openers(onnx_cpu=cpu, onnx_coreml=mps), pictures).encoder is cpu


def test_a_slower_backend_is_used_when_asked_for(pictures, speed):
    cpu, mps = Fake(), Fake()
    speed({cpu: 0.01, mps: 0.02})
    chosen = choose_backend(openers(onnx_cpu=cpu, onnx_coreml=mps), pictures, "onnx-coreml")
    assert chosen.encoder is mps
    assert chosen.trials[0].verdict == "taken: asked for"


def test_backends_that_are_not_here_are_named(write_folder):
    chosen = open_backend(str(write_folder()), write_folder())
    assert chosen.backend in ("onnx-cpu", "onnx-cuda", "onnx-coreml")
    assert {trial.backend for trial in chosen.trials} == {"onnx-cpu", "onnx-cuda", "onnx-coreml"}


def test_a_backend_of_another_kind_is_refused_with_those_that_fit(write_folder, tmp_path):
    with pytest.raises(EncoderError, match="of another kind; expected one of onnx-cpu"):
        open_backend(str(write_folder()), tmp_path, "torch-cpu")


def test_an_unknown_backend_is_refused(tmp_path):
    with pytest.raises(EncoderError, match=", ".join(BACKENDS)):
        open_backend("builtin", tmp_path, "tpu")


def test_the_built_in_descriptor_has_one_backend(tmp_path):
    assert open_backend("builtin", tmp_path).backend == "cpu"
    with pytest.raises(EncoderError, match="CPU alone"):
        open_backend("builtin", tmp_path, "onnx-cpu")


@pytest.mark.torch
def test_torch_backends_agree_with_opening_on_the_cpu(checkpoint, pictures):
    from .conftest import TINY

    chosen = open_backend(f"open_clip:{TINY}/{checkpoint}", checkpoint.parent)
    vectors = chosen.encoder.encode([chosen.encoder.preprocess(one) for one in pictures])
    assert np.isfinite(vectors).all()
    assert {trial.backend for trial in chosen.trials} == {"torch-cpu", "torch-cuda", "torch-mps"}


def test_the_first_batch_of_an_accelerator_is_held_against_the_cpu(write_folder, monkeypatch):
    """The CPU under another name, whose vectors are spoilt once the session is open."""
    from prefml.encoders import onnx

    encoder = OnnxEncoder.open(write_folder())
    run, special = onnx._run_session, encoder._session
    encoder.providers, encoder._verified = PROVIDERS["cuda"], False

    def spoilt(session, *arguments):
        results = run(session, *arguments)
        return [np.roll(one, 1, axis=1) for one in results] if session is special else results

    monkeypatch.setattr(onnx, "_run_session", spoilt)
    pixels = np.random.default_rng(0).standard_normal((2, 3, 8, 8), dtype=np.float32)
    with pytest.raises(EncoderError, match=r"other vectors than the CPU \(worst cosine"):
        encoder.encode(list(pixels))


def test_unlike_says_nothing_of_equal_vectors():
    vectors = np.eye(3, dtype=np.float32)
    assert mismatch(vectors, vectors, "x") is None
    assert "worst cosine -1.0" in mismatch(vectors * np.nan, vectors, "x")


def test_an_accelerator_that_agrees_is_asked_in_one_piece_and_checked_once(
    write_folder, monkeypatch
):
    """The CPU under another name, once the session is open."""
    from prefml.encoders import onnx

    folder = write_folder()
    encoder = OnnxEncoder.open(folder)
    run, special, calls = onnx._run_session, encoder._session, []
    del encoder.__dict__["_workers"]
    encoder.providers, encoder._verified = PROVIDERS["cuda"], False

    def counted(session, outputs, name, pixels):
        if session is special:
            calls.append(len(pixels))
        return run(session, outputs, name, pixels)

    monkeypatch.setattr(onnx, "_run_session", counted)
    pixels = list(np.random.default_rng(0).standard_normal((9, 3, 8, 8), dtype=np.float32))
    found = [encoder.encode(pixels) for _ in range(2)]
    np.testing.assert_allclose(found[0], OnnxEncoder.open(folder).encode(pixels), atol=1e-6)
    np.testing.assert_array_equal(*found)
    assert calls[1:] == [9, 9]
    assert calls[0] < 9


@pytest.mark.torch
def test_an_accelerator_of_torch_gets_a_tower_of_its_own(checkpoint, pictures, monkeypatch):
    """To torch a name of the CPU, to prefml another device."""
    from prefml.encoders import backends, openclip

    from .conftest import TINY

    monkeypatch.setattr(openclip, "present_devices", lambda: ["cpu:0", "cpu"])
    monkeypatch.setitem(backends._TORCH_DEVICES, "torch-cuda", "cpu:0")
    openers, absent = backends._torch_openers(f"open_clip:{TINY}/{checkpoint}", checkpoint.parent)
    assert [trial.backend for trial in absent] == ["torch-mps"]
    exact, other = openers["torch-cpu"](), openers["torch-cuda"]()
    assert (other.device, other.spec) == ("cpu:0", exact.spec)
    assert other.tower is not exact.tower
    prepared = [exact.preprocess(one) for one in pictures[:2]]
    np.testing.assert_allclose(other.encode(prepared), exact.encode(prepared), atol=1e-6)


def test_vectors_of_another_shape_are_unlike():
    said = mismatch(np.eye(3, 2, dtype=np.float32), np.eye(3, dtype=np.float32), "cuda")
    assert said == "cuda gives vectors of shape (3, 2), the CPU (3, 3)"
