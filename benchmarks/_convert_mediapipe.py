"""Write MediaPipe's networks as ONNX into `prefml/imaging/models`, and check them on pictures.

    pip download --no-deps mediapipe==0.10.21
    pip install tflite ai-edge-litert
    python benchmarks/_convert_mediapipe.py mediapipe-0.10.21-*.whl

Each network runs on the same pictures in its own runtime and in ONNX Runtime. The script prints
each file's size and worst difference (places in sides of the input), fails above 1e-3, and keeps a
part of what the original gave in `tests/data/mediapipe_outputs.npz`, for the tests.
"""

from __future__ import annotations

import hashlib
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
from _tflite_onnx import Converter

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "prefml" / "imaging" / "models"
KEPT = ROOT / "tests" / "data" / "mediapipe_outputs.npz"
TOLERANCE = 1e-3
# So many numbers of each output are kept for the tests.
MOST = 2048
# Outputs in pixels of the input.
PLACES = ("regressors", "landmarks")


@dataclass(frozen=True)
class Source:
    """A network inside the wheel: its file, its sha256, which outputs are kept under which name."""

    path: str
    sha256: str
    outputs: dict[str, str]
    # What the levels 0 and 255 become.
    low: float = 0.0
    high: float = 1.0


DETECTED = {"Identity": "regressors", "Identity_1": "classificators"}
SOURCES = {
    "blazeface_short_range": Source(
        "face_detection/face_detection_short_range.tflite",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        {"regressors": "regressors", "classificators": "classificators"},
        low=-1.0,
    ),
    "blazeface_full_range": Source(
        "face_detection/face_detection_full_range_sparse.tflite",
        "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
        DETECTED,
        low=-1.0,
    ),
    "face_landmarks": Source(
        "face_landmark/face_landmark.tflite",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        {"conv2d_21": "landmarks", "conv2d_31": "presence"},
    ),
    "person_segmentation": Source(
        "selfie_segmentation/selfie_segmentation.tflite",
        "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
        {"activation_10": "mask"},
    ),
    "pose_detection": Source(
        "pose_detection/pose_detection.tflite",
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        DETECTED,
        low=-1.0,
    ),
    "pose_landmarks": Source(
        "pose_landmark/pose_landmark_full.tflite",
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        # The mask, `Identity_2`, would double its time, and the segmentation gives one.
        {
            "Identity": "landmarks",
            "Identity_1": "presence",
            "Identity_3": "heatmap",
            "Identity_4": "world_landmarks",
        },
    ),
    "palm_detection": Source(
        "palm_detection/palm_detection_lite.tflite",
        "e9a4aaddf90dda56a87235303cf00e4c2d3fb28725f68fd88772997dac905c18",
        DETECTED,
    ),
    "hand_landmarks": Source(
        "hand_landmark/hand_landmark_lite.tflite",
        "048edd3645c9bf7397d19a9f6e3a42957d6e414c9bea6598030a2e9b624156e6",
        {
            "Identity": "landmarks",
            "Identity_1": "presence",
            "Identity_2": "handedness",
            "Identity_3": "world_landmarks",
        },
    ),
}


def pictures() -> Iterator[tuple[str, np.ndarray]]:
    """Yield pictures that matplotlib, scikit-learn and, if it is there, scikit-image ship."""
    import matplotlib
    import sklearn.datasets

    folder = Path(matplotlib.get_data_path()) / "sample_data"
    yield "grace_hopper.jpg", read(folder / "grace_hopper.jpg")
    folder = Path(sklearn.datasets.__file__).parent / "images"
    for name in ("china.jpg", "flower.jpg"):
        yield name, read(folder / name)
    try:
        import skimage
    except ImportError:
        return
    for name in ("astronaut.png", "coffee.png", "chelsea.png"):
        yield name, read(Path(skimage.__file__).parent / "data" / name)


def read(path: Path) -> np.ndarray:
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert pixels is not None, path
    return np.ascontiguousarray(pixels[..., ::-1])


def views(pixels: np.ndarray, side: int) -> list[np.ndarray]:
    """Return the whole picture as a square, and its upper middle, where a face is likely."""
    height, width = pixels.shape[:2]
    half = min(height, width) // 2
    left = (width - half) // 2
    parts = [pixels, pixels[:half, left : left + half]]
    return [cv2.resize(part, (side, side), interpolation=cv2.INTER_LINEAR) for part in parts]


