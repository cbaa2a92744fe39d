"""Find what is missing on a machine and in a workspace, with the command that mends it."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, metadata, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from prefml.exceptions import PrefmlError, counted
from prefml.workspace import Workspace

if TYPE_CHECKING:
    from prefml.decisions import Decisions

__all__ = ["Check", "examine"]

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# What a failed import of LightGBM says where the OpenMP runtime is missing.
_OPENMP = ("libomp", "libgomp", "OpenMP")


@dataclass(frozen=True)
class Check:
    """Result of looking at one thing.

    Attributes
    ----------
    name : str
        Name of the thing.
    ok : bool
        Whether it is as it should be; what is merely optional and absent is ok.
    detail : str
        Description of what was found.
    fix : str
        The command or step that mends it; empty when nothing is to be done.
    """

    name: str
    ok: bool
    detail: str
    fix: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return the four entries as plain types."""
        return asdict(self)

    def line(self) -> str:
        """Return the check as one line for a person."""
        mark = "ok     " if self.ok else "MISSING"
        fix = f"  ->  {self.fix}" if self.fix else ""
        return f"{mark}  {self.name:<14} {self.detail}{fix}"


def examine(workspace: Workspace) -> list[Check]:
    """Examine the installation and one workspace.

    Parameters
    ----------
    workspace : Workspace
        The workspace to look at; nothing in it is changed.

    Returns
    -------
    list of Check
    """
    examinations: tuple[Callable[[Workspace], Iterator[Check]], ...] = (
        _examine_versions,
        _examine_lightgbm,
        _examine_devices,
        _examine_review,
        _examine_encoder,
        _examine_decisions,
        _examine_pictures,
        _examine_sidecars,
        _examine_models,
    )
    return [check for one in examinations for check in _run_safely(one, workspace)]


def _run_safely(
    examination: Callable[[Workspace], Iterator[Check]], workspace: Workspace
) -> list[Check]:
    name = examination.__name__.removeprefix("_examine_")
    try:
        return list(examination(workspace))
    except PrefmlError as error:
        return [Check(name, False, error.found, error.run or error.expected or "")]
    except (ImportError, OSError) as error:
        # A package that is missing or broken is what this command is there to find.
        package = getattr(error, "name", None) or "prefml"
        fix = f"pip install --force-reinstall {package.partition('.')[0]}"
        return [Check(name, False, _first_line(error), fix)]


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _examine_versions(workspace: Workspace) -> Iterator[Check]:
    from packaging.requirements import Requirement

    system = platform.platform(terse=True)
    try:
        about = metadata("prefml")
    except PackageNotFoundError:
        yield Check("prefml", False, "it runs, but is not installed", "pip install prefml")
        return
    wanted = about["Requires-Python"] or ""
    yield _check_found("python", platform.python_version(), wanted, f"install Python {wanted}")
    yield Check("system", True, system)
    for text in about.get_all("Requires-Dist") or []:
        requirement = Requirement(text)
        marker, found = requirement.marker, _installed(requirement.name)
        optional = marker is not None and not marker.evaluate({"extra": ""})
        # What belongs to an extra may be absent, but not too old; what tests need is left to them.
        if optional and (found is None or (marker and marker.evaluate({"extra": "dev"}))):
            continue
        fix = f"pip install '{requirement.name}{requirement.specifier}'"
        check = _check_found(requirement.name, found, str(requirement.specifier), fix)
        if not optional or not check.ok:
            yield check


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _check_found(name: str, found: str | None, wanted: str, fix: str) -> Check:
    from packaging.specifiers import SpecifierSet

    if found is None:
        return Check(name, False, "not installed", fix)
    if SpecifierSet(wanted).contains(found, prereleases=True):
        return Check(name, True, found)
    return Check(name, False, f"{found}, wanted {wanted}", fix)


