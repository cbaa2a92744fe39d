"""Encode pixels as embeddings: the built-in descriptor, ONNX folders, and open_clip."""

from __future__ import annotations

from pathlib import Path

from prefml.encoders.spec import Encoder, EncoderSpec
from prefml.exceptions import EncoderError

__all__ = ["Encoder", "EncoderSpec", "encoder_folder", "open_encoder"]

DEVICES = ("auto", "cpu", "cuda", "mps")


def open_encoder(name: str, workspace_root: Path | None = None, device: str = "auto") -> Encoder:
    """Open an encoder by its name.

    Parameters
    ----------
    name : str
        `builtin`, `clip` (open_clip's ViT-B-32 with OpenAI's weights),
        `open_clip:MODEL/PRETRAINED`, `open_clip:MODEL/PATH` of a checkpoint, or a folder with an
        ONNX model and `encoder.json`.
    workspace_root : Path, optional
        What relative paths start from; the current folder by default.
    device : {"auto", "mps", "cuda", "cpu"}, default="auto"
        Where networks run; "auto" takes the best there is.

    Returns
    -------
    Encoder

    Raises
    ------
    EncoderError
        If there is no such encoder, or it cannot be used.
    WeightsUnavailableError
        If its weights are not here and could not be fetched.
    """
    root = Path() if workspace_root is None else Path(workspace_root)
    if device not in DEVICES:
        raise EncoderError(f"device {device!r}", f"one of {', '.join(DEVICES)}")
    if name == "builtin":
        from prefml.encoders.builtin import BuiltinEncoder

        return BuiltinEncoder()
    if name == "clip" or name.startswith("open_clip:"):
        from prefml.encoders.openclip import OpenClipEncoder

        return OpenClipEncoder.open(name, root, device)
    from prefml.encoders.onnx import OnnxEncoder

    return OnnxEncoder.open(encoder_folder(name, root), device)


def encoder_folder(name: str, root: Path) -> Path:
    """Return the folder that an encoder's name means.

    Parameters
    ----------
    name : str
        A path.
    root : Path
        What a relative one starts from.

    Returns
    -------
    Path

    Raises
    ------
    EncoderError
        If there is none.
    """
    folder = _folder(root, name)
    if folder is None:
        raise EncoderError(
            f"no encoder {name[:200]!r} (nor a folder of that name in {root.resolve()})",
            "builtin, clip, open_clip:MODEL/PRETRAINED, or a folder with encoder.json",
        )
    return folder


def _folder(root: Path, name: str) -> Path | None:
    try:
        folder = (root / Path(name).expanduser()).resolve()
        return folder if folder.is_dir() else None
    except (OSError, RuntimeError, ValueError):
        return None
