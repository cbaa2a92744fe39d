"""Write `prefml/imaging/models/blazeface_short_range.onnx` from MediaPipe's TensorFlow Lite file.

    pip install tflite ai-edge-litert
    python benchmarks/_convert_blazeface.py face_detection_short_range.tflite OUT.onnx

Operator by operator, channels first; weights stay half floats in the file. At the end both networks
run on the same random pixels, and the worst difference is printed.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tflite
from onnx import TensorProto, helper, numpy_helper

SHA256 = "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633"
SOURCE = "BlazeFace, short range, of MediaPipe (Google, Apache License 2.0)"
KINDS = {0: np.float32, 1: np.float16, 2: np.int32}


class Converter:
    """Collects the nodes and weights of one network."""

    def __init__(self, content: bytes) -> None:
        self.model = tflite.Model.GetRootAsModel(content, 0)
        self.graph = self.model.Subgraphs(0)
        self.codes = {v: k for k, v in vars(tflite.BuiltinOperator).items() if isinstance(v, int)}
        self.weights: dict[int, np.ndarray] = {}
        self.nodes: list[Any] = []
        self.stored: list[Any] = []

    def name(self, tensor: int) -> str:
        return self.graph.Tensors(tensor).Name().decode()

    def shape(self, tensor: int) -> list[int]:
        return [int(side) for side in self.graph.Tensors(tensor).ShapeAsNumpy()]

    def data(self, tensor: int) -> np.ndarray:
        described = self.graph.Tensors(tensor)
        buffer = self.model.Buffers(described.Buffer()).DataAsNumpy().tobytes()
        return np.frombuffer(buffer, KINDS[described.Type()]).reshape(self.shape(tensor))

    def add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))

    def store(self, name: str, values: np.ndarray) -> str:
        if values.dtype == np.float16:
            half = np.ascontiguousarray(values)
            self.stored.append(numpy_helper.from_array(half, f"{name}_half"))
            self.add("Cast", [f"{name}_half"], name, to=TensorProto.FLOAT)
        else:
            self.stored.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def convert(self) -> onnx.ModelProto:
        for number in range(self.graph.OperatorsLength()):
            operator = self.graph.Operators(number)
            code = self.model.OperatorCodes(operator.OpcodeIndex())
            kind = self.codes[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
            self.convert_one(operator, kind)
        given, made = self.graph.Inputs(0), [self.graph.Outputs(i) for i in (0, 1)]
        rows, height, width, channels = self.shape(given)
        first = [rows, channels, height, width]
        graph = helper.make_graph(
            self.nodes,
            "blazeface",
            [helper.make_tensor_value_info(self.name(given), TensorProto.FLOAT, first)],
            [
                helper.make_tensor_value_info(self.name(one), TensorProto.FLOAT, self.shape(one))
                for one in made
            ],
            self.stored,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", 13)],
            ir_version=8,
            producer_name="prefml",
            doc_string=f"{SOURCE}: sha256 {SHA256}",
        )
        onnx.checker.check_model(model)
        return model

    def convert_one(self, operator: Any, kind: str) -> None:
        inputs = [operator.Inputs(i) for i in range(operator.InputsLength())]
        tensor = operator.Outputs(0)
        names, output = [self.name(one) for one in inputs], self.name(tensor)
        if kind == "DEQUANTIZE":
            self.weights[tensor] = self.data(inputs[0])
        elif kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            self.convolve(operator, inputs, output, kind.startswith("DEPTH"))
        elif kind == "RELU":
            self.add("Relu", names, output)
        elif kind == "ADD":
            self.rectified(options(operator, tflite.AddOptions), "Add", names, output)
        elif kind == "MAX_POOL_2D":
            pool = options(operator, tflite.Pool2DOptions)
            side, step = pool.FilterHeight(), pool.StrideH()
            self.add("MaxPool", names, output, kernel_shape=[side, side], strides=[step, step])
        elif kind == "PAD":
            before, after = self.data(inputs[1])[[0, 3, 1, 2]].T
            pads = np.concatenate([before, after]).astype(np.int64)
            self.add("Pad", [names[0], self.store(f"{output}_pads", pads)], output)
        elif kind == "RESHAPE":
            self.add("Transpose", names[:1], f"{output}_last", perm=[0, 2, 3, 1])
            shape = self.store(f"{output}_shape", np.array(self.shape(tensor), np.int64))
            self.add("Reshape", [f"{output}_last", shape], output)
        elif kind == "CONCATENATION":
            self.add("Concat", names, output, axis=1)
        else:
            raise SystemExit(f"{kind}: not known")

    def convolve(self, operator: Any, inputs: list[int], output: str, each: bool) -> None:
        chosen = options(operator, tflite.DepthwiseConv2DOptions if each else tflite.Conv2DOptions)
        weights = self.weights[inputs[1]].transpose((3, 0, 1, 2) if each else (0, 3, 1, 2))
        step, sides = chosen.StrideH(), weights.shape[2:]
        lows, highs = [0, 0], [0, 0]
        if chosen.Padding() == tflite.Padding.SAME:
            totals = [
                max((-(-length // step) - 1) * step + side - length, 0)
                for length, side in zip(self.shape(inputs[0])[1:3], sides, strict=True)
            ]
            lows = [total // 2 for total in totals]
            highs = [total - low for total, low in zip(totals, lows, strict=True)]
        self.rectified(
            chosen,
            "Conv",
            [
                self.name(inputs[0]),
                self.store(f"{output}_weights", weights),
                self.store(f"{output}_bias", self.weights[inputs[2]]),
            ],
            output,
            kernel_shape=list(sides),
            strides=[step, step],
            pads=[*lows, *highs],
            group=weights.shape[0] if each else 1,
        )

    def rectified(
        self, chosen: Any, kind: str, inputs: list[str], output: str, **attributes: Any
    ) -> None:
        """Add a node, with the rectifier that TensorFlow Lite merged into it, if any."""
        if chosen.FusedActivationFunction() == tflite.ActivationFunctionType.NONE:
            self.add(kind, inputs, output, **attributes)
            return
        assert chosen.FusedActivationFunction() == tflite.ActivationFunctionType.RELU
        self.add(kind, inputs, f"{output}_linear", **attributes)
        self.add("Relu", [f"{output}_linear"], output)


def options(operator: Any, kind: type) -> Any:
    table, found = operator.BuiltinOptions(), kind()
    found.Init(table.Bytes, table.Pos)
    return found


def worst_difference(source: Path, target: Path) -> float:
    import onnxruntime
    from ai_edge_litert.interpreter import Interpreter

    pixels = np.random.default_rng(0).uniform(-1, 1, (1, 128, 128, 3)).astype(np.float32)
    reference = Interpreter(str(source))
    reference.allocate_tensors()
    reference.set_tensor(reference.get_input_details()[0]["index"], pixels)
    reference.invoke()
    expected = {one["name"]: reference.get_tensor(one["index"])
                for one in reference.get_output_details()}  # fmt: skip
    session = onnxruntime.InferenceSession(str(target))
    found = session.run(list(expected), {"input": pixels.transpose(0, 3, 1, 2)})
    return max(float(np.abs(a - b).max()) for a, b in zip(expected.values(), found, strict=True))


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:3])
    content = source.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise SystemExit(f"{source}: expected sha256 {SHA256}")
    onnx.save(Converter(content).convert(), target)
    print(f"{target}: worst difference {worst_difference(source, target):.1g}")
