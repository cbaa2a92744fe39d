"""Export an open_clip image tower as an ONNX folder, which runs without torch."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from prefml.encoders._torch import ImageTower, Tensor
from prefml.encoders.folder import DESCRIPTION
from prefml.encoders.onnx import OnnxEncoder
from prefml.encoders.openclip import OpenClipEncoder
from prefml.encoders.parity import (
    NEEDED_COSINE,
    Parity,
    compare,
    refuse_slower,
    refuse_unequal,
    sample_pictures,
)
from prefml.encoders.quantization import quantize_model
from prefml.encoders.silence import silenced_libraries
from prefml.encoders.spec import CHOICES, Encoder, EncoderSpec, PatchEncoder
from prefml.encoders.tower import embed, embed_with_patches, tower_has_patches
from prefml.encoders.vectors import cosines, probe_inputs
from prefml.exceptions import EncoderError
from prefml.files import file_sha256, sync_folder, write_text

if TYPE_CHECKING:
    import torch

__all__ = ["ExportReport", "export_encoder"]

MODEL = "model.onnx"
# Exported with 2, so that the exporter cannot mistake the batch for a constant, and tried at each.
BATCHES = (1, 2, 7, 64)
_FEW_PICTURES = 10
_BATCH_PICTURES = 32
_PATCH_TOLERANCE = {"fp32": 1e-3, "fp16": 0.05, "int8": 0.1}


@dataclass(frozen=True)
class ExportReport:
    """Outcome of an export, with the figures of its parity check.

    Attributes
    ----------
    folder : Path
        The encoder folder.
    identity : str
        `EncoderSpec.identity` of the export.
    precision : str
        Number format of its weights.
    bytes : int
        Size of the folder's files.
    patches : bool
        True if the model has the second output.
    parity : Parity
        Comparison of float32 with torch, of a smaller format with float32.
    """

    folder: Path
    identity: str
    precision: str
    bytes: int
    patches: bool
    parity: Parity

    def to_dict(self) -> dict[str, object]:
        """Return the fields as values that JSON can hold.

        Returns
        -------
        dict of str to object
        """
        return {**asdict(self), "folder": str(self.folder)}


def export_encoder(
    encoder: Encoder,
    out: str | Path,
    precision: str = "fp32",
    pictures: Sequence[Image.Image] = (),
    sets: Sequence[Sequence[int]] = (),
    patches: bool = False,
) -> ExportReport:
    """Export an image tower as ONNX, and accept it only if it gives torch's embeddings.

    Parameters
    ----------
    encoder : OpenClipEncoder
        Encoder to export.
    out : str or Path
        The folder to make; it must not exist, or be empty. It appears only if the export passes.
    precision : {"fp32", "fp16", "int8"}, default="fp32"
        Number format of the weights. The smaller ones are refused unless they are faster.
    pictures : sequence of PIL.Image.Image
        Pictures for the comparison; crops of two photographs join them if there are few.
    sets : sequence of sequences of int
        Places among the pictures of sets in which a person chose, the chosen one first; the top
        choice has to stay in them.
    patches : bool, default=False
        Give the model of a vision transformer a second output, the likeness of each patch to the
        whole; its embedding then costs some 7 per cent more.

    Returns
    -------
    ExportReport

    Raises
    ------
    EncoderError
        If the encoder is no image tower, the folder is in use, or the export does not pass; the
        message carries the numbers.
    """
    if not isinstance(encoder, OpenClipEncoder):
        raise EncoderError(f"encoder {encoder.spec.id}", "clip or open_clip:MODEL/PRETRAINED")
    if precision not in CHOICES["precision"]:
        raise EncoderError(f"precision {precision!r}", f"one of {', '.join(CHOICES['precision'])}")
    if patches and not encoder.has_patches:
        raise EncoderError(f"encoder {encoder.spec.id} has no patches", "a vision transformer")
    chosen = [*pictures, *(sample_pictures() if len(pictures) < _FEW_PICTURES else [])]
    with _staging_folder(Path(out)) as folder:
        spec = replace(encoder.spec, precision=precision)
        writer, inputs = _Writer(encoder, patches), _ParityInputs(chosen, sets)
        writer.model(encoder.tower.to("cpu"), folder / MODEL)
        writer.description(folder, encoder.spec)
        parity = _checked_parity(encoder, OnnxEncoder.open(folder), inputs)
        if precision != "fp32":
            parity = _write_reduced(writer, spec, folder, inputs)
        size = sum(file.stat().st_size for file in folder.iterdir())
    return ExportReport(Path(out), spec.identity, precision, size, patches, parity)


@dataclass(frozen=True)
class _ParityInputs:
    """Pictures and sets that a candidate is compared with its reference on."""

    pictures: Sequence[Image.Image]
    sets: Sequence[Sequence[int]]


@dataclass(frozen=True)
class _Writer:
    """Writer of an encoder's models, with or without the second output."""

    encoder: OpenClipEncoder
    patches: bool

    def model(self, tower: ImageTower, path: Path) -> None:
        """Write a tower of any number format as ONNX."""
        import torch

        pixels = torch.from_numpy(probe_inputs(self.encoder.spec)[:2])
        batch = torch.export.Dim("batch", min=1, max=4096)
        with silenced_libraries(), torch.no_grad():
            program = torch.onnx.export(
                _module(tower, self.patches),
                (pixels,),
                dynamo=True,
                verbose=False,
                input_names=["pixels"],
                output_names=["embedding", "patches"][: 1 + self.patches],
                dynamic_shapes={"pixels": {0: batch}},
            )
            # Weights beyond two gigabytes, which one file cannot hold, go into model.onnx.data.
            program.save(path)

    def description(self, folder: Path, spec: EncoderSpec) -> None:
        """Write the folder's `encoder.json`."""
        others = sorted(path for path in folder.iterdir() if path.name != MODEL)
        output: dict[str, object] = {
            "name": "embedding",
            "dim": spec.dim,
            "normalize": spec.normalize,
        }
        if self.patches and tower_has_patches(self.encoder.tower):
            rows, columns = self.encoder.tower.grid_size
            output["patches"] = {"name": "patches", "rows": rows, "columns": columns}
        fields = spec.to_dict()
        shown = ("size", "resize", "interpolation", "crop", "mean", "std")
        document = {
            "id": spec.id,
            "file": MODEL,
            "sha256": file_sha256(folder / MODEL),
            "external": {path.name: file_sha256(path) for path in others},
            "weights_sha256": spec.sha256,
            "identity": spec.identity,
            "precision": spec.precision,
            "input": {"name": "pixels", "layout": "NCHW"} | {name: fields[name] for name in shown},
            "output": output,
            "source": spec.source,
            "license": spec.license,
        }
        write_text(folder / DESCRIPTION, json.dumps(document, indent=2) + "\n")


