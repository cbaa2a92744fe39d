"""Small ONNX encoders, a tiny CLIP with random weights, its export, and a few real pictures."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest

from prefml.encoders.parity import sample_pictures
from prefml.files import file_sha256

TINY = "prefml-tiny"
CONFIG = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 64, "layers": 1, "width": 64, "head_width": 32, "patch_size": 16},
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
    """The tiny model's float32 export."""
    from prefml.encoders.export import export_encoder

    return export_encoder(tiny, tmp_path_factory.mktemp("export") / "tiny", "fp32", pictures)


@pytest.fixture(scope="session")
def exported_with_patches(tiny, pictures, tmp_path_factory):
    """The same with the second output."""
    from prefml.encoders.export import export_encoder

    out = tmp_path_factory.mktemp("export") / "patches"
    return export_encoder(tiny, out, "fp32", pictures, patches=True)


LITTLE, LITTLE_DIM = 8, 5
DESCRIPTION = {
    "id": "little",
    "file": "model.onnx",
    "input": {
        "name": "pixels",
        "size": LITTLE,
        "layout": "NCHW",
        "resize": "shortest-side",
        "interpolation": "bicubic",
        "crop": "center",
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
    },
    "output": {"name": "embedding", "dim": LITTLE_DIM, "normalize": "l2"},
    "source": "a test",
    "license": "MIT",
}


def little_weights(kind: str) -> np.ndarray:
    shape = (3 * LITTLE * LITTLE, LITTLE_DIM + (kind == "wide"))
    values = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    values[:, 0] = np.nan if kind == "nan" else values[:, 0]
    return values * (kind not in ("constant", "zero"))


def write_model(path: Path, kind: str = "sound") -> None:
    """Write flatten -> matrix -> plus: a whole encoder, of the given kind."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    matrix = little_weights(kind)
    offset = np.full(matrix.shape[1], float(kind == "constant"), np.float32)
    nodes = [
        helper.make_node("Flatten", ["pixels"], ["flat"]),
        helper.make_node("MatMul", ["flat", "matrix"], ["product"]),
        helper.make_node("Add", ["product", "offset"], ["embedding"]),
    ]
    batch = 4 if kind == "fixed" else "batch"
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [batch, 3, LITTLE, LITTLE])
    vectors = helper.make_tensor_value_info(
        "embedding", TensorProto.FLOAT, [batch, matrix.shape[1]]
    )
    initial = [
        numpy_helper.from_array(matrix, "matrix"),
        numpy_helper.from_array(offset, "offset"),
    ]
    graph = helper.make_graph(nodes, "little", [pixels], [vectors], initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    external = kind == "external"
    onnx.save_model(
        model, path, save_as_external_data=external, location="weights.bin", size_threshold=16
    )


@pytest.fixture
def write_folder(tmp_path):
    """Write an encoder folder whose description fits its files, except for what is changed.

    A change is a dotted path in the description, and the value to put there.
    """
    pytest.importorskip("onnx")

    def write(kind="sound", changes=None):
        folder = tmp_path / "encoder"
        folder.mkdir(exist_ok=True)
        write_model(folder / "model.onnx", kind)
        document = copy.deepcopy(DESCRIPTION) | {"sha256": file_sha256(folder / "model.onnx")}
        if kind == "external":
            document["external"] = {"weights.bin": file_sha256(folder / "weights.bin")}
        for path, value in (changes or {}).items():
            *above, name = path.split(".")
            (document[above[0]] if above else document)[name] = value
        (folder / "encoder.json").write_text(json.dumps(document))
        return folder

    return write


@pytest.fixture
def little_matrix():
    """The weights of the sound model: its vectors are pixels times these, scaled."""
    return little_weights("sound")


@pytest.fixture(scope="session")
def checkpoint(open_clip, tmp_path_factory):
    """A checkpoint of the tiny model, written once as open_clip's training would."""
    import torch

    torch.manual_seed(5)
    with torch.no_grad():
        network = open_clip.create_model(TINY, load_weights=False)
    path = tmp_path_factory.mktemp("weights") / "tiny.pt"
    torch.save({"state_dict": network.state_dict()}, path)
    return path