def inputs(source: Source, side: int) -> dict[str, np.ndarray]:
    """Return the networks' inputs, channels last, by picture and view."""
    return {
        f"{name}_{i}": (source.low + view[None] * ((source.high - source.low) / 255)).astype(
            np.float32
        )
        for name, pixels in pictures()
        for i, view in enumerate(views(pixels, side))
    }


def original(content: bytes, source: Source, given: np.ndarray) -> dict[str, np.ndarray]:
    """Run a network in its own runtime, its outputs channels first."""
    from ai_edge_litert.interpreter import Interpreter

    runtime = Interpreter(model_content=without_custom_operator(content))
    runtime.allocate_tensors()
    runtime.set_tensor(runtime.get_input_details()[0]["index"], given)
    runtime.invoke()
    found = {one["name"]: runtime.get_tensor(one["index"]) for one in runtime.get_output_details()}
    return {
        new: found[old].transpose(0, 3, 1, 2) if found[old].ndim == 4 else found[old]
        for old, new in source.outputs.items()
    }


def without_custom_operator(content: bytes) -> bytes:
    """Replace MediaPipe's transposed convolution by the one that the runtime has itself."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    codes = [code.customCode for code in model.operatorCodes]
    if b"Convolution2DTransposeBias" not in codes:
        return content
    place = codes.index(b"Convolution2DTransposeBias")
    code, graph = model.operatorCodes[place], model.subgraphs[0]
    code.customCode = None
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.TRANSPOSE_CONV
    code.version = 3
    for operator in graph.operators:
        if operator.opcodeIndex == place:
            use_builtin(operator, model, graph, schema)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def use_builtin(operator, model, graph, schema) -> None:  # type: ignore[no-untyped-def]
    _, *strides = np.asarray(operator.customOptions, np.uint8).view(np.int32).tolist()
    shape = np.asarray(graph.tensors[operator.outputs[0]].shape, np.int32)
    buffer, tensor = schema.BufferT(), schema.TensorT()
    buffer.data = np.frombuffer(shape.tobytes(), np.uint8)
    tensor.shape, tensor.type, tensor.name = [4], schema.TensorType.INT32, b"output_shape"
    tensor.buffer = len(model.buffers)
    model.buffers.append(buffer)
    graph.tensors.append(tensor)
    given, weights, bias = operator.inputs
    operator.inputs = [len(graph.tensors) - 1, weights, given, bias]
    chosen = schema.TransposeConvOptionsT()
    chosen.padding = schema.Padding.SAME
    chosen.strideW, chosen.strideH = strides
    operator.customOptions = None
    operator.builtinOptionsType = schema.BuiltinOptions.TransposeConvOptions
    operator.builtinOptions = chosen


def check(name: str, content: bytes, kept: dict[str, np.ndarray]) -> float:
    """Return the worst difference to the original, and keep what it gave for matplotlib's face."""
    source = SOURCES[name]
    session = onnxruntime.InferenceSession(str(MODELS / f"{name}.onnx"))
    side, worst = session.get_inputs()[0].shape[2], 0.0
    for picture, given in inputs(source, side).items():
        expected = original(content, source, given)
        found = session.run(list(expected), {"input": given.transpose(0, 3, 1, 2)})
        for (output, one), other in zip(expected.items(), found, strict=True):
            unit = side if output in PLACES else 1
            worst = max(worst, float(np.abs(one - other).max()) / unit)
            if not picture.startswith(("astronaut", "coffee", "chelsea")):
                step = -(-one.size // MOST)
                kept[f"{name}/{picture}/{output}"] = one.ravel()[::step]
    return worst


def convert(name: str, wheel: zipfile.ZipFile) -> bytes:
    source = SOURCES[name]
    content = wheel.read(f"mediapipe/modules/{source.path}")
    if hashlib.sha256(content).hexdigest() != source.sha256:
        raise SystemExit(f"{source.path}: expected sha256 {source.sha256}")
    origin = f"{Path(source.path).name} of mediapipe 0.10.21 (Google, Apache License 2.0)"
    model = Converter(content, source.outputs).convert(name, f"{origin}: sha256 {source.sha256}")
    onnx.save(model, MODELS / f"{name}.onnx")
    return content


def main() -> None:
    kept: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        for name in SOURCES:
            worst = check(name, convert(name, wheel), kept)
            size = (MODELS / f"{name}.onnx").stat().st_size
            print(f"{name}: {size} bytes, worst difference {worst:.1g}")
            if worst > TOLERANCE:
                raise SystemExit(f"{name}: expected at most {TOLERANCE}")
    np.savez_compressed(KEPT, **kept)


if __name__ == "__main__":
    main()