@contextmanager
def _staging_folder(out: Path) -> Iterator[Path]:
    """Make a folder beside `out` that is moved there on success and removed on failure."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise EncoderError(f"{out} is in use", "a new or empty folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield folder
        folder.chmod(0o755)
        os.replace(folder, out)
        sync_folder(out.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_reduced(
    writer: _Writer, spec: EncoderSpec, folder: Path, inputs: _ParityInputs
) -> Parity:
    """Replace the float32 model of a folder by a smaller one and check the parity of both."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".exact.") as place:
        exact = Path(place) / "fp32"
        shutil.copytree(folder, exact)
        for file in folder.iterdir():
            file.unlink()
        if spec.precision == "fp16":
            writer.model(deepcopy(writer.encoder.tower).half(), folder / MODEL)
        else:
            quantize_model(exact / MODEL, folder / MODEL)
        writer.description(folder, spec)
        return _checked_parity(OnnxEncoder.open(exact), OnnxEncoder.open(folder), inputs)


def _checked_parity(
    reference: PatchEncoder, candidate: OnnxEncoder, inputs: _ParityInputs
) -> Parity:
    precision = candidate.spec.precision
    parity = compare(reference, candidate, inputs.pictures, inputs.sets)
    few = inputs.pictures[:_BATCH_PICTURES]
    refuse_unequal(parity, precision)
    if precision != "fp32":
        refuse_slower(parity, precision)
    _refuse_batch_effects(candidate, few)
    if candidate.has_patches:
        _refuse_unequal_patches(reference, candidate, few)
    return parity


def _module(tower: ImageTower, patches: bool) -> torch.nn.Module:
    """Wrap a tower of any number format in a module with float32 inputs and outputs."""
    import torch

    dtype = next(tower.parameters()).dtype

    class Embedding(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tower = tower

        def forward(self, pixels: Tensor) -> Tensor | tuple[Tensor, Tensor]:
            if not (patches and tower_has_patches(self.tower)):
                return embed(self.tower, pixels.to(dtype)).float()
            vector, likeness = embed_with_patches(self.tower, pixels.to(dtype))
            return vector.float(), likeness.float()

    return Embedding().eval()


def _refuse_batch_effects(candidate: OnnxEncoder, pictures: Sequence[Image.Image]) -> None:
    """Raise if a picture's embedding depends on the others in its batch, at any of `BATCHES`."""
    inputs = [candidate.preprocess(picture) for picture in pictures]
    alone = np.concatenate([candidate.encode([one]) for one in inputs])
    for count in BATCHES:
        places = np.arange(count) % len(inputs)
        worst = cosines(candidate.encode([inputs[at] for at in places]), alone[places]).min()
        if not worst > NEEDED_COSINE[candidate.spec.precision]:
            raise EncoderError(
                f"vectors depend on the batch: {count} pictures at once, cosine {worst:.6f}",
                f"above {NEEDED_COSINE[candidate.spec.precision]}",
            )


def _refuse_unequal_patches(
    reference: PatchEncoder, candidate: OnnxEncoder, pictures: Sequence[Image.Image]
) -> None:
    batch = [candidate.preprocess(picture) for picture in pictures[:4]]
    expected = reference.encode_with_patches(batch)[1]
    worst = float(np.abs(expected - candidate.encode_with_patches(batch)[1]).max())
    tolerance = _PATCH_TOLERANCE[candidate.spec.precision]
    if not worst < tolerance:
        raise EncoderError(f"patch similarities differ by up to {worst:.4f}", f"{tolerance}")
