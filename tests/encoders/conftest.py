"""A tiny CLIP with random weights, its ONNX export, and a few real pictures."""

import json

import numpy as np
import pytest

from prefml.encoders.parity import sample_pictures

TINY = "prefml-tiny"
CONFIG = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 64, "layers": 2, "width": 64, "head_width": 32, "patch_size": 16},
    "text_cfg": {"context_length": 8, "vocab_size": 64, "width": 32, "heads": 2, "layers": 1},
}


@pytest.fixture(scope="session")
def pictures():
    return sample_pictures()


@pytest.fixture(scope="session")
def open_clip(tmp_path_factory):
    """open_clip, which knows the tiny models too."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    from prefml.encoders.openclip import import_open_clip

    library = import_open_clip()
    folder = tmp_path_factory.mktemp("models")
    for name, extra in ((TINY, {}), (f"{TINY}-quickgelu", {"quick_gelu": True})):
        (folder / f"{name}.json").write_text(json.dumps(CONFIG | extra))
    library.add_model_config(folder)
    return library


@pytest.fixture(scope="session")
def tiny(open_clip):
    from prefml.encoders.openclip import OpenClipEncoder

    return OpenClipEncoder.untrained(TINY)


@pytest.fixture(scope="session")
def exported(tiny, pictures, tmp_path_factory):
    """The folder of the tiny model's float32 export."""
    from prefml.encoders.export import export_encoder

    return export_encoder(tiny, tmp_path_factory.mktemp("export") / "tiny", "fp32", pictures)


@pytest.fixture
def batch():
    """Two unlike inputs of a 32-pixel network."""
    return list(np.random.default_rng(1).standard_normal((2, 3, 32, 32), dtype=np.float32))
