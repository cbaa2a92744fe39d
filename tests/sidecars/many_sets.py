"""A small ONNX encoder, and a workspace of many sets of two pictures."""

import json

import numpy as np
import pytest
from PIL import Image

from prefml.encoders.onnx import OnnxEncoder
from prefml.files import file_sha256
from prefml.workspace import Workspace

SIZE, DIM = 8, 16


def write_encoder(folder):
    """Write flatten -> matrix as an encoder folder."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    matrix = np.random.default_rng(0).normal(size=(3 * SIZE * SIZE, DIM)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["pixels"], ["flat"]),
         helper.make_node("MatMul", ["flat", "matrix"], ["embedding"])],
        "small",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", DIM])],
        [numpy_helper.from_array(matrix, "matrix")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    folder.mkdir(parents=True)
    onnx.save_model(model, folder / "model.onnx")
    document = {
        "id": "small",
        "file": "model.onnx",
        "sha256": file_sha256(folder / "model.onnx"),
        "input": {"name": "pixels", "size": SIZE, "resize": "stretch", "interpolation": "bicubic",
                  "crop": "none", "mean": [0.5] * 3, "std": [0.5] * 3},
        "output": {"name": "embedding", "dim": DIM, "normalize": "l2"},
    }  # fmt: skip
    (folder / "encoder.json").write_text(json.dumps(document))
    return OnnxEncoder.open(folder)


def write_workspace(root, sets):
    """Write sets of two pictures, of which the brighter was chosen."""
    folder = root / "images" / "harbour"
    folder.mkdir(parents=True)
    rows = ["session_id,set_id,chosen_path,neg_paths,timestamp"]
    rng = np.random.default_rng(0)
    for number in range(sets):
        for name, level in (("a", 150), ("b", 90)):
            pixels = (rng.random((12, 12, 3)) * 60 + level).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}{name}.png")
        rows.append(f's,{number},harbour/{number}a.png,"[""harbour/{number}b.png""]",'
                    "2025-01-01T00:00:00Z")  # fmt: skip
    (root / "data" / "training").mkdir(parents=True)
    (root / "data" / "training" / "selection_only_log.csv").write_text("\n".join(rows))
    return Workspace.open(root)
