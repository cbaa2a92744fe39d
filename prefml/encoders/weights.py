"""Resolve the name of pretrained weights to a file: a local one, or from the hub in short time."""

from __future__ import annotations

import json
import logging
import os
import re
import threading
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

from prefml.encoders._torch import ModelZoo, PretrainedConfig
from prefml.exceptions import EncoderError, WeightsUnavailableError, visible
from prefml.files import file_sha256

__all__ = [
    "CLIP",
    "WeightsSource",
    "find_weights",
    "is_torchscript",
    "local_weights",
    "resolve_weights",
    "trained_with_quick_gelu",
]

CLIP = "open_clip:ViT-B-32/openai"
QUICK_GELU_SUFFIX = "-quickgelu"


# Files a model repository on the Hugging Face hub may hold, safest format first.
HUB_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
REACH_SECONDS = 5.0

# Levels of a path that may name the source: a file in the hub's cache lies three folders deep.
_NAMED_PARTS = 4
_SOURCES = re.compile(r"(?<![a-z])(openai|quickgelu)(?![a-z])")

_log = logging.getLogger("prefml")


@dataclass(frozen=True)
class WeightsSource:
    """A model and its weights.

    Attributes
    ----------
    model : str
        Name of the model, with the activation that the weights were trained with.
    weights : Path
        File of the weights.
    preprocess : mapping
        open_clip's entry for the weights; empty for a checkpoint.
    origin : str
        Name of the source, for people.
    """

    model: str
    weights: Path
    preprocess: PretrainedConfig
    origin: str


def resolve_weights(open_clip: ModelZoo, name: str, root: Path) -> WeightsSource:
    """Resolve a name to a model and the file of its weights.

    Parameters
    ----------
    open_clip : module
        The library, which knows models and pretrained weights by name.
    name : str
        `open_clip:MODEL/PRETRAINED` or `open_clip:MODEL/PATH`.
    root : Path
        What a relative path starts from. Links are not followed: the hub's cache links names that
        mean something to files named by their hash.

    Returns
    -------
    WeightsSource

    Raises
    ------
    EncoderError
        If there is no such model, weights or file.
    WeightsUnavailableError
        If the weights are not here and cannot be fetched.
    """
    model, _, rest = name.removeprefix("open_clip:").partition("/")
    if model not in open_clip.list_models():
        raise EncoderError(
            f"open_clip has no model {model!r}", f"open_clip:MODEL/PRETRAINED, e.g. {CLIP}"
        )
    config = open_clip.get_pretrained_cfg(model, rest)
    if config:
        chosen = _model_with_activation(open_clip, model, bool(config.get("quick_gelu")))
        weights = find_weights(model, rest, config)
        return WeightsSource(chosen, weights, config, f"open_clip {model}/{rest}")
    return _checkpoint_source(open_clip, model, root / Path(rest).expanduser())


def local_weights(open_clip: ModelZoo, name: str, root: Path) -> Path | None:
    """Return the file of the weights that a name means, without asking the network.

    Parameters
    ----------
    open_clip : module
        The library.
    name : str
        `clip`, `open_clip:MODEL/PRETRAINED` or `open_clip:MODEL/PATH`.
    root : Path
        What a relative path starts from.

    Returns
    -------
    Path or None
        None if they are not on this machine.
    """
    full = CLIP if name == "clip" else name
    model, _, rest = full.removeprefix("open_clip:").partition("/")
    config = open_clip.get_pretrained_cfg(model, rest)
    if config:
        return _from_hub(config, local=True) or _from_cache(config)
    path = root / Path(rest).expanduser()
    return path if path.is_file() else None


def _checkpoint_source(open_clip: ModelZoo, model: str, path: Path) -> WeightsSource:
    tags = open_clip.list_pretrained_tags_by_model(model)
    if not path.is_file():
        raise EncoderError(
            f"{path.name!r} is neither pretrained weights of {model} nor a file ({path})",
            f"one of {', '.join(tags)}, or the path of a checkpoint" if tags else "a checkpoint",
        )
    chosen = _model_with_activation(open_clip, model, trained_with_quick_gelu(path))
    if chosen != model:
        _log.warning("%s was trained with QuickGELU: using %s", visible(path.name), chosen)
    return WeightsSource(chosen, path, {}, f"open_clip {chosen}, checkpoint {path.name}")