def _examine_lightgbm(workspace: Workspace) -> Iterator[Check]:
    try:
        import lightgbm  # noqa: F401
    except OSError as error:
        yield Check("lightgbm runs", False, _first_line(error), _openmp_fix(str(error)))
        return
    except ImportError as error:
        yield Check("lightgbm runs", False, _first_line(error), "pip install lightgbm")
        return
    yield Check("lightgbm runs", True, "its compiled library loads")


def _openmp_fix(said: str) -> str:
    if not any(name in said for name in _OPENMP):
        return "pip install --force-reinstall lightgbm"
    if platform.system() == "Darwin":
        return "brew install libomp"
    return "apt install libgomp1, or your system's package of the OpenMP runtime"


def _examine_devices(workspace: Workspace) -> Iterator[Check]:
    import onnxruntime

    yield Check("onnx providers", True, ", ".join(onnxruntime.get_available_providers()))
    if find_spec("torch") is None:
        detail = "torch is not installed; needed only to embed with CLIP in torch or to export it"
        yield Check("device", True, detail, "pip install 'prefml[clip]'")
        return
    from prefml.encoders.openclip import choose_device

    yield Check("device", True, f"torch runs on {choose_device('auto')}")


def _examine_review(workspace: Workspace) -> Iterator[Check]:
    missing = [name for name in ("flask", "waitress") if find_spec(name) is None]
    if missing:
        detail = f"{' and '.join(missing)} not installed; needed only for prefml review"
        yield Check("review page", True, detail, "pip install 'prefml[review]'")
    else:
        yield Check("review page", True, "flask and waitress are installed")
    browser = os.environ.get("CHROMIUM") or next(filter(shutil.which, _BROWSERS), None)
    if browser is None:
        detail = "no chromium; needed only for tests and benchmarks of the page"
        mac = platform.system() == "Darwin"
        fix = "brew install --cask chromium" if mac else "apt install chromium"
        yield Check("chromium", True, detail, fix)
    else:
        yield Check("chromium", True, shutil.which(browser) or browser)


def _examine_encoder(workspace: Workspace) -> Iterator[Check]:
    from prefml.sidecars.choice import chosen_encoder

    name = chosen_encoder(workspace)
    needs_torch = name == "clip" or name.startswith("open_clip:")
    if needs_torch and find_spec("open_clip") is None:
        fix = "pip install 'prefml[clip]', or set encoder in prefml.toml"
        yield Check("encoder", False, f"{name} needs torch and open_clip", fix)
        return
    if needs_torch:
        yield _check_weights(workspace, name)
        return
    from prefml.encoders import open_encoder

    spec = open_encoder(name, workspace.root, device="cpu").spec
    yield Check("encoder", True, f"{spec.id}, {spec.dim} values a picture")


def _check_weights(workspace: Workspace, name: str) -> Check:
    from prefml.encoders.openclip import import_open_clip
    from prefml.encoders.weights import local_weights

    found = local_weights(import_open_clip(), name, workspace.root)
    if found is None:
        detail = f"the weights of {name} are not on this machine"
        fix = (
            "connect to the network before the next prefml embed, which fetches them once; or name "
            'a local checkpoint, an exported folder or "builtin" as encoder in prefml.toml'
        )
        return Check("encoder", False, detail, fix)
    return Check("encoder", True, f"{name}, weights {found.name}")


def _examine_decisions(workspace: Workspace) -> Iterator[Check]:
    from prefml.decisions import read_decisions
    from prefml.decisions.advice import project_advice
    from prefml.sidecars.sizes import picture_sizes

    found = read_decisions(workspace, picture_sizes(workspace))
    for project in sorted(set(found.items.project) | set(found.crops.project)):
        sets = found.items.loc[found.items.project == project, "set_id"].nunique()
        crops = int((found.crops.project == project).sum())
        known = project != "unknown"
        fix = "" if known else project_advice(found.aliases, found.unplaced)
        yield Check(
            f"project {project}", known, f"{counted(sets, 'set')}, {counted(crops, 'crop')}", fix
        )
    refused = len(found.quarantine)
    fix = "prefml ingest --report quarantine.csv" if refused else ""
    yield Check("quarantine", True, f"{counted(refused, 'row')} refused", fix)
    yield _check_logged_pictures(workspace, found)


