"""Choose the backend of an encoder: the fastest whose embeddings equal the CPU's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from PIL import Image

from prefml.encoders.parity import Parity, compare, refuse_unequal, sample_pictures
from prefml.encoders.spec import Encoder
from prefml.exceptions import EncoderError

__all__ = ["BACKENDS", "BackendChoice", "BackendTrial", "choose_backend", "open_backend"]

# Name -> device, as `prefml.encoders.open_encoder` names devices; the first of each is exact.
_ONNX_DEVICES = {"onnx-cpu": "cpu", "onnx-cuda": "cuda", "onnx-coreml": "mps"}
_TORCH_DEVICES = {"torch-cpu": "cpu", "torch-cuda": "cuda", "torch-mps": "mps"}
BACKENDS = ("auto", *_ONNX_DEVICES, *_TORCH_DEVICES)

Opener = Callable[[], Encoder]


@dataclass(frozen=True)
class BackendTrial:
    """Outcome of trying one backend.

    Attributes
    ----------
    backend : str
        Its name.
    verdict : str
        Reason for which it was taken or not.
    milliseconds : float or None
        Time of a picture in a batch; None where it was not tried.
    min_cosine : float or None
        Worst cosine to the CPU's vectors; None where there are no vectors to compare.
    """

    backend: str
    verdict: str
    milliseconds: float | None = None
    min_cosine: float | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the fields as values that JSON can hold.

        Returns
        -------
        dict of str to object
        """
        return asdict(self)


