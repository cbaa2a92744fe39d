"""Run an ONNX model as an encoder with ONNX Runtime, without torch."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from prefml._typing import Floats32
from prefml.encoders.folder import EncoderFolder, read_folder
from prefml.encoders.preprocess import network_input
from prefml.encoders.spec import EncoderSpec, Preprocessed
from prefml.encoders.vectors import check_probe, mismatch, postprocess, probe_inputs
from prefml.exceptions import EncoderError

__all__ = ["OnnxEncoder", "Session", "execution_providers", "open_session"]

PROVIDERS = {
    "cpu": ("CPUExecutionProvider",),
    "cuda": ("CUDAExecutionProvider", "CPUExecutionProvider"),
    "mps": ("CoreMLExecutionProvider", "CPUExecutionProvider"),
}

# Pictures whose activations fit a core's cache: larger batches gain a CPU nothing.
_CHUNK = 8
_CHECKED_PICTURES = 5


class _Node(Protocol):
    """An input or output of a model."""

    name: str


class Session(Protocol):
    """The part of `onnxruntime.InferenceSession` that is used."""

    def run(
        self, output_names: Sequence[str], input_feed: Mapping[str, Floats32]
    ) -> list[Floats32]:
        """Return the outputs of the names, for one batch."""

    def get_inputs(self) -> Sequence[_Node]:
        """Return the inputs of the model."""

    def get_outputs(self) -> Sequence[_Node]:
        """Return the outputs of the model."""


class OnnxEncoder:
    """An encoder whose image tower is an ONNX file.

    The model is loaded, and tried on three unlike inputs, when the first batch is encoded; on
    another device than the CPU, these and that batch must give the CPU's vectors.

    Parameters
    ----------
    folder : EncoderFolder
        The verified model and how to feed it.
    providers : sequence of str, default=("CPUExecutionProvider",)
        ONNX Runtime execution providers, best first.
    threads : int, default=0
        Threads of one batch; 0 takes one for each core.
    """

    def __init__(
        self,
        folder: EncoderFolder,
        providers: Sequence[str] = PROVIDERS["cpu"],
        threads: int = 0,
    ) -> None:
        self.folder = folder
        self.providers = tuple(providers)
        self.threads = threads
        self._lock = threading.Lock()
        self._verified = self.providers == PROVIDERS["cpu"]

    @classmethod
    def open(cls, folder: str | Path, device: str = "cpu", threads: int = 0) -> OnnxEncoder:
        """Open an encoder folder.

        Parameters
        ----------
        folder : str or Path
            A folder with an `encoder.json`.
        device : {"auto", "cpu", "cuda", "mps"}, default="cpu"
            Where to run; "auto" is the CPU, which every ONNX Runtime has and which is exact.
        threads : int, default=0
            Threads of one batch; 0 takes one for each core.

        Returns
        -------
        OnnxEncoder

        Raises
        ------
        EncoderError
            If the folder cannot be used or this ONNX Runtime does not run on that device.
        """
        return cls(read_folder(Path(folder)), execution_providers(device), threads)

    @property
    def spec(self) -> EncoderSpec:
        """Description of the embeddings."""
        return self.folder.spec

    def preprocess(self, image: Image.Image) -> Floats32:
        """Make the network's input of one picture.

        Parameters
        ----------
        image : PIL.Image.Image
            A picture of any size; other modes are converted to RGB.

        Returns
        -------
        ndarray of shape (3, size, size), float32
        """
        return network_input(image, self.spec)

    def encode(self, batch: Sequence[Preprocessed]) -> Floats32:
        """Encode preprocessed pictures.

        Parameters
        ----------
        batch : sequence of ndarray of shape (3, size, size)
            Results of `preprocess`.

        Returns
        -------
        ndarray of shape (len(batch), dim), float32

        Raises
        ------
        EncoderError
            If the model cannot be loaded, or gives vectors that are not finite, constant, or of
            another length than described.
        """
        if not len(batch):
            return np.empty((0, self.spec.dim), np.float32)
        (vectors,) = self._run([self.folder.output], _stacked(batch))
        return postprocess(vectors, self.spec, len(batch))

    def encode_with_patches(self, batch: Sequence[Preprocessed]) -> tuple[Floats32, Floats32]:
        """Encode pictures, and compare each of their patches with the whole.

        Parameters
        ----------
        batch : sequence of ndarray of shape (3, size, size)
            Results of `preprocess`, at least one.

        Returns
        -------
        vectors : ndarray of shape (n, dim), float32
            As `encode` gives them.
        patches : ndarray of shape (n, rows, columns), float32
            Cosine of each patch of the preprocessed square to the picture's vector.

        Raises
        ------
        EncoderError
            As `encode`, and if the model has no such output; `has_patches` tells.
        """
        if self.folder.patches is None:
            raise EncoderError(f"encoder {self.spec.id} has no patches", "an export of a ViT")
        names = [self.folder.output, self.folder.patches]
        vectors, patches = self._run(names, _stacked(batch))
        if patches.ndim != 3 or not np.isfinite(patches).all():
            raise EncoderError(f"encoder {self.spec.id} gave patches of shape {patches.shape}")
        return postprocess(vectors, self.spec, len(batch)), patches

    @property
    def has_patches(self) -> bool:
        """Tell whether the model has the output of `encode_with_patches`."""
        return self.folder.patches is not None

    def _run(self, outputs: list[str], pixels: Floats32) -> list[Floats32]:
        with self._lock:
            session = self._session
            if not self._verified:
                self._check_against_cpu(session, pixels)
                self._verified = True
        if self._workers is None:
            return _run_session(session, outputs, self.folder.input, pixels)
        size = min(_CHUNK, -(-len(pixels) // self._cores))
        parts = [pixels[at : at + size] for at in range(0, len(pixels), size)]
        results = self._workers.map(
            partial(_run_session, session, outputs, self.folder.input), parts
        )
        return [np.concatenate(output) for output in zip(*results, strict=True)]

    @property
    def _cores(self) -> int:
        return self.threads or os.cpu_count() or 1

    @cached_property
    def _workers(self) -> ThreadPoolExecutor | None:
        """Thread pool for parts of a batch on the CPU: cheaper than threads inside one part."""
        if self.providers != PROVIDERS["cpu"]:
            return None
        return ThreadPoolExecutor(self._cores, thread_name_prefix="encode")

    def _check_against_cpu(self, session: Session, pixels: Floats32) -> None:
        sample = np.concatenate([probe_inputs(self.spec), pixels[:_CHECKED_PICTURES]])
        exact = OnnxEncoder(self.folder, threads=self.threads)
        (expected,) = exact._run([self.folder.output], sample)
        (found,) = _run_session(session, [self.folder.output], self.folder.input, sample)
        fault = mismatch(found, expected, self.providers[0])
        if fault:
            raise EncoderError(fault, "the CPU's vectors", "the same command with --device cpu")

    @cached_property
    def _session(self) -> Session:
        inside = self.threads if self._workers is None else 1
        session = open_session(self.folder.model, self.providers, inside, self.spec.precision)
        _check_signature(session, self.folder)
        pixels = probe_inputs(self.spec)
        (vectors,) = _run_session(session, [self.folder.output], self.folder.input, pixels)
        check_probe(vectors, self.spec)
        return session


def execution_providers(device: str) -> tuple[str, ...]:
    """Return the execution providers of a device, best first.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda", "mps"}
        "auto" is the CPU.

    Returns
    -------
    tuple of str

    Raises
    ------
    EncoderError
        If there is no such device, or this ONNX Runtime does not run on it.
    """
    import onnxruntime

    wanted = PROVIDERS.get("cpu" if device == "auto" else device)
    if wanted is None:
        raise EncoderError(f"device {device!r}", f"auto, {', '.join(sorted(PROVIDERS))}")
    if wanted[0] not in onnxruntime.get_available_providers():
        raise EncoderError(
            f"this ONNX Runtime has no {wanted[0]}",
            f"one of {', '.join(onnxruntime.get_available_providers())}",
            "the same command with --device cpu",
        )
    return wanted


def open_session(
    model: Path, providers: Sequence[str], threads: int, precision: str = "fp32"
) -> Session:
    """Load a model into ONNX Runtime.

    Parameters
    ----------
    model : Path
        The ONNX file.
    providers : sequence of str
        Execution providers, best first.
    threads : int
        Threads of one run; 0 takes one for each core.
    precision : {"fp32", "fp16", "int8"}, default="fp32"
        Number format of the weights.

    Returns
    -------
    Session

    Raises
    ------
    EncoderError
        If the file is no model that ONNX Runtime can use.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Threads that wait by spinning would take the cores from those that decode.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if precision == "fp16":
        # With half floats on the CPU, the last level of ONNX Runtime 1.32's optimisations ends the
        # process, and microsoft/onnxruntime#27768 reports that memory patterns spoil later runs.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.enable_mem_pattern = False
    try:
        session: Session = onnxruntime.InferenceSession(str(model), options, list(providers))
    except Exception as error:
        # ONNX Runtime raises a dozen unrelated classes for a file it cannot use.
        raise EncoderError(f"{model}: {_first_line(error)}", "an ONNX model") from error
    return session


def _stacked(batch: Sequence[Preprocessed]) -> Floats32:
    return np.asarray(np.stack(list(batch)), np.float32)


def _run_session(
    session: Session, outputs: list[str], name: str, pixels: Floats32
) -> list[Floats32]:
    try:
        return session.run(outputs, {name: pixels})
    except Exception as error:
        raise EncoderError(f"the encoder could not run: {_first_line(error)}") from error


def _check_signature(session: Session, folder: EncoderFolder) -> None:
    inputs = [node.name for node in session.get_inputs()]
    outputs = [node.name for node in session.get_outputs()]
    wanted = [folder.output, *([folder.patches] if folder.patches else [])]
    if inputs != [folder.input] or not set(wanted) <= set(outputs):
        raise EncoderError(
            f"{folder.model} maps {inputs} to {outputs}", f"{[folder.input]} to {wanted}"
        )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