def _model_with_activation(open_clip: ModelZoo, model: str, quick_gelu: bool) -> str:
    """Return the variant of a model with the activation that its weights were trained with.

    open_clip's `ViT-B-32` uses GELU; with weights trained with QuickGELU it only warns, and gives
    vectors that are subtly wrong.
    """
    config = open_clip.get_model_config(model)
    if (
        not quick_gelu
        or config.get("quick_gelu")
        or model + QUICK_GELU_SUFFIX not in open_clip.list_models()
    ):
        return model
    return model + QUICK_GELU_SUFFIX


def find_weights(model: str, tag: str, config: PretrainedConfig) -> Path:
    """Return the file of pretrained weights, fetching it if the network allows.

    open_clip itself asks the network first and retries for most of a minute when there is none;
    here a file that was fetched before is used without asking, and one short look says whether
    the hub can be reached at all.

    Parameters
    ----------
    model, tag : str
        As open_clip names them; used in the message.
    config : mapping
        open_clip's entry for the tag: `hf_hub` and `url`.

    Returns
    -------
    Path

    Raises
    ------
    WeightsUnavailableError
        If the weights are not here and cannot be fetched; it names three ways on.
    """
    here = _from_hub(config, local=True) or _from_cache(config)
    if here:
        return here
    offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}
    if offline or not _reachable(_endpoint()):
        raise _unavailable(model, tag, f"no connection to {_endpoint()}")
    fetched = _from_hub(config, local=False)
    if not fetched:
        raise _unavailable(model, tag, "the download failed")
    return fetched


def _unavailable(model: str, tag: str, why: str) -> WeightsUnavailableError:
    return WeightsUnavailableError(
        f"the weights of open_clip {model}/{tag} are not on this machine ({why})",
        "one of three ways on: (1) connect once, so that they can be downloaded; (2) name a local "
        f"checkpoint, --encoder open_clip:{model}/PATH; (3) use an encoder folder, exported "
        "elsewhere by `prefml export-encoder OUT`, or --encoder builtin",
        "prefml embed --encoder builtin",
    )


def _from_hub(config: PretrainedConfig, local: bool) -> Path | None:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError

    repository, named = os.path.split(str(config.get("hf_hub", "")))
    if not repository:
        return None
    for name in (named,) if named else HUB_FILES:
        try:
            return Path(hf_hub_download(repository, name, local_files_only=local))
        except (OSError, HfHubHTTPError):
            continue
    return None


def _from_cache(config: PretrainedConfig) -> Path | None:
    """Return the file that OpenAI's own `clip` package, or an older open_clip, has fetched."""
    name = os.path.basename(str(config.get("url", "")))
    path = Path.home() / ".cache" / "clip" / name
    digest = str(config.get("url", "")).split("/")[-2:-1]
    if not name or not path.is_file() or digest != [file_sha256(path)]:
        return None
    return path


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co")


def _reachable(url: str) -> bool:
    """Send one request, in a thread, because the look-up of a host name has no time limit."""
    answers: list[bool] = []
    asking = threading.Thread(target=lambda: answers.append(_responds(url)), daemon=True)
    asking.start()
    asking.join(REACH_SECONDS)
    return bool(answers and answers[0])


def _responds(url: str) -> bool:
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, method="HEAD"), timeout=REACH_SECONDS
        ):
            return True
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False


def trained_with_quick_gelu(path: Path) -> bool:
    """Tell whether a local checkpoint was trained with QuickGELU, as OpenAI's are.

    A checkpoint does not record its activation. Evidence is the configuration beside a copy of a
    hub repository; the format, because OpenAI publishes TorchScript archives; and the name of the
    file or of a folder not far above it.

    Parameters
    ----------
    path : Path
        The checkpoint.

    Returns
    -------
    bool
    """
    beside = path.parent / "open_clip_config.json"
    if beside.is_file():
        return _config_states_quick_gelu(beside)
    names = "/".join(path.parts[-_NAMED_PARTS:]).lower()
    return is_torchscript(path) or bool(_SOURCES.search(names))


def _config_states_quick_gelu(config: Path) -> bool:
    try:
        model = json.loads(config.read_text("utf-8")).get("model_cfg", {})
    except (OSError, ValueError, AttributeError):
        return False
    return bool(isinstance(model, dict) and model.get("quick_gelu"))


def is_torchscript(path: Path) -> bool:
    """Tell whether a file is a TorchScript archive: a zip with a `constants.pkl` and code.

    Parameters
    ----------
    path : Path
        A file of any kind.

    Returns
    -------
    bool
    """
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    return any(name.endswith("constants.pkl") for name in names) and any(
        "/code/" in name for name in names
    )
