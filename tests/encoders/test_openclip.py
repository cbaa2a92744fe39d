import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from prefml.encoders import open_encoder
from prefml.exceptions import EncoderError, WeightsUnavailableError

pytestmark = pytest.mark.torch
pytest.importorskip("torch")

from prefml.encoders import openclip  # noqa: E402
from prefml.encoders.openclip import OpenClipEncoder  # noqa: E402
from prefml.encoders.vectors import cosines  # noqa: E402

TINY = "prefml-tiny"
# To torch a place of its own, to prefml not "cpu": what an accelerator looks like without one.
ACCELERATOR = "cpu:0"


@pytest.fixture
def inputs(tiny, pictures):
    return [tiny.preprocess(picture) for picture in pictures]


def test_vectors_are_those_of_open_clip_scaled_to_length_one(open_clip, checkpoint, pictures):
    import torch

    encoder = open_encoder(f"open_clip:{TINY}/{checkpoint}", device="cpu")
    network, _, transform = open_clip.create_model_and_transforms(TINY, pretrained=str(checkpoint))
    with torch.no_grad():
        batch = torch.stack([transform(picture) for picture in pictures])
        expected = network.eval().encode_image(batch, normalize=True).numpy()
    vectors = encoder.encode([encoder.preprocess(picture) for picture in pictures])
    np.testing.assert_allclose(vectors, expected, atol=1e-6)


def test_spec_says_what_decides_the_vectors(tiny):
    spec = tiny.spec
    assert (spec.id, spec.dim, spec.size) == (f"open_clip/{TINY}", 32, 64)
    assert (spec.resize, spec.crop, spec.interpolation) == ("shortest-side", "center", "bicubic")
    assert (spec.normalize, spec.precision) == ("l2", "fp32")


def test_identity_follows_the_weights_and_not_the_file(open_clip, checkpoint, tmp_path):
    import torch
    from safetensors.torch import save_file

    state = torch.load(checkpoint, weights_only=True)["state_dict"]
    save_file(state, tmp_path / "same.safetensors")
    first = open_encoder(f"open_clip:{TINY}/{checkpoint}").spec
    second = open_encoder(f"open_clip:{TINY}/same.safetensors", tmp_path).spec
    assert first.identity == second.identity
    assert first.source != second.source
    assert first.identity != OpenClipEncoder.untrained(TINY).spec.identity


def test_the_same_seed_gives_the_same_untrained_network(tiny):
    again, other = OpenClipEncoder.untrained(TINY), OpenClipEncoder.untrained(TINY, seed=1)
    assert again.spec == tiny.spec
    assert other.spec.identity != tiny.spec.identity


def test_openai_weights_from_a_file_get_quick_gelu_and_it_is_said(checkpoint, tmp_path, caplog):
    path = tmp_path / "tiny-openai.pt"
    path.write_bytes(checkpoint.read_bytes())
    quick = open_encoder(f"open_clip:{TINY}/{path}")
    assert quick.spec.id == f"open_clip/{TINY}-quickgelu"
    assert "QuickGELU" in caplog.text
    plain = open_encoder(f"open_clip:{TINY}/{checkpoint}")
    assert plain.spec.sha256 == quick.spec.sha256
    assert plain.spec.identity != quick.spec.identity