def _check_logged_pictures(workspace: Workspace, decisions: Decisions) -> Check:
    from prefml.decisions import ProjectResolver
    from prefml.sidecars.find import find_images
    from prefml.sidecars.missing import missing_pictures

    images = find_images(workspace, ProjectResolver.open(workspace))
    found = missing_pictures(decisions, images)
    logged, missing = sum(one.logged for one in found), sum(one.missing for one in found)
    if not missing:
        told = "is there" if logged == 1 else "are there"
        there = f"all {logged} {told}" if logged else "none is logged of a known project"
        return Check("logged pictures", True, there)
    gap, project = max(
        ((gap, one.project) for one in found for gap in one.gaps),
        key=lambda pair: (pair[0].mendable, pair[0].pictures),
    )
    told = "is not there" if missing == 1 else "are not there"
    detail = f"{missing} of {logged} {told}; of {project}: {gap}"
    # A loser that was deleted cannot be brought back, and is no fault.
    ok = not gap.mendable and missing < logged
    return Check("logged pictures", ok, detail, "rename or move the pictures; all: prefml ingest")


def _examine_pictures(workspace: Workspace) -> Iterator[Check]:
    from prefml.decisions.projects import ProjectResolver
    from prefml.sidecars.find import count_passed_over, scan_images

    found = scan_images(workspace, ProjectResolver.open(workspace))
    for (kind, advice), count in count_passed_over(found.passed_over):
        yield Check(f"{kind} pictures", True, f"{count} passed over, not read here", advice)


def _examine_sidecars(workspace: Workspace) -> Iterator[Check]:
    from prefml.imaging.decode import DECODING_VERSION
    from prefml.sidecars.store import read_index, read_sidecars

    index, spec = read_index(workspace.sidecars), read_sidecars(workspace.sidecars, []).encoder
    # Only reading all values tells that none is damaged; one project is in memory at a time.
    for project in index["project"].unique():
        read_sidecars(workspace.sidecars, [project])
    found, fix = f"{counted(len(index), 'picture')}, encoder {spec.id}", ""
    if (index["decoding"] < DECODING_VERSION).any():
        found += "; an earlier version measured them, which read some to other colours"
        fix = "prefml embed"
    yield Check("sidecars", True, found, fix)


def _examine_models(workspace: Workspace) -> Iterator[Check]:
    from prefml.models.manifest import KINDS
    from prefml.models.store import model_file

    for kind in KINDS:
        path = workspace.artifacts / model_file(kind)
        if kind == "rejection" and not path.exists():
            # Trained along with the ranker as soon as sets enough were reviewed.
            yield Check("rejection model", True, "none yet: it learns from reviewed sets")
            continue
        reason = "" if path.exists() else _too_few_to_train(workspace, kind)
        yield Check(f"{kind} model", True, reason) if reason else _check_model(path, kind)


def _too_few_to_train(workspace: Workspace, kind: str) -> str:
    """Return why there can be no model of a kind yet; empty where training is the next step."""
    from prefml.decisions import read_decisions
    from prefml.models.kinds import MIN_DECISIONS

    found = read_decisions(workspace)
    logged = {"ranker": found.items["set_id"].nunique(), "crop": len(found.crops)}
    count, unit = logged[kind], "choice" if kind == "ranker" else "crop"
    # Without any decision at all, the next step is to log some and train.
    if count >= MIN_DECISIONS or not any(logged.values()):
        return ""
    if count == 1:
        return f"none, for only 1 {unit} is logged"
    return f"none, for {f'only {count}' if count else 'no'} {unit}s are logged"


def _check_model(path: Path, kind: str) -> Check:
    from prefml.models.manifest import read_manifest

    try:
        manifest = read_manifest(path)
    except PrefmlError as error:
        return Check(f"{kind} model", False, error.found, error.run or "prefml train")
    return Check(f"{kind} model", True, f"{path.name}, written {manifest.written}")