@dataclass(frozen=True)
class BackendChoice:
    """A backend that was taken, and the reasons against the others.

    Attributes
    ----------
    backend : str
        Its name.
    encoder : Encoder
        The encoder, on it.
    trials : tuple of BackendTrial
        One for each backend of this kind of encoder.
    """

    backend: str
    encoder: Encoder
    trials: tuple[BackendTrial, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the name and the trials as values that JSON can hold.

        Returns
        -------
        dict of str to object
        """
        return {"name": self.backend, "trials": [trial.to_dict() for trial in self.trials]}


def open_backend(name: str, root: Path, backend: str = "auto") -> BackendChoice:
    """Open an encoder on the fastest backend whose embeddings equal the CPU's, or on a named one.

    Parameters
    ----------
    name : str
        A folder with `encoder.json`, `clip`, or `open_clip:MODEL/WEIGHTS`.
    root : Path
        What relative paths start from.
    backend : str, default="auto"
        One of `BACKENDS`.

    Returns
    -------
    BackendChoice

    Raises
    ------
    EncoderError
        If there is no such encoder, or the named backend is not available or gives other
        embeddings; the message has the numbers.
    """
    if backend not in BACKENDS:
        raise EncoderError(f"backend {backend!r}", f"one of {', '.join(BACKENDS)}")
    if name == "builtin":
        return _open_builtin(backend)
    of_torch = name == "clip" or name.startswith("open_clip:")
    openers, absent = (_torch_openers if of_torch else _onnx_openers)(name, root)
    if backend != "auto" and backend not in openers:
        reason = next((one.verdict for one in absent if one.backend == backend), "of another kind")
        raise EncoderError(
            f"backend {backend} cannot run {name}: {reason}", f"one of {', '.join(openers)}",
            "the same command with --backend auto",
        )  # fmt: skip
    only = None if backend == "auto" else backend
    exact = next(iter(openers))
    wanted = {key: openers[key] for key in openers if only in (None, key) or key == exact}
    chosen = choose_backend(wanted, sample_pictures(), only)
    return replace(chosen, trials=(*chosen.trials, *absent))


def choose_backend(
    openers: Mapping[str, Opener],
    pictures: Sequence[Image.Image],
    only: str | None = None,
) -> BackendChoice:
    """Choose the fastest backend that passes the parity check with the exact one.

    Parameters
    ----------
    openers : mapping of str to callable
        Backend -> opens the encoder on it; the first is the exact one, which the others must equal.
    pictures : sequence of PIL.Image.Image
        At least two unlike ones.
    only : str, optional
        Take this one, or fail.

    Returns
    -------
    BackendChoice

    Raises
    ------
    EncoderError
        If the exact one does not work, or `only` does not pass.
    """
    first, *others = openers
    reference = openers[first]()
    if not others:
        why = "the only one here" if only is None else "asked for"
        return BackendChoice(first, reference, (BackendTrial(first, f"taken: {why}"),))
    passed: dict[str, tuple[Encoder, Parity]] = {}
    refused: list[BackendTrial] = []
    for name in others:
        try:
            encoder = openers[name]()
            passed[name] = encoder, _checked_parity(reference, encoder, pictures)
        except EncoderError as error:
            if name == only:
                raise
            refused.append(BackendTrial(name, f"refused: {error}"))
    speeds = {name: parity.seconds for name, (_, parity) in passed.items()}
    # The reference is timed beside each of the others; its best is taken.
    speeds[first] = min((parity.reference_seconds for _, parity in passed.values()), default=0.0)
    best = only or min(speeds, key=lambda name: speeds[name])
    taken = reference if best == first else passed[best][0]
    cosine = {first: 1.0} | {name: parity.min_cosine for name, (_, parity) in passed.items()}
    trials = [
        BackendTrial(name, _verdict(name, best, speeds), 1000 * speeds[name] or None, cosine[name])
        for name in speeds
    ]
    return BackendChoice(
        best, taken, (*sorted(trials, key=lambda one: one.backend != best), *refused)
    )


def _checked_parity(
    reference: Encoder, candidate: Encoder, pictures: Sequence[Image.Image]
) -> Parity:
    try:
        parity = compare(reference, candidate, pictures)
    except EncoderError:
        raise
    except Exception as error:
        # Drivers raise classes of their own for what they cannot do.
        raise EncoderError(f"it could not run: {str(error)[:200]}") from error
    refuse_unequal(parity, reference.spec.precision)
    return parity


def _verdict(name: str, best: str, speeds: Mapping[str, float]) -> str:
    if name != best:
        return f"{speeds[name] / max(speeds[best], 1e-9):.2f} times the time of {best}"
    others = [other for other in speeds if other != name]
    faster = all(speeds[name] <= speeds[other] for other in others)
    return "taken: the fastest that passes" if faster else "taken: asked for"


def _open_builtin(backend: str) -> BackendChoice:
    from prefml.encoders.builtin import BuiltinEncoder

    if backend != "auto":
        raise EncoderError(f"backend {backend} for builtin", "auto: it runs on the CPU alone")
    return BackendChoice(
        "cpu", BuiltinEncoder(), (BackendTrial("cpu", "taken: the only one here"),)
    )


def _onnx_openers(name: str, root: Path) -> tuple[dict[str, Opener], list[BackendTrial]]:
    from prefml.encoders import encoder_folder
    from prefml.encoders.folder import read_folder
    from prefml.encoders.onnx import OnnxEncoder, execution_providers

    folder = read_folder(encoder_folder(name, root))
    openers: dict[str, Opener] = {}
    absent = []
    for backend, device in _ONNX_DEVICES.items():
        try:
            providers = execution_providers(device)
        except EncoderError as error:
            absent.append(BackendTrial(backend, f"not here: {error.found}"))
            continue
        openers[backend] = partial(OnnxEncoder, folder, providers)
    return openers, absent


def _torch_openers(name: str, root: Path) -> tuple[dict[str, Opener], list[BackendTrial]]:
    from prefml.encoders.openclip import OpenClipEncoder, present_devices

    exact = OpenClipEncoder.open(name, root, "cpu")
    present = present_devices()
    openers: dict[str, Opener] = {"torch-cpu": lambda: exact}
    absent = []

    def on_device(device: str) -> Encoder:
        # A tower of its own: the CPU's stays where it is while both are compared.
        return OpenClipEncoder(deepcopy(exact.tower), exact.spec, device)

    for backend, device in list(_TORCH_DEVICES.items())[1:]:
        if device not in present:
            absent.append(BackendTrial(backend, f"not here: torch sees no {device}"))
            continue
        openers[backend] = partial(on_device, device)
    return openers, absent
