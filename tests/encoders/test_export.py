import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from prefml.encoders import open_encoder
from prefml.encoders.builtin import BuiltinEncoder
from prefml.encoders.parity import Parity
from prefml.encoders.vectors import cosines
from prefml.exceptions import EncoderError

pytestmark = pytest.mark.torch
for package in ("torch", "onnx", "onnxscript"):
    pytest.importorskip(package)

from prefml.encoders import export  # noqa: E402
from prefml.encoders.export import export_encoder  # noqa: E402
from prefml.encoders.openclip import OpenClipEncoder  # noqa: E402

WITHOUT_TORCH = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name in ("torch", "torchvision", "open_clip", "onnx", "onnxscript", "timm"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Nothing())
import numpy as np
from prefml.encoders import open_encoder
from prefml.encoders.parity import sample_pictures
encoder = open_encoder(sys.argv[1], device="cpu")
vectors = encoder.encode([encoder.preprocess(picture) for picture in sample_pictures()])
np.save(sys.argv[2], vectors)
assert not {"torch", "open_clip", "onnx"} & set(sys.modules)
"""


@pytest.fixture
def copied(exported, monkeypatch):
    """Let exports copy the model that was made once, which saves seconds."""

    def copy(writer, tower, path):
        shutil.copy(exported.folder / "model.onnx", path)

    monkeypatch.setattr(export._Writer, "model", copy)


def encode(encoder, pictures):
    return encoder.encode([encoder.preprocess(picture) for picture in pictures])


def test_torch_and_export_agree(tiny, exported, pictures):
    expected, found = encode(tiny, pictures), encode(open_encoder(str(exported.folder)), pictures)
    assert cosines(expected, found).min() > 0.9999
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_export_runs_where_there_is_no_torch(tiny, exported, pictures, tmp_path):
    out = tmp_path / "vectors.npy"
    subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, str(exported.folder), str(out)],
        check=True,
        timeout=120,
    )
    assert cosines(encode(tiny, pictures), np.load(out)).min() > 0.9999


@pytest.mark.parametrize("count", [1, 2, 7, 64])
def test_any_batch_gives_each_picture_its_own_vector(exported, pictures, count):
    encoder = open_encoder(str(exported.folder))
    batch = [encoder.preprocess(pictures[at % len(pictures)]) for at in range(count)]
    vectors = encoder.encode(batch)
    alone = np.concatenate([encoder.encode([one]) for one in batch[:10]])
    assert vectors.shape == (count, 32)
    assert cosines(vectors[:10], alone).min() > 0.99999


def test_identity_is_that_of_the_network_it_came_from(tiny, exported):
    spec = open_encoder(str(exported.folder)).spec
    assert spec == tiny.spec
    assert spec.identity == tiny.spec.identity == exported.identity


def test_input_is_the_same_to_the_last_bit(tiny, exported, pictures):
    encoder = open_encoder(str(exported.folder))
    for picture in pictures:
        np.testing.assert_array_equal(encoder.preprocess(picture), tiny.preprocess(picture))


def test_the_last_block_is_computed_for_the_class_token_alone(tiny, exported):
    from onnx import load, shape_inference

    model = shape_inference.infer_shapes(load(exported.folder / "model.onnx"))
    known = [*model.graph.value_info, *model.graph.output]
    rows = {one.name: [dim.dim_value for dim in one.type.tensor_type.shape.dim] for one in known}
    wide = [size for size in rows.values() if size and size[-1] == 4 * 64]
    # The tiny tower has one block: its perceptron sees one token of seventeen.
    assert wide
    assert not [size for size in wide if 17 in size]


def test_patches_come_only_where_they_are_asked_for(exported):
    assert not exported.patches
    assert not open_encoder(str(exported.folder)).has_patches


def test_patches_agree_too(tiny, exported_with_patches, pictures):
    batch = [tiny.preprocess(picture) for picture in pictures]
    encoder = open_encoder(str(exported_with_patches.folder))
    assert encoder.has_patches
    for expected, found in zip(
        tiny.encode_with_patches(batch), encoder.encode_with_patches(batch), strict=True
    ):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_description_names_the_patches(exported_with_patches):
    document = json.loads((exported_with_patches.folder / "encoder.json").read_text())
    assert document["output"]["patches"] == {"name": "patches", "rows": 4, "columns": 4}


def test_description_names_everything(exported):
    document = json.loads((exported.folder / "encoder.json").read_text())
    assert document["output"] == {"name": "embedding", "dim": 32, "normalize": "l2"}
    assert document["identity"] == exported.identity
    assert document["precision"] == "fp32"
    assert sorted(path.name for path in exported.folder.iterdir()) == ["encoder.json", "model.onnx"]


def test_report_can_be_written_as_json(exported):
    report = json.loads(json.dumps(exported.to_dict()))
    assert report["parity"]["min_cosine"] > 0.9999


@pytest.mark.slow
def test_a_network_without_patches_is_exported_without(open_clip, tmp_path, pictures):
    config = {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 16, "head_width": 16},
        "text_cfg": {"context_length": 8, "vocab_size": 64, "width": 32, "heads": 2, "layers": 1},
    }
    (tmp_path / "prefml-tiny-resnet.json").write_text(json.dumps(config))
    open_clip.add_model_config(tmp_path / "prefml-tiny-resnet.json")
    encoder = OpenClipEncoder.untrained("prefml-tiny-resnet")
    assert not encoder.has_patches
    report = export_encoder(encoder, tmp_path / "out", "fp32", pictures)
    assert not report.patches
    assert report.parity.min_cosine > 0.9999
    with pytest.raises(EncoderError, match="no patches"):
        export_encoder(encoder, tmp_path / "with", "fp32", pictures, patches=True)


@pytest.mark.usefixtures("copied")
def test_sample_photographs_stand_in_when_there_are_no_pictures(tiny, tmp_path):
    assert export_encoder(tiny, tmp_path / "out").parity.pictures == 10


def nothing_left(folder):
    return not list(folder.iterdir())


@pytest.mark.usefixtures("copied")
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda vectors: vectors * np.nan, "not finite"),
        (np.ones_like, "same vector"),
        (lambda vectors: vectors + 0.1 * np.roll(vectors, 1), r"worst cosine 0\.9"),
    ],
    ids=["nan", "constant", "other"],
)
def test_a_wrong_export_is_refused_and_leaves_nothing(
    tiny, tmp_path, pictures, monkeypatch, damage, message
):
    run = export.OnnxEncoder.encode
    monkeypatch.setattr(export.OnnxEncoder, "encode", lambda *args: damage(run(*args)))
    with pytest.raises(EncoderError, match=message):
        export_encoder(tiny, tmp_path / "out", "fp32", pictures)
    assert nothing_left(tmp_path)


@pytest.mark.usefixtures("copied")
def test_sets_whose_top_choice_changes_are_refused_and_leave_nothing(
    tiny, tmp_path, pictures, monkeypatch
):
    monkeypatch.setattr("prefml.encoders.parity.top_choice_agreement", lambda *args: 0.5)
    with pytest.raises(EncoderError, match=r"top choice: it is the same in 0\.500 of 2 sets"):
        export_encoder(tiny, tmp_path / "out", "fp32", pictures, [[0, 1], [2, 3, 4]])
    assert nothing_left(tmp_path)


@pytest.mark.usefixtures("copied")
def test_vectors_that_depend_on_their_neighbours_are_refused(tiny, tmp_path, pictures, monkeypatch):
    run = export.OnnxEncoder.encode

    def leak(self, batch):
        vectors = run(self, batch)
        return vectors + (len(batch) == 7) * np.roll(vectors, 1, axis=0)

    monkeypatch.setattr(export.OnnxEncoder, "encode", leak)
    with pytest.raises(EncoderError, match="7 pictures at once"):
        export_encoder(tiny, tmp_path / "out", "fp32", pictures)
    assert nothing_left(tmp_path)


def test_wrong_patches_are_refused(tiny, tmp_path, pictures, monkeypatch):
    run = export.OnnxEncoder.encode_with_patches
    monkeypatch.setattr(
        export.OnnxEncoder, "encode_with_patches", lambda *args: (None, run(*args)[1] + 0.5)
    )
    with pytest.raises(EncoderError, match=r"patch similarities differ by up to 0\.5"):
        export_encoder(tiny, tmp_path / "out", "fp32", pictures, patches=True)


@pytest.mark.usefixtures("copied")
def test_an_interrupted_export_leaves_nothing(tiny, tmp_path, monkeypatch):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "compare", stop)
    with pytest.raises(KeyboardInterrupt):
        export_encoder(tiny, tmp_path / "out")
    assert nothing_left(tmp_path)


@pytest.mark.parametrize("precision", [pytest.param("fp16", marks=pytest.mark.slow), "int8"])
def test_smaller_weights_pass_a_gate_of_their_own(
    tiny, tmp_path, pictures, monkeypatch, request, precision
):
    if precision == "int8":
        request.getfixturevalue("copied")
    monkeypatch.setattr(export, "refuse_slower", lambda *args: None)
    monkeypatch.setattr("prefml.encoders.parity.NEEDED_COSINE", NEEDED := {
        "fp32": 0.9999, "fp16": 0.99, "int8": 0.9
    })  # fmt: skip
    monkeypatch.setattr(export, "NEEDED_COSINE", NEEDED)
    report = export_encoder(tiny, tmp_path / "out", precision, pictures)
    encoder = open_encoder(str(tmp_path / "out"))
    assert encoder.spec.precision == report.precision == precision
    assert encoder.spec.identity != tiny.spec.identity
    assert encoder.spec.sha256 == tiny.spec.sha256
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.usefixtures("copied")
@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_smaller_weights_that_are_no_faster_are_refused(
    tiny, tmp_path, pictures, monkeypatch, precision
):
    slow = Parity(10, 1.0, 1.0, 0.02, 0.01)
    monkeypatch.setattr(export, "compare", lambda *args: slow)
    with pytest.raises(EncoderError, match=rf"{precision} takes 20\.0 ms"):
        export_encoder(tiny, tmp_path / "out", precision, pictures)
    assert nothing_left(tmp_path)


def test_a_folder_in_use_is_left_alone(tiny, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(EncoderError, match="in use"):
        export_encoder(tiny, tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_only_image_towers_are_exported(tmp_path):
    with pytest.raises(EncoderError, match=r"builtin-1.*clip"):
        export_encoder(BuiltinEncoder(), tmp_path / "out")


def test_an_unknown_precision_is_refused(tiny, tmp_path):
    with pytest.raises(EncoderError, match="fp32, fp16, int8"):
        export_encoder(tiny, tmp_path / "out", "fp8")


@pytest.mark.slow
def test_the_whole_vit_b_32_agrees_at_every_batch_and_runs_without_torch(
    open_clip, tmp_path, pictures
):
    encoder = OpenClipEncoder.untrained("ViT-B-32")
    sets = [[0, 1], [2, 3, 4], [5, 6], [7, 8, 9]]
    report = export_encoder(encoder, tmp_path / "out", "fp32", pictures, sets)
    exported = open_encoder(str(tmp_path / "out"))
    assert report.parity.min_cosine > 0.9999
    assert (report.parity.sets, report.parity.agreement) == (4, 1.0)
    assert exported.spec.identity == encoder.spec.identity
    expected = encode(encoder, pictures)
    for count in (1, 2, 7, 64):
        batch = [exported.preprocess(pictures[at % len(pictures)]) for at in range(count)]
        found = exported.encode(batch)
        assert cosines(found, expected[np.arange(count) % len(pictures)]).min() > 0.9999
    out = tmp_path / "vectors.npy"
    command = [sys.executable, "-c", WITHOUT_TORCH, str(tmp_path / "out"), str(out)]
    subprocess.run(command, check=True, timeout=300)
    assert cosines(expected, np.load(out)).min() > 0.9999


def external_copy(path, target):
    """Write a model again with its weights in a file beside it."""
    import onnx

    model = onnx.load(path)
    onnx.save_model(
        model, target, save_as_external_data=True, location="model.onnx.data", size_threshold=1024
    )


def test_weights_in_a_file_of_their_own_are_named_hashed_and_used(
    tiny, exported, tmp_path, pictures, monkeypatch
):
    monkeypatch.setattr(
        export._Writer,
        "model",
        lambda writer, tower, path: external_copy(exported.folder / "model.onnx", path),
    )
    export_encoder(tiny, tmp_path / "out", "fp32", pictures)
    document = json.loads((tmp_path / "out" / "encoder.json").read_text())
    assert list(document["external"]) == ["model.onnx.data"]
    found = encode(open_encoder(str(tmp_path / "out")), pictures)
    np.testing.assert_allclose(found, encode(tiny, pictures), atol=1e-5)
    with open(tmp_path / "out" / "model.onnx.data", "ab") as file:
        file.write(b"more")
    with pytest.raises(EncoderError, match="sha256"):
        open_encoder(str(tmp_path / "out"))
