"""Keep the models that were in use before, list them, and roll back to one."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from prefml.exceptions import ModelFileError
from prefml.files import file_sha256, folder_lock, remove_leftovers, replacing
from prefml.models.manifest import KINDS, Manifest, manifest_path, read_manifest
from prefml.models.store import model_file
from prefml.workspace import Workspace

__all__ = [
    "StoredModel",
    "add_to_history",
    "candidate_folder",
    "hashes_in_use",
    "install",
    "list_models",
    "roll_back",
    "training_lock",
]


@dataclass(frozen=True)
class StoredModel:
    """Model file, in use or kept.

    Attributes
    ----------
    kind : {"ranker", "crop", "rejection"}
        What it is.
    name : str
        `current`, or its name in the history.
    path : Path
        The file.
    manifest : Manifest or None
        None if it cannot be read.
    problem : str
        Why it cannot be used; empty if it can.
    """

    kind: str
    name: str
    path: Path
    manifest: Manifest | None
    problem: str = ""

    @property
    def current(self) -> bool:
        """Tell whether it is in use."""
        return self.name == "current"

    @property
    def sha256(self) -> str | None:
        """Hash of the file according to its manifest."""
        return None if self.manifest is None else self.manifest.sha256


@contextmanager
def training_lock(workspace: Workspace) -> Iterator[None]:
    """Let one process at a time make models and put them to use.

    Parameters
    ----------
    workspace : Workspace
        Its artifacts folder, which is created, is held. One that stays empty is removed.

    Raises
    ------
    ModelFileError
        If another process holds it.
    """
    workspace.artifacts.mkdir(parents=True, exist_ok=True)
    busy = ModelFileError(
        f"another prefml train or rollback is at work in {workspace.artifacts}",
        "one run at a time",
        "the same command when it has finished",
    )
    try:
        with folder_lock(workspace.artifacts, busy):
            for folder in (workspace.artifacts, candidate_folder(workspace), _history(workspace)):
                for kind in KINDS:
                    remove_leftovers(folder, f"{kind}*")
            yield
    finally:
        # A training that lacks decisions leaves nothing behind.
        with suppress(OSError):
            workspace.artifacts.rmdir()


def candidate_folder(workspace: Workspace) -> Path:
    """Return the folder in which new models wait to be judged.

    Parameters
    ----------
    workspace : Workspace
        The workspace.

    Returns
    -------
    Path
        `artifacts/candidate`, which need not exist.
    """
    return workspace.artifacts / "candidate"


def list_models(workspace: Workspace) -> list[StoredModel]:
    """List the models in use and those before them.

    Parameters
    ----------
    workspace : Workspace
        Its artifacts are looked through.

    Returns
    -------
    list of StoredModel
        For each kind the current one, then the history, the latest first.
    """
    models = []
    for kind in KINDS:
        current = _current(workspace, kind)
        if current.exists():
            models.append(_read(kind, "current", current))
        earlier = sorted(path.stem for path in _history(workspace).glob(f"{kind}-*.joblib"))
        for name in reversed(earlier):
            models.append(_read(kind, name, _history(workspace) / f"{name}.joblib"))
    return models


def hashes_in_use(models: Iterable[StoredModel]) -> set[str | None]:
    """Return the hashes of the models in use, whose copies the history holds too.

    Parameters
    ----------
    models : iterable of StoredModel
        The result of `list_models`.

    Returns
    -------
    set of str or None
    """
    return {model.sha256 for model in models if model.current}


def _read(kind: str, name: str, path: Path) -> StoredModel:
    try:
        manifest = read_manifest(path)
    except ModelFileError as error:
        return StoredModel(kind, name, path, None, str(error))
    changed = file_sha256(path) != manifest.sha256
    return StoredModel(kind, name, path, manifest, "changed since it was written" * changed)


def add_to_history(workspace: Workspace, kind: str) -> Path | None:
    """Copy the current model into the history, if it is not there yet.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    kind : {"ranker", "crop", "rejection"}
        Which model.

    Returns
    -------
    Path or None
        The copy; None if there is no usable current model.
    """
    current = _current(workspace, kind)
    if not current.exists():
        return None
    found = _read(kind, "current", current)
    if found.problem or found.manifest is None:
        return None
    when = "".join(c for c in found.manifest.written or "" if c.isdigit())[:14]
    copy = _history(workspace) / f"{kind}-{when}-{found.manifest.sha256[:8]}.joblib"
    if not copy.exists():
        _copy_pair(current, copy)
    else:
        # The same model may promise something else since.
        _copy_whole(manifest_path(current), manifest_path(copy))
    return copy


def install(workspace: Workspace, kind: str, candidate: Path) -> None:
    """Make a model the current one; the one before it is kept in the history.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    kind : {"ranker", "crop", "rejection"}
        Which model.
    candidate : Path
        A model file with its manifest, elsewhere.

    Raises
    ------
    ModelFileError
        If the candidate cannot be used or is of another kind.
    """
    found = _read(kind, candidate.stem, candidate)
    if found.problem or found.manifest is None:
        raise ModelFileError(f"{candidate}: {found.problem}", "a whole model", "prefml train")
    if found.manifest.kind != kind:
        raise ModelFileError(f"{candidate} is a {found.manifest.kind} model", f"a {kind} model")
    add_to_history(workspace, kind)
    _copy_pair(candidate, _current(workspace, kind))


def roll_back(workspace: Workspace, name: str) -> StoredModel:
    """Bring an earlier model back; with a ranker, the model of "none is good" that went with it.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    name : str
        Its name in the history, or a kind for the latest one that is not in use.

    Returns
    -------
    StoredModel
        The model that is in use now.

    Raises
    ------
    ModelFileError
        If there is no such model, it cannot be used, or a training is at work.
    """
    with training_lock(workspace):
        usable = [model for model in list_models(workspace) if not model.problem]
        in_use = hashes_in_use(usable)
        earlier = [model for model in usable if model.sha256 not in in_use]
        chosen = next((model for model in earlier if name in (model.name, model.kind)), None)
        if chosen is None:
            names = ", ".join(model.name for model in earlier) or "none yet"
            raise ModelFileError(f"no earlier model {name!r}", f"one of: {names}", "prefml models")
        install(workspace, chosen.kind, chosen.path)
        if chosen.kind == "ranker" and chosen.manifest is not None:
            _bring_along(workspace, chosen.manifest.rejection_sha256, usable)
        return _read(chosen.kind, "current", _current(workspace, chosen.kind))


def _bring_along(workspace: Workspace, sha256: str | None, models: list[StoredModel]) -> None:
    """Use the model of "none is good" again with which a ranker made its promises."""
    found = next((m for m in models if m.kind == "rejection" and m.sha256 == sha256), None)
    if found is not None and not found.current:
        install(workspace, "rejection", found.path)


def _current(workspace: Workspace, kind: str) -> Path:
    return workspace.artifacts / model_file(kind)


def _history(workspace: Workspace) -> Path:
    return workspace.artifacts / "history"


def _copy_pair(source: Path, target: Path) -> None:
    """Copy model and manifest; in between, loading refuses the pair as not belonging together."""
    _copy_whole(source, target)
    _copy_whole(manifest_path(source), manifest_path(target))


def _copy_whole(source: Path, target: Path) -> None:
    with replacing(target) as temporary:
        shutil.copyfile(source, temporary)
