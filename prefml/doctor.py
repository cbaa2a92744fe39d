"""What is here, what is missing, and the command that mends it."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from prefml.exceptions import PrefmlError
from prefml.workspace import Workspace

__all__ = ["Check", "examine"]


@dataclass(frozen=True)
class Check:
    """One thing looked at.

    Attributes
    ----------
    name : str
        What was looked at.
    ok : bool
        Whether it is as it should be; what is merely optional and absent is ok.
    detail : str
        What was found.
    fix : str
        The command or step that mends it; empty when nothing is to be done.
    """

    name: str
    ok: bool
    detail: str
    fix: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the four entries as plain types."""
        return asdict(self)

    def line(self) -> str:
        """Return the check as one line for a person."""
        mark = "ok     " if self.ok else "MISSING"
        fix = f"  ->  {self.fix}" if self.fix else ""
        return f"{mark}  {self.name:<14} {self.detail}{fix}"


def examine(workspace: Workspace) -> list[Check]:
    """Look at the installation and at one workspace.

    Parameters
    ----------
    workspace : Workspace
        The workspace to look at; nothing in it is changed.

    Returns
    -------
    list of Check
    """
    looks: tuple[Callable[[Workspace], Iterator[Check]], ...] = (
        _look_at_versions,
        _look_at_lightgbm,
        _look_at_devices,
        _look_at_hands,
        _look_at_encoder,
        _look_at_decisions,
        _look_at_sidecars,
        _look_at_models,
    )
    return [check for look in looks for check in _safely(look, workspace)]


def _safely(look: Callable[[Workspace], Iterator[Check]], workspace: Workspace) -> list[Check]:
    try:
        return list(look(workspace))
    except PrefmlError as error:
        name = look.__name__.removeprefix("_look_at_")
        return [Check(name, False, error.found, error.run or error.expected or "")]


def _look_at_versions(workspace: Workspace) -> Iterator[Check]:
    from packaging.requirements import Requirement

    yield Check("python", True, f"{platform.python_version()} on {platform.platform(terse=True)}")
    for text in requires("prefml") or []:
        wanted = Requirement(text)
        if wanted.marker and not wanted.marker.evaluate({"extra": ""}):
            continue
        yield _check_version(wanted.name, wanted.specifier.contains, str(wanted.specifier))


def _check_version(name: str, accepts: Callable[[str], bool], wanted: str) -> Check:
    try:
        found = version(name)
    except PackageNotFoundError:
        return Check(name, False, "not installed", f"pip install '{name}{wanted}'")
    if accepts(found):
        return Check(name, True, found)
    return Check(name, False, f"{found}, wanted {wanted}", f"pip install '{name}{wanted}'")


def _look_at_lightgbm(workspace: Workspace) -> Iterator[Check]:
    try:
        import lightgbm  # noqa: F401
    except OSError as error:
        libomp = "libomp" in str(error) or platform.system() == "Darwin"
        fix = "brew install libomp" if libomp else "install the OpenMP runtime (libgomp1)"
        yield Check("lightgbm runs", False, str(error).splitlines()[0], fix)
        return
    yield Check("lightgbm runs", True, "its compiled library loads")


def _look_at_devices(workspace: Workspace) -> Iterator[Check]:
    import onnxruntime

    yield Check("onnx providers", True, ", ".join(onnxruntime.get_available_providers()))
    if find_spec("torch") is None:
        detail = "torch is not installed; needed only to embed with CLIP in torch or to export it"
        yield Check("device", True, detail, "pip install 'prefml[clip]'")
        return
    from prefml.encoders.openclip import choose_device

    yield Check("device", True, f"torch runs on {choose_device('auto')}")


def _look_at_hands(workspace: Workspace) -> Iterator[Check]:
    from prefml.imaging.hands import hand_model, hands_advice

    advice = hands_advice(hand_model())
    detail, _, fix = (advice or f"MediaPipe with {hand_model()}").partition("; ")
    yield Check("hands", True, detail, fix)


def _look_at_encoder(workspace: Workspace) -> Iterator[Check]:
    from prefml.sidecars.choice import chosen_encoder

    name = chosen_encoder(workspace)
    needs_torch = name == "clip" or name.startswith("open_clip:")
    if needs_torch and find_spec("open_clip") is None:
        fix = "pip install 'prefml[clip]', or set encoder in prefml.toml"
        yield Check("encoder", False, f"{name} needs torch and open_clip", fix)
        return
    if needs_torch:
        yield Check("encoder", True, f"{name}; its weights are fetched once by prefml embed")
        return
    from prefml.encoders import open_encoder

    spec = open_encoder(name, workspace.root, device="cpu").spec
    yield Check("encoder", True, f"{spec.id}, {spec.dim} values a picture")


def _look_at_decisions(workspace: Workspace) -> Iterator[Check]:
    from prefml.decisions import read_decisions
    from prefml.sidecars.sizes import picture_sizes

    found = read_decisions(workspace, picture_sizes(workspace))
    for project in sorted(set(found.items.project) | set(found.crops.project)):
        sets = found.items.loc[found.items.project == project, "set_id"].nunique()
        crops = int((found.crops.project == project).sum())
        known = project != "unknown"
        fix = "" if known else "add [projects.aliases] to prefml.toml; see: prefml ingest"
        yield Check(f"project {project}", known, f"{sets} sets, {crops} crops", fix)
    refused = len(found.quarantine)
    fix = "prefml ingest --report quarantine.csv" if refused else ""
    yield Check("quarantine", True, f"{refused} rows refused", fix)


def _look_at_sidecars(workspace: Workspace) -> Iterator[Check]:
    from prefml.sidecars.store import read_sidecars

    sidecars = read_sidecars(workspace.sidecars)
    spec = sidecars.encoder
    yield Check("sidecars", True, f"{len(sidecars.index)} pictures, encoder {spec.id}")


def _look_at_models(workspace: Workspace) -> Iterator[Check]:
    for kind in ("ranker", "crop"):
        yield _check_model(workspace.artifacts / f"{kind}.joblib", kind)


def _check_model(path: Path, kind: str) -> Check:
    from prefml.models import read_manifest

    try:
        manifest = read_manifest(path)
    except PrefmlError as error:
        return Check(f"{kind} model", False, error.found, error.run or "prefml train")
    return Check(f"{kind} model", True, f"{path.name}, written {manifest.get('written')}")
