"""Convert a TensorFlow Lite network to ONNX, operator by operator.

Pictures go in channels first, and so do all tensors of four dimensions between and out; tensors of
fewer dimensions keep their order. Weights stay half floats in the file, sparse ones become dense.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import tflite
from onnx import TensorProto, helper, numpy_helper

FLOATS = {0: np.float32, 1: np.float16, 2: np.int32}
INDICES = {
    tflite.SparseIndexVector.Int32Vector: (tflite.Int32Vector, np.int32),
    tflite.SparseIndexVector.Uint16Vector: (tflite.Uint16Vector, np.uint16),
    tflite.SparseIndexVector.Uint8Vector: (tflite.Uint8Vector, np.uint8),
}
CODES = {v: k for k, v in vars(tflite.BuiltinOperator).items() if isinstance(v, int)}
# The order of channels-first dimensions in those of TensorFlow Lite.
FIRST = [0, 3, 1, 2]


class Network:
    """Reads one TensorFlow Lite file."""

    def __init__(self, content: bytes) -> None:
        self.model = tflite.Model.GetRootAsModel(content, 0)
        self.graph = self.model.Subgraphs(0)

    def operators(self) -> list[Any]:
        return [self.graph.Operators(i) for i in range(self.graph.OperatorsLength())]

    def outputs(self) -> dict[str, int]:
        found = (self.graph.Outputs(i) for i in range(self.graph.OutputsLength()))
        return {self.graph.Tensors(one).Name().decode(): one for one in found}

    def kind(self, operator: Any) -> str:
        code = self.model.OperatorCodes(operator.OpcodeIndex())
        kind = CODES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        return code.CustomCode().decode() if kind == "CUSTOM" else kind

    def shape(self, tensor: int) -> list[int]:
        return [int(side) for side in np.atleast_1d(self.graph.Tensors(tensor).ShapeAsNumpy())]

    def data(self, tensor: int) -> np.ndarray:
        described = self.graph.Tensors(tensor)
        buffer = self.model.Buffers(described.Buffer()).DataAsNumpy().tobytes()
        values = np.frombuffer(buffer, FLOATS[described.Type()])
        if described.Sparsity() is None:
            return values.reshape(self.shape(tensor))
        return self.dense(tensor, values)

    def dense(self, tensor: int, values: np.ndarray) -> np.ndarray:
        """Spread values over a tensor of which the last dimension alone is stored sparsely."""
        sparsity = self.graph.Tensors(tensor).Sparsity()
        shape = self.shape(tensor)
        dimensions = [sparsity.DimMetadata(i) for i in range(sparsity.DimMetadataLength())]
        order = sparsity.TraversalOrderAsNumpy().tolist()
        formats = [one.Format() for one in dimensions]
        assert order == list(range(len(shape)))
        assert formats == [tflite.DimensionType.DENSE] * (len(shape) - 1) + [
            tflite.DimensionType.SPARSE_CSR
        ]
        last = dimensions[-1]
        ends = index_vector(last.ArraySegments(), last.ArraySegmentsType())
        columns = index_vector(last.ArrayIndices(), last.ArrayIndicesType())
        rows = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
        filled = np.zeros((len(ends) - 1, shape[-1]), values.dtype)
        # The buffer is padded to whole words.
        filled[rows, columns] = values[: len(columns)]
        return filled.reshape(shape)


class Converter:
    """Collects the nodes and weights of the part of a network that gives chosen outputs."""

    def __init__(self, content: bytes, outputs: Mapping[str, str]) -> None:
        self.network = Network(content)
        tensors = self.network.outputs()
        self.names = {tensors[old]: new for old, new in outputs.items()}
        self.names[self.network.graph.Inputs(0)] = "input"
        self.made = [tensors[old] for old in outputs]
        self.weights: dict[int, np.ndarray] = {}
        self.nodes: list[Any] = []
        self.stored: list[Any] = []

    def name(self, tensor: int) -> str:
        return self.names.get(tensor, f"t{tensor}")

    def shape(self, tensor: int) -> list[int]:
        """Return the shape of a tensor as it is in ONNX."""
        shape = self.network.shape(tensor)
        return [shape[i] for i in FIRST] if len(shape) == 4 else shape

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))

    def store(self, name: str, values: np.ndarray) -> str:
        half = values.dtype == np.float16
        stored = f"{name}_half" if half else name
        self.stored.append(numpy_helper.from_array(np.ascontiguousarray(values), stored))
        if half:
            self.node("Cast", [stored], name, to=TensorProto.FLOAT)
        return name

    def store_weights(self, tensor: int, name: str, order: tuple[int, ...] | None = None) -> str:
        values = self.weights[tensor]
        return self.store(name, values if order is None else values.transpose(order))

    def convert(self, name: str, source: str) -> onnx.ModelProto:
        """Return the network as a checked ONNX model.

        Parameters
        ----------
        name : str
            Of the graph.
        source : str
            Origin and licence, for the file's description.
        """
        for operator in self.needed():
            self.convert_one(operator, self.network.kind(operator))
        given = self.network.graph.Inputs(0)
        graph = helper.make_graph(
            self.nodes,
            name,
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, self.shape(given))],
            [
                helper.make_tensor_value_info(self.name(one), TensorProto.FLOAT, self.shape(one))
                for one in self.made
            ],
            self.stored,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", 13)],
            ir_version=8,
            producer_name="prefml",
            doc_string=source,
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    def needed(self) -> list[Any]:
        """Return the operators that the chosen outputs depend on, in order."""
        wanted, kept = set(self.made), []
        for operator in reversed(self.network.operators()):
            if operator.Outputs(0) in wanted:
                kept.append(operator)
                wanted.update(operator.Inputs(i) for i in range(operator.InputsLength()))
        return kept[::-1]

    def convert_one(self, operator: Any, kind: str) -> None:
        inputs = [operator.Inputs(i) for i in range(operator.InputsLength())]
        output = operator.Outputs(0)
        if kind in ("DEQUANTIZE", "DENSIFY"):
            known = self.weights.get(inputs[0])
            self.weights[output] = self.network.data(inputs[0]) if known is None else known
        elif kind in SIMPLE:
            self.node(SIMPLE[kind], [self.name(one) for one in inputs], self.name(output))
        else:
            getattr(self, kind.lower())(operator, inputs, output)

    def conv_2d(self, operator: Any, inputs: list[int], output: int) -> None:
        self.convolve(options(operator, tflite.Conv2DOptions), inputs, output, (0, 3, 1, 2), 1)

    def depthwise_conv_2d(self, operator: Any, inputs: list[int], output: int) -> None:
        channels = self.network.shape(inputs[0])[3]
        chosen = options(operator, tflite.DepthwiseConv2DOptions)
        self.convolve(chosen, inputs, output, (3, 0, 1, 2), channels)

    def convolve(
        self, chosen: Any, inputs: list[int], output: int, order: tuple[int, ...], groups: int
    ) -> None:
        assert chosen.DilationHFactor() == chosen.DilationWFactor() == 1
        name = self.name(output)
        weights, bias = (
            self.store_weights(inputs[1], f"{name}_weights", order),
            self.store_weights(inputs[2], f"{name}_bias"),
        )
        sides = [self.weights[inputs[1]].shape[i] for i in order[2:]]
        self.rectified(
            chosen,
            "Conv",
            [self.name(inputs[0]), weights, bias],
            name,
            kernel_shape=sides,
            group=groups,
            **self.steps(chosen, inputs[0], sides),
        )

    def steps(self, chosen: Any, tensor: int, sides: list[int]) -> dict[str, list[int]]:
        """Return strides and pads; an odd pad goes below and to the right, as in TensorFlow."""
        strides = [chosen.StrideH(), chosen.StrideW()]
        if chosen.Padding() == tflite.Padding.VALID:
            return {"strides": strides, "pads": [0, 0, 0, 0]}
        lengths = self.network.shape(tensor)[1:3]
        totals = [
            max((-(-length // step) - 1) * step + side - length, 0)
            for length, step, side in zip(lengths, strides, sides, strict=True)
        ]
        lows = [total // 2 for total in totals]
        highs = [total - low for total, low in zip(totals, lows, strict=True)]
        return {"strides": strides, "pads": [*lows, *highs]}

    def convolution2dtransposebias(self, operator: Any, inputs: list[int], output: int) -> None:
        """Convert MediaPipe's own operator, where windows neither overlap nor leave gaps."""
        padding, *strides = np.frombuffer(operator.CustomOptionsAsNumpy().tobytes(), np.int32)
        weights = self.weights[inputs[1]]
        assert padding == 1
        assert list(weights.shape[1:3]) == [int(one) for one in strides]
        name = self.name(output)
        stored = [
            self.store_weights(inputs[1], f"{name}_weights", (3, 0, 1, 2)),
            self.store_weights(inputs[2], f"{name}_bias"),
        ]
        given = [self.name(inputs[0]), *stored]
        self.node("ConvTranspose", given, name, strides=[int(one) for one in strides])

    def max_pool_2d(self, operator: Any, inputs: list[int], output: int) -> None:
        self.pool("MaxPool", operator, inputs, output)

    def average_pool_2d(self, operator: Any, inputs: list[int], output: int) -> None:
        self.pool("AveragePool", operator, inputs, output)

    def pool(self, kind: str, operator: Any, inputs: list[int], output: int) -> None:
        chosen = options(operator, tflite.Pool2DOptions)
        sides = [chosen.FilterHeight(), chosen.FilterWidth()]
        steps = self.steps(chosen, inputs[0], sides)
        given, name = [self.name(inputs[0])], self.name(output)
        self.rectified(chosen, kind, given, name, kernel_shape=sides, **steps)

    def add(self, operator: Any, inputs: list[int], output: int) -> None:
        chosen = options(operator, tflite.AddOptions)
        self.rectified(chosen, "Add", [self.name(one) for one in inputs], self.name(output))

    def prelu(self, operator: Any, inputs: list[int], output: int) -> None:
        """Convert to (1 - slope) max(x, 0) + slope x, scaled by convolutions of each channel.

        ONNX Runtime keeps its blocked layout through convolutions but not through `PRelu`: so
        palms take about half the time.
        """
        given, name = self.name(inputs[0]), self.name(output)
        slopes = self.weights[inputs[1]].reshape(-1, 1, 1, 1)
        rest = (1 - slopes.astype(np.float32)).astype(np.float32)
        each = {"kernel_shape": [1, 1], "group": len(slopes)}
        self.node("Relu", [given], f"{name}_above")
        self.node("Conv", [f"{name}_above", self.store(f"{name}_rest", rest)], f"{name}_up", **each)
        self.node("Conv", [given, self.store(f"{name}_slopes", slopes)], f"{name}_down", **each)
        self.node("Add", [f"{name}_up", f"{name}_down"], name)

    def hard_swish(self, operator: Any, inputs: list[int], output: int) -> None:
        given, name = self.name(inputs[0]), self.name(output)
        self.node("HardSigmoid", [given], f"{name}_gate", alpha=1 / 6, beta=0.5)
        self.node("Mul", [given, f"{name}_gate"], name)

    def pad(self, operator: Any, inputs: list[int], output: int) -> None:
        before, after = self.network.data(inputs[1])[FIRST].T
        pads = np.concatenate([before, after]).astype(np.int64)
        name = self.name(output)
        self.node("Pad", [self.name(inputs[0]), self.store(f"{name}_pads", pads)], name)

    def reshape(self, operator: Any, inputs: list[int], output: int) -> None:
        given, name = self.name(inputs[0]), self.name(output)
        if len(self.network.shape(inputs[0])) == 4:
            self.node("Transpose", [given], f"{name}_last", perm=[0, 2, 3, 1])
            given = f"{name}_last"
        shape = self.store(f"{name}_shape", np.array(self.network.shape(output), np.int64))
        self.node("Reshape", [given, shape], name)

    def concatenation(self, operator: Any, inputs: list[int], output: int) -> None:
        axis = options(operator, tflite.ConcatenationOptions).Axis()
        rank = len(self.network.shape(output))
        place = FIRST.index(axis % rank) if rank == 4 else axis % rank
        self.node("Concat", [self.name(one) for one in inputs], self.name(output), axis=place)

    def resize_bilinear(self, operator: Any, inputs: list[int], output: int) -> None:
        chosen = options(operator, tflite.ResizeBilinearOptions)
        assert chosen.HalfPixelCenters()
        assert not chosen.AlignCorners()
        name = self.name(output)
        sizes = self.store(f"{name}_sizes", np.array(self.shape(output), np.int64))
        given = [self.name(inputs[0]), "", "", sizes]
        centres = {"coordinate_transformation_mode": "half_pixel"}
        self.node("Resize", given, name, mode="linear", **centres)

    def depth_to_space(self, operator: Any, inputs: list[int], output: int) -> None:
        side = options(operator, tflite.DepthToSpaceOptions).BlockSize()
        given = [self.name(inputs[0])]
        self.node("DepthToSpace", given, self.name(output), blocksize=side, mode="DCR")

    def mean(self, operator: Any, inputs: list[int], output: int) -> None:
        axes = [FIRST.index(axis) for axis in self.network.data(inputs[1]).tolist()]
        kept = int(options(operator, tflite.ReducerOptions).KeepDims())
        self.node("ReduceMean", [self.name(inputs[0])], self.name(output), axes=axes, keepdims=kept)

    def fully_connected(self, operator: Any, inputs: list[int], output: int) -> None:
        chosen = options(operator, tflite.FullyConnectedOptions)
        name = self.name(output)
        weights = self.store_weights(inputs[1], f"{name}_weights")
        bias = self.store_weights(inputs[2], f"{name}_bias")
        self.rectified(chosen, "Gemm", [self.name(inputs[0]), weights, bias], name, transB=1)

    def rectified(
        self, chosen: Any, kind: str, inputs: list[str], output: str, **attributes: Any
    ) -> None:
        """Add a node, with the rectifier that TensorFlow Lite merged into it, if any."""
        merged = chosen.FusedActivationFunction()
        if merged == tflite.ActivationFunctionType.NONE:
            self.node(kind, inputs, output, **attributes)
            return
        linear = f"{output}_linear"
        self.node(kind, inputs, linear, **attributes)
        if merged == tflite.ActivationFunctionType.RELU:
            self.node("Relu", [linear], output)
            return
        assert merged == tflite.ActivationFunctionType.RELU6
        if not any(one.name == "zero" for one in self.stored):
            self.store("zero", np.array(0, np.float32))
            self.store("six", np.array(6, np.float32))
        self.node("Clip", [linear, "zero", "six"], output)


SIMPLE = {"RELU": "Relu", "LOGISTIC": "Sigmoid", "MUL": "Mul"}


def options(operator: Any, kind: type) -> Any:
    table, found = operator.BuiltinOptions(), kind()
    found.Init(table.Bytes, table.Pos)
    return found


def index_vector(table: Any, kind: int) -> np.ndarray:
    vector, dtype = INDICES[kind]
    found = vector()
    found.Init(table.Bytes, table.Pos)
    return np.asarray(found.ValuesAsNumpy(), dtype).astype(np.int64)