def test_torchscript_archives_as_openai_publishes_them_are_loaded(open_clip, checkpoint, tmp_path):
    import warnings

    import torch

    class Holder(torch.nn.Module):
        def __init__(self, state):
            super().__init__()
            for name, tensor in state.items():
                self._put(name.split("."), tensor)
            self.register_buffer("input_resolution", torch.tensor(64))

        def _put(self, path, tensor):
            holder = self
            for part in path[:-1]:
                if not hasattr(holder, part):
                    holder.add_module(part, torch.nn.Module())
                holder = getattr(holder, part)
            holder.register_buffer(path[-1], tensor)

        def forward(self, x):
            return x

    state = torch.load(checkpoint, weights_only=True)["state_dict"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(Holder(state), torch.zeros(1)).save(str(tmp_path / "ViT.pt"))
    encoder = open_encoder(f"open_clip:{TINY}/ViT.pt", tmp_path)
    assert encoder.spec.id == f"open_clip/{TINY}-quickgelu"
    assert encoder.spec.sha256 == open_encoder(f"open_clip:{TINY}/{checkpoint}").spec.sha256


def test_clip_without_weights_names_three_ways_on(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("prefml.encoders.weights._from_hub", lambda *args, **words: None)
    monkeypatch.setattr("prefml.encoders.weights._from_cache", lambda *args: None)
    with pytest.raises(WeightsUnavailableError, match=r"\(1\).*\(2\).*\(3\)"):
        open_encoder("clip")


def test_pretrained_openai_weights_get_quick_gelu(open_clip, monkeypatch):
    from prefml.encoders import weights

    monkeypatch.setattr(weights, "find_weights", lambda *args: Path(args[1]))
    for name in ("ViT-B-32", "ViT-B-32-quickgelu"):
        source = weights.resolve_weights(open_clip, f"open_clip:{name}/openai", Path())
        assert source.model == "ViT-B-32-quickgelu"
    plain = weights.resolve_weights(open_clip, "open_clip:ViT-B-32/laion2b_e16", Path())
    assert plain.model == "ViT-B-32"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("open_clip:ViT-Z-9/openai", "no model 'ViT-Z-9'"),
        ("open_clip:", "no model ''"),
        ("open_clip:ViT-B-32/nowhere", "openai, "),
        ("open_clip:ViT-B-32", "neither pretrained"),
        (f"open_clip:{TINY}/nowhere.pt", "checkpoint"),
    ],
)
def test_a_wrong_name_is_refused_with_what_there_is(open_clip, name, message):
    with pytest.raises(EncoderError, match=message):
        open_encoder(name)


@pytest.mark.parametrize("name", ["x.pt", "x.safetensors", "x.bin"])
@pytest.mark.parametrize("content", [b"", b"no weights", b"PK\x03\x04"])
def test_a_damaged_checkpoint_is_refused(open_clip, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EncoderError, match=f"weights of {TINY}"):
        open_encoder(f"open_clip:{TINY}/{name}", tmp_path)


def test_a_checkpoint_of_another_model_is_refused(open_clip, checkpoint):
    with pytest.raises(EncoderError, match="weights of ViT-S-32-alt"):
        open_encoder(f"open_clip:ViT-S-32-alt/{checkpoint}")


def test_a_checkpoint_that_would_run_code_is_refused(open_clip, tmp_path):
    import pickle

    (tmp_path / "evil.pt").write_bytes(pickle.dumps({"state_dict": print}))
    with pytest.raises(EncoderError, match="weights of"):
        open_encoder(f"open_clip:{TINY}/evil.pt", tmp_path)


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_here_is_refused(device):
    present = openclip.choose_device("auto")
    if present == device:
        pytest.skip(f"{device} is here")
    with pytest.raises(EncoderError, match="is not here"):
        openclip.choose_device(device)


def test_an_accelerator_that_agrees_is_kept(tiny, inputs):
    encoder = OpenClipEncoder(tiny.tower, tiny.spec, ACCELERATOR)
    np.testing.assert_allclose(encoder.encode(inputs), tiny.encode(inputs), atol=1e-6)
    assert encoder.device == ACCELERATOR


def faulty(damage):
    run = openclip.run_tower

    def run_with_damage(tower, pixels, device):
        vectors = run(tower, pixels, device)
        return damage(vectors) if device == ACCELERATOR else vectors

    return run_with_damage


def refuse(vectors):
    raise RuntimeError("out of memory\nand more")


