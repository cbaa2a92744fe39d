import json
import random

import pytest

from prefml.encoders.folder import read_folder
from prefml.exceptions import EncoderError


@pytest.fixture
def folder(write_folder):
    return write_folder()


def rewrite(folder, change):
    path = folder / "encoder.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_description_becomes_a_spec(folder):
    found = read_folder(folder)
    spec = found.spec
    assert (spec.id, spec.dim, spec.size, spec.normalize) == ("little", 5, 8, "l2")
    assert spec.precision == "fp32"
    assert (found.input, found.output, found.patches) == ("pixels", "embedding", None)


def test_hash_of_a_foreign_model_is_that_of_its_file(folder):
    document = json.loads((folder / "encoder.json").read_text())
    assert read_folder(folder).spec.sha256 == document["sha256"]


def test_hash_of_an_export_is_that_of_the_weights_it_came_from(folder):
    rewrite(folder, lambda document: document.update(weights_sha256="a" * 64))
    assert read_folder(folder).spec.sha256 == "a" * 64


def test_unknown_fields_are_tolerated_everywhere(folder):
    before = read_folder(folder)
    rewrite(folder, lambda document: document.update(colour="red"))
    rewrite(folder, lambda document: document["input"].update(colour="red"))
    rewrite(folder, lambda document: document["output"].update(colour="red"))
    assert read_folder(folder) == before


def test_a_changed_model_is_refused_with_both_hashes(folder):
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(EncoderError, match=r"has sha256 [0-9a-f]{64}; expected '[0-9a-f]{64}'"):
        read_folder(folder)


def test_a_folder_without_a_description_is_refused(tmp_path):
    with pytest.raises(EncoderError, match=r"no .*encoder\.json.*export-encoder"):
        read_folder(tmp_path)


def test_a_missing_model_is_named(folder):
    (folder / "model.onnx").unlink()
    with pytest.raises(EncoderError, match=r"no .*model\.onnx"):
        read_folder(folder)


@pytest.mark.parametrize("name", ["../model.onnx", "/etc/passwd", "", None, 3, "a\0b", "sub/x"])
def test_a_file_outside_the_folder_is_never_opened(folder, name):
    rewrite(folder, lambda document: document.update(file=name))
    with pytest.raises(EncoderError, match="file name"):
        read_folder(folder)


def test_external_weights_are_verified_too(write_folder):
    folder = write_folder("external")
    read_folder(folder)
    (folder / "weights.bin").write_bytes(b"other")
    with pytest.raises(EncoderError, match=r"weights\.bin has sha256"):
        read_folder(folder)


def test_an_identity_that_does_not_fit_the_fields_is_refused(folder):
    rewrite(folder, lambda document: document.update(identity="0" * 16))
    with pytest.raises(EncoderError, match="was changed"):
        read_folder(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": None},
        {"input": None},
        {"input.layout": "NHWC"},
        {"input.size": -1},
        {"input.name": 3},
        {"input.resize": "longest"},
        {"output": {"name": "embedding"}},
        {"output.normalize": "l1"},
        {"output.patches": "yes"},
        {"external": ["weights.bin"]},
        {"external": {"weights.bin": "0"}},
        {"precision": "fp8"},
        {"id": None},
    ],
)
def test_a_wrong_field_is_refused(write_folder, change):
    with pytest.raises(EncoderError):
        read_folder(write_folder(changes=change))


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b"{" * 50_000, b"[" * 50_000, b" " * 2_000_000],
    ids=["empty", "cut", "list", "null", "encoding", "braces", "nested", "huge"],
)
def test_what_is_no_description_is_refused(folder, content):
    (folder / "encoder.json").write_bytes(content)
    with pytest.raises(EncoderError):
        read_folder(folder)


def test_random_damage_is_refused_or_harmless(folder):
    path, chance = folder / "encoder.json", random.Random(0)
    whole = path.read_bytes()
    for _ in range(1000):
        path.write_bytes(damaged(whole, chance))
        try:
            spec = read_folder(folder).spec
        except EncoderError:
            continue
        assert spec.dim > 0
        assert len(spec.sha256) == 64


def damaged(content, chance):
    start, end = sorted(chance.choices(range(len(content)), k=2))
    patch = chance.choice([b"", b"\0", b"NaN", b"-1", b"1e308", b'"', b"{", content[start:end] * 2])
    return content[:start] + patch + content[end:]


@pytest.mark.shared
def test_the_mobilenet_folder_is_read(shared):
    spec = read_folder(shared / "encoders" / "mobilenet_v2").spec
    assert (spec.id, spec.dim, spec.size) == ("mobilenet-v2-1280", 1280, 224)
    assert spec.license == "Apache-2.0"


def test_weights_that_the_description_does_not_list_are_refused(folder):
    import hashlib

    import onnx

    model = onnx.load(folder / "model.onnx")
    onnx.save_model(
        model, folder / "model.onnx", save_as_external_data=True, location="foreign.bin",
        size_threshold=0,
    )  # fmt: skip
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    rewrite(folder, lambda document: document.update(sha256=digest))
    with pytest.raises(EncoderError, match=r"takes weights from 'foreign\.bin', which is not"):
        read_folder(folder)
    weights = hashlib.sha256((folder / "foreign.bin").read_bytes()).hexdigest()
    rewrite(folder, lambda document: document.update(external={"foreign.bin": weights}))
    assert read_folder(folder).spec.sha256 == digest


@pytest.mark.parametrize("size", [4097, 65536])
def test_a_size_that_would_take_gigabytes_a_picture_is_refused(folder, size):
    rewrite(folder, lambda document: document["input"].update(size=size))
    with pytest.raises(EncoderError, match="a whole number from 1 to 4096"):
        read_folder(folder)
