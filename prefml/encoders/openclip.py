"""Run the image towers of CLIP and its relatives through open_clip, which needs torch.

References
----------
.. [1] A. Radford et al. "Learning Transferable Visual Models From Natural Language Supervision."
   ICML 2021.
.. [2] G. Ilharco et al. "OpenCLIP." Zenodo, 2021, https://doi.org/10.5281/zenodo.5143773.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from prefml._typing import Floats32
from prefml.encoders._torch import ImageTower, Network, OpenClip, VisionTransformer
from prefml.encoders.preprocess import network_input
from prefml.encoders.silence import silenced_libraries
from prefml.encoders.spec import EncoderSpec, Preprocessed
from prefml.encoders.tower import embed_with_patches, pooled, tower_has_patches, tower_spec
from prefml.encoders.vectors import check_probe, mismatch, postprocess, probe_inputs
from prefml.encoders.weights import CLIP, is_torchscript, resolve_weights
from prefml.exceptions import EncoderError

__all__ = [
    "OpenClipEncoder",
    "choose_device",
    "import_open_clip",
    "present_devices",
    "run_tower",
    "run_tower_with_patches",
]

_CHECKED_PICTURES = 5
_INSTALL = "pip install 'prefml[clip]'"

_log = logging.getLogger("prefml")


class OpenClipEncoder:
    """An encoder whose image tower is one of open_clip's.

    The first batch on an accelerator is compared with the CPU's embeddings.

    Parameters
    ----------
    tower : torch.nn.Module
        The image tower, on the CPU, in float32.
    spec : EncoderSpec
        Description of the embeddings.
    device : {"cpu", "cuda", "mps"}, default="cpu"
        Where to run.
    fallback : bool, default=False
        Continue on the CPU, with a warning, if the accelerator gives other embeddings.
    """

    def __init__(
        self, tower: ImageTower, spec: EncoderSpec, device: str = "cpu", fallback: bool = False
    ) -> None:
        self.tower = tower
        self.spec = spec
        self.device = device
        self.fallback = fallback
        self._verified = False
        self._lock = threading.Lock()

    @classmethod
    def open(cls, name: str, root: Path, device: str = "auto") -> OpenClipEncoder:
        """Open `clip`, `open_clip:MODEL/PRETRAINED` or `open_clip:MODEL/PATH`.

        Parameters
        ----------
        name : str
            The encoder's name.
        root : Path
            What a relative path of a checkpoint starts from.
        device : {"auto", "mps", "cuda", "cpu"}, default="auto"
            Where to run; "auto" takes the best there is.

        Returns
        -------
        OpenClipEncoder

        Raises
        ------
        EncoderError
            If torch or open_clip is missing, or the model, the checkpoint or the device is not
            there.
        WeightsUnavailableError
            If the weights are not here and cannot be fetched.
        """
        open_clip = import_open_clip()
        place = choose_device(device)
        source = resolve_weights(open_clip, CLIP if name == "clip" else name, root)
        tower = _tower(open_clip, source.model, source.weights)
        dim = _embedding_dim(open_clip, source.model)
        spec = tower_spec(source.model, dim, tower, source.preprocess, source.origin)
        return cls(tower, spec, place, fallback=device == "auto")

    @classmethod
    def untrained(cls, model: str, seed: int = 0, device: str = "cpu") -> OpenClipEncoder:
        """Build a model with random weights, for tests and for measuring speed.

        Parameters
        ----------
        model : str
            A model that open_clip knows.
        seed : int, default=0
            Seed of the weights.
        device : str, default="cpu"
            Where to run.

        Returns
        -------
        OpenClipEncoder
        """
        open_clip = import_open_clip()
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            tower = _tower(open_clip, model, None)
        origin = f"open_clip {model}, random weights"
        return cls(
            tower, tower_spec(model, _embedding_dim(open_clip, model), tower, {}, origin), device
        )

    @property
    def has_patches(self) -> bool:
        """Tell whether the tower is a vision transformer with patch tokens."""
        return tower_has_patches(self.tower)

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
            Vectors of length 1.

        Raises
        ------
        EncoderError
            If the vectors are not finite or constant, or a device that was asked for by name
            does not agree with the CPU.
        """
        if not len(batch):
            return np.empty((0, self.spec.dim), np.float32)
        pixels = self._verified_batch(batch)
        return postprocess(run_tower(self.tower, pixels, self.device), self.spec, len(batch))

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
            As `encode`, and if the model has no patches; `has_patches` tells.
        """
        if not tower_has_patches(self.tower):
            raise EncoderError(f"encoder {self.spec.id} has no patches", "a vision transformer")
        pixels = self._verified_batch(batch)
        vectors, patches = run_tower_with_patches(self.tower, pixels, self.device)
        return postprocess(vectors, self.spec, len(batch)), patches

    def _verified_batch(self, batch: Sequence[Preprocessed]) -> Floats32:
        pixels = np.asarray(np.stack(list(batch)), np.float32)
        with self._lock:
            if not self._verified:
                self._verify(pixels)
                self._verified = True
        return pixels

    def _verify(self, pixels: Floats32) -> None:
        probes = probe_inputs(self.spec)
        sample = np.concatenate([probes, pixels[:_CHECKED_PICTURES]])
        reference = run_tower(self.tower, sample, "cpu")
        check_probe(reference[: len(probes)], self.spec)
        if self.device == "cpu":
            return
        try:
            vectors = run_tower(self.tower, sample, self.device)
            fault = mismatch(vectors, reference, f"device {self.device}")
        except (RuntimeError, NotImplementedError) as error:
            fault = f"device {self.device} failed: {str(error).splitlines()[0][:200]}"
        if fault and not self.fallback:
            raise EncoderError(fault, "the CPU's vectors", "the same command with --device cpu")
        if fault:
            _log.warning("%s; going on with the CPU", fault)
            self.device = "cpu"


def run_tower(tower: ImageTower, pixels: Floats32, device: str) -> Floats32:
    """Run an image tower on one batch.

    Parameters
    ----------
    tower : torch.nn.Module
        The tower; it is moved to the device and stays there.
    pixels : ndarray of shape (n, 3, size, size), float32
        Network input.
    device : str
        Where to run.

    Returns
    -------
    ndarray of shape (n, dim), float32
        Raw vectors.
    """
    import torch

    with torch.inference_mode():
        vectors = pooled(tower.to(device)(torch.from_numpy(pixels).to(device)))
    return np.asarray(vectors.float().cpu().numpy(), np.float32)


def run_tower_with_patches(
    tower: VisionTransformer, pixels: Floats32, device: str
) -> tuple[Floats32, Floats32]:
    """Run a vision transformer on one batch, and compare each patch with the whole.

    Parameters
    ----------
    tower, pixels, device
        As for `run_tower`.

    Returns
    -------
    vectors : ndarray of shape (n, dim), float32
    patches : ndarray of shape (n, rows, columns), float32
    """
    import torch

    with torch.inference_mode():
        vectors, patches = embed_with_patches(tower.to(device), torch.from_numpy(pixels).to(device))
    found = (np.asarray(one.float().cpu().numpy(), np.float32) for one in (vectors, patches))
    return next(found), next(found)


def choose_device(device: str) -> str:
    """Return the device to run on.

    Parameters
    ----------
    device : {"auto", "mps", "cuda", "cpu"}
        "auto" takes the first that is available of mps, cuda and cpu.

    Returns
    -------
    str

    Raises
    ------
    EncoderError
        If a device was asked for by name and is not there.
    """
    present = present_devices()
    if device == "auto":
        return present[0]
    if device not in present:
        raise EncoderError(f"device {device!r} is not here", f"one of {', '.join(present)}")
    return device


def present_devices() -> list[str]:
    """Return the devices that torch can use on this machine.

    Returns
    -------
    list of str
        Best first; "cpu" is the last.
    """
    import torch

    there = {"mps": torch.backends.mps.is_available(), "cuda": torch.cuda.is_available()}
    return [name for name, here in there.items() if here] + ["cpu"]


def _embedding_dim(open_clip: OpenClip, model: str) -> int:
    return int(open_clip.get_model_config(model)["embed_dim"])


def _tower(open_clip: OpenClip, model: str, weights: Path | None) -> ImageTower:
    with silenced_libraries():
        try:
            network = open_clip.create_model(model, load_weights=False)
        except (RuntimeError, OSError, ValueError) as error:
            raise EncoderError(f"open_clip {model}: {str(error)[:300]}") from error
        if weights is not None:
            _load_weights(open_clip, network, weights, model)
    return network.visual.float().eval().requires_grad_(False)


def _load_weights(open_clip: OpenClip, network: Network, weights: Path, model: str) -> None:
    from pickle import UnpicklingError

    try:
        if is_torchscript(weights):
            _load_torchscript(network, weights)
        else:
            open_clip.load_checkpoint(network, str(weights))
    except (RuntimeError, OSError, LookupError, ValueError, TypeError, UnpicklingError) as error:
        reason = " ".join(str(error).split())[:300]
        raise EncoderError(f"{weights}: {reason}", f"weights of {model}") from error
    except Exception as error:
        # safetensors raises a class of its own for damaged files.
        raise EncoderError(f"{weights}: {str(error)[:300]}", f"weights of {model}") from error


def _load_torchscript(network: Network, weights: Path) -> None:
    """Load one of OpenAI's TorchScript archives, which hold three numbers beside the weights."""
    import torch

    state = torch.jit.load(str(weights), map_location="cpu").state_dict()
    for name in ("input_resolution", "context_length", "vocab_size"):
        state.pop(name, None)
    network.load_state_dict({name: tensor.float() for name, tensor in state.items()})


_declared: list[object] = []


def import_open_clip() -> OpenClip:
    """Import open_clip, also beside a torchvision whose compiled operators are missing.

    Returns
    -------
    module
        The library.

    Raises
    ------
    EncoderError
        If torch or open_clip is not installed.
    """
    try:
        import torch  # noqa: F401

        try:
            import open_clip
        except RuntimeError as error:
            if "torchvision::" not in str(error):
                raise
            _declare_torchvision_operators()
            import open_clip
    except ImportError as error:
        raise EncoderError(f"{error}", "torch and open_clip for this encoder", _INSTALL) from error
    found: OpenClip = open_clip
    return found


def _declare_torchvision_operators() -> None:
    """Declare operators that a CPU build of torch lacks beside PyPI's torchvision.

    Nothing calls them.
    """
    import torch

    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    # Declarations last only as long as the library object.
    _declared.append(library)
