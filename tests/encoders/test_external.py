from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from prefml.encoders.external import external_files
from prefml.exceptions import EncoderError


def tensor(name: str, location: str | None = None) -> TensorProto:
    made = numpy_helper.from_array(np.arange(4, dtype=np.float32), name)
    if location is not None:
        made.ClearField("raw_data")
        made.data_location = TensorProto.EXTERNAL
        for key, value in (("location", location), ("offset", "0"), ("length", "16")):
            entry = made.external_data.add()
            entry.key, entry.value = key, value
    return made


def in_initializer(part):
    return helper.make_graph([], "g", [], [], [part])


def in_constant(part):
    return helper.make_graph([helper.make_node("Constant", [], ["c"], value=part)], "g", [], [])


def in_branch(part):
    node = helper.make_node("If", ["x"], ["y"], then_branch=in_constant(part),
                            else_branch=in_initializer(tensor("e")))  # fmt: skip
    return helper.make_graph([node], "g", [], [])


def in_list(part):
    node = helper.make_node("Custom", [], ["y"], values=[tensor("v"), part])
    return helper.make_graph([node], "g", [], [])


def in_sparse(part):
    sparse = helper.make_sparse_tensor(part, numpy_helper.from_array(np.arange(4), "i"), [9])
    graph = helper.make_graph([], "g", [], [])
    graph.sparse_initializer.append(sparse)
    return graph


PLACES = (in_initializer, in_constant, in_branch, in_list, in_sparse)


def write(folder, graph, function=None):
    model = helper.make_model(graph)
    if function is not None:
        model.functions.append(function)
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("place", PLACES)
def test_weights_elsewhere_are_found_wherever_the_model_has_them(tmp_path, place):
    assert external_files(write(tmp_path, place(tensor("w", "w.bin")))) == {"w.bin"}


def test_weights_of_a_function_are_found(tmp_path):
    node = helper.make_node("Constant", [], ["c"], value=tensor("w", "../w.bin"))
    function = helper.make_function("d", "f", [], ["c"], [node], [helper.make_opsetid("", 18)])
    graph = helper.make_graph([], "g", [], [])
    assert external_files(write(tmp_path, graph, function)) == {"../w.bin"}


@pytest.mark.parametrize("place", PLACES)
def test_weights_in_the_model_itself_are_no_file(tmp_path, place):
    assert external_files(write(tmp_path, place(tensor("w.bin")))) == frozenset()


@pytest.mark.parametrize("raw", [b"", b"\x3a\xff", b"not a model", b"\x0b" * 9, b"\xff" * 30])
def test_a_file_that_is_no_model_is_an_error_of_ours(tmp_path, raw):
    (tmp_path / "model.onnx").write_bytes(raw)
    with pytest.raises(EncoderError, match="an ONNX model"):
        external_files(tmp_path / "model.onnx")


@pytest.mark.parametrize("above", [1, 2, 0x7F])
def test_a_field_whose_number_some_readers_would_cut_off_hides_nothing(tmp_path, above):
    raw = write(tmp_path, in_initializer(tensor("w", "w.bin"))).read_bytes()
    # The tag of the graph, number 7, with bits above the 32 that a tag has.
    at = raw.index(b"\x3a")
    long = bytes([0x3A | 0x80, 0x80, 0x80, 0x80, 0x80 | above << 4 & 0x70, above])
    (tmp_path / "model.onnx").write_bytes(raw[:at] + long + raw[at + 1 :])
    with pytest.raises(EncoderError, match="an ONNX model"):
        external_files(tmp_path / "model.onnx")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(PLACES[:1]), st.text(min_size=1, max_size=9)), max_size=5)
)
def test_every_name_is_found_as_the_package_onnx_reads_it(tmp_path, parts):
    graph = helper.make_graph(
        [], "g", [], [], [tensor(str(i), t) for i, (_, t) in enumerate(parts)]
    )
    path = write(tmp_path, graph)
    read = onnx.load(path, load_external_data=False).graph.initializer
    expected = {e.value for part in read for e in part.external_data if e.key == "location"}
    assert external_files(path) == expected