DAMAGES = {
    "constant": lambda vectors: np.ones_like(vectors),
    "nan": lambda vectors: vectors * np.nan,
    "noise": lambda vectors: (
        vectors + 0.2 * np.random.default_rng(0).standard_normal(vectors.shape)
    ),
    "failure": refuse,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_accelerator_that_disagrees_is_refused_with_numbers(tiny, inputs, monkeypatch, damage):
    monkeypatch.setattr(openclip, "run_tower", faulty(DAMAGES[damage]))
    encoder = OpenClipEncoder(tiny.tower, tiny.spec, ACCELERATOR)
    with pytest.raises(EncoderError, match=r"worst cosine -?[01]\.\d+|out of memory"):
        encoder.encode(inputs)


def test_auto_falls_back_to_the_cpu_and_says_why(tiny, inputs, monkeypatch, caplog):
    expected = tiny.encode(inputs)
    monkeypatch.setattr(openclip, "run_tower", faulty(DAMAGES["constant"]))
    encoder = OpenClipEncoder(tiny.tower, tiny.spec, ACCELERATOR, fallback=True)
    np.testing.assert_array_equal(encoder.encode(inputs), expected)
    assert encoder.device == "cpu"
    assert "worst cosine" in caplog.text
    assert "CPU" in caplog.text


def test_a_network_of_zeros_is_refused(open_clip, inputs):
    encoder = OpenClipEncoder.untrained(TINY, seed=2)
    encoder.tower.proj.data.zero_()
    with pytest.raises(EncoderError, match="zeros"):
        encoder.encode(inputs[:1])


def test_patches_are_cosines_on_the_grid_of_the_picture(tiny, inputs):
    vectors, patches = tiny.encode_with_patches(inputs)
    assert patches.shape == (len(inputs), 4, 4)
    assert np.abs(patches).max() <= 1 + 1e-5
    np.testing.assert_allclose(vectors, tiny.encode(inputs), atol=1e-6)


def test_a_changed_corner_changes_its_patch_most(open_clip):
    encoder = OpenClipEncoder.untrained(TINY, seed=3)
    blank = np.zeros((3, 64, 64), np.float32)
    marked = blank.copy()
    marked[:, :16, 48:] = 3
    _, patches = encoder.encode_with_patches([blank, marked])
    change = np.abs(patches[1] - patches[0])
    assert np.unravel_index(change.argmax(), (4, 4)) == (0, 3)


def test_vectors_do_not_depend_on_the_batch(tiny, inputs):
    alone = np.concatenate([tiny.encode([one]) for one in inputs])
    assert cosines(alone, tiny.encode(inputs)).min() > 0.999999


def test_no_pictures_give_no_vectors(tiny):
    assert tiny.encode([]).shape == (0, 32)


def test_without_torch_the_error_says_what_to_install():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from prefml.encoders import open_encoder\n"
        "from prefml.exceptions import EncoderError\n"
        "try: open_encoder('clip')\n"
        "except EncoderError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert "pip install 'prefml[clip]'" in done.stdout


def test_a_tower_without_patches_says_so(tiny, inputs, monkeypatch):
    monkeypatch.delattr(tiny.tower, "grid_size")
    assert not tiny.has_patches
    with pytest.raises(EncoderError, match=r"has no patches.*a vision transformer"):
        tiny.encode_with_patches(inputs)


def test_a_network_that_cannot_be_built_is_refused_by_its_name(open_clip, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no such layer")

    monkeypatch.setattr(open_clip, "create_model", fail)
    with pytest.raises(EncoderError, match=rf"open_clip {TINY}: no such layer"):
        OpenClipEncoder.untrained(TINY)


def test_a_broken_torchvision_is_not_taken_for_one_without_operators(monkeypatch):
    class Broken:
        def find_spec(self, name, *_):
            if name == "open_clip":
                raise RuntimeError("something else is wrong")

    monkeypatch.delitem(sys.modules, "open_clip", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(RuntimeError, match="something else is wrong"):
        openclip.import_open_clip()
