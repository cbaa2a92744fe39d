"""Choose the number format of an encoder by a workspace's own choices."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from prefml._typing import Floats32
from prefml.decisions.projects import ProjectResolver
from prefml.encoders.agreement import HeldOutChoices, held_out_choices
from prefml.encoders.onnx import OnnxEncoder
from prefml.encoders.parity import Parity, compare, refuse_slower, refuse_unequal, sample_pictures
from prefml.encoders.quantization import quantize_folder
from prefml.exceptions import EncoderError, ImageError, counted
from prefml.files import sync_folder, write_text
from prefml.imaging.decode import decode
from prefml.sidecars.derive import prepare
from prefml.sidecars.find import ImageFile, find_images
from prefml.sidecars.parity_images import ChosenSet, chosen_sets
from prefml.workspace import Workspace

__all__ = ["PrecisionChoice", "choose_precision"]

SCHEMA = "prefml/precision/1"
# Held-out choices that must stay, and by how much calibration may seem worse: bins of a few dozen
# sets move by that when two sets change places.
NEEDED_AGREEMENT, CALIBRATION_TOLERANCE = 0.99, 0.005
# Fewer sets cannot tell 99 in 100; more tell nothing that is worth the wait.
LEAST_SETS, _MOST_SETS = 100, 200
_BATCH = 32
_FILE = "precision.json"


@dataclass(frozen=True)
class PrecisionChoice:
    """Number format that was chosen for an encoder, and the reason.

    Attributes
    ----------
    precision : {"fp32", "int8"}
        The format.
    why : str
        The reason, with figures.
    folder : str or None
        The int8 encoder's folder, relative to the workspace; None for float32.
    measured : bool
        True if it was measured, here or earlier; False if it could not be.
    """

    precision: str
    why: str
    folder: str | None = None
    measured: bool = False

    def to_dict(self) -> dict[str, object]:
        """Return the fields as values that JSON can hold.

        Returns
        -------
        dict of str to object
        """
        return asdict(self)


def choose_precision(
    workspace: Workspace, encoder: OnnxEncoder, files: Sequence[ImageFile] | None = None
) -> PrecisionChoice:
    """Choose int8 if it is faster and a workspace's own choices stay the same, else float32.

    On sets of projects that are held out, the same picture must win in at least 99 % and stated
    probabilities must be as well calibrated. The choice is stored in the workspace, beside the
    int8 encoder, and not measured twice.

    Parameters
    ----------
    workspace : Workspace
        Its logs hold the choices; `data/encoders` in it holds what was decided.
    encoder : OnnxEncoder
        The float32 encoder.
    files : sequence of ImageFile, optional
        The workspace's pictures, where they have been looked for before.

    Returns
    -------
    PrecisionChoice
    """
    if encoder.spec.precision != "fp32":
        return PrecisionChoice(encoder.spec.precision, "the encoder is of that precision")
    place = workspace.root / "data" / "encoders" / encoder.spec.identity
    stored = _read_choice(place, workspace)
    if stored is not None:
        return stored
    if files is None:
        files = find_images(workspace, ProjectResolver.open(workspace))
    sets = chosen_sets(workspace, files, _MOST_SETS)
    if len(sets) < LEAST_SETS:
        found = f"choices in {counted(len(sets), 'set')} whose pictures are here"
        why = f"{found}; {LEAST_SETS} are needed"
        return PrecisionChoice("fp32", f"int8 was not tried: {why}")
    try:
        with _staging_folder(place) as staging:
            return _measure(workspace, encoder, sets, staging, place)
    except EncoderError as error:
        return PrecisionChoice("fp32", f"int8 was not tried: {error}")


def _read_choice(place: Path, workspace: Workspace) -> PrecisionChoice | None:
    """Return the choice that was stored; None where there is none, or its encoder is gone."""
    try:
        document = json.loads((place / _FILE).read_text("utf-8"))
        precision, why = str(document["precision"]), str(document["why"])
        if document["schema"] != SCHEMA or precision not in ("fp32", "int8"):
            return None
        folder = _folder_of(place, workspace) if precision == "int8" else None
        if folder is not None:
            OnnxEncoder.open(workspace.root / folder)
    except (OSError, ValueError, LookupError, TypeError, RecursionError, EncoderError):
        return None
    return PrecisionChoice(precision, why, folder, measured=True)


def _folder_of(place: Path, workspace: Workspace) -> str:
    return (place / "int8").relative_to(workspace.root).as_posix()


@contextmanager
def _staging_folder(place: Path) -> Iterator[Path]:
    """Make a folder that replaces `place` on success and is removed on failure."""
    place.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        (staging / "int8").mkdir()
        yield staging
        staging.chmod(0o755)
        shutil.rmtree(place, ignore_errors=True)
        os.replace(staging, place)
        sync_folder(place.parent)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _measure(
    workspace: Workspace,
    exact: OnnxEncoder,
    sets: Sequence[ChosenSet],
    staging: Path,
    place: Path,
) -> PrecisionChoice:
    quantize_folder(exact.folder, staging / "int8")
    small = OnnxEncoder.open(staging / "int8")
    parity, held_out, reason = None, None, ""
    try:
        parity = compare(exact, small, sample_pictures())
        refuse_slower(parity, "int8")
        refuse_unequal(parity, "int8")
        held_out = _held_out(workspace, exact, small, sets)
        reason = _fault(held_out)
    except EncoderError as error:
        reason = str(error.found)
    precision = "fp32" if reason else "int8"
    figures = _figures(parity, held_out)
    why = f"int8 was refused: {reason}" if reason else f"int8 passes: {figures}"
    document = {
        "schema": SCHEMA,
        "encoder": exact.spec.identity,
        "precision": precision,
        "why": why,
        "parity": parity.to_dict() if parity else None,
        "held_out": asdict(held_out) if held_out else None,
    }
    write_text(staging / _FILE, json.dumps(document, indent=2) + "\n")
    if reason:
        shutil.rmtree(staging / "int8")
    folder = None if reason else _folder_of(place, workspace)
    return PrecisionChoice(precision, why, folder, measured=True)


def _fault(found: HeldOutChoices) -> str:
    """Return in what the int8 encoder falls short; nothing where it does not."""
    if found.agreement < NEEDED_AGREEMENT:
        return (
            f"the same picture wins in {found.agreement:.1%} of {found.sets} held-out sets, "
            f"{NEEDED_AGREEMENT:.0%} are needed"
        )
    worse = found.calibration_error - found.reference_calibration_error
    if worse > CALIBRATION_TOLERANCE:
        return (
            f"calibration error {found.calibration_error:.3f}, in float32 "
            f"{found.reference_calibration_error:.3f}, over {found.sets} held-out sets"
        )
    return ""


def _figures(parity: Parity | None, found: HeldOutChoices | None) -> str:
    if parity is None or found is None:
        return ""
    return (
        f"the same picture wins in {found.agreement:.1%} of {found.sets} held-out sets, "
        f"calibration error {found.calibration_error:.3f} (float32 "
        f"{found.reference_calibration_error:.3f}), {1000 * parity.seconds:.1f} ms a picture "
        f"(float32 {1000 * parity.reference_seconds:.1f})"
    )


def _held_out(
    workspace: Workspace, exact: OnnxEncoder, small: OnnxEncoder, sets: Sequence[ChosenSet]
) -> HeldOutChoices:
    """Encode the pictures of the sets twice, in batches, and compare the choices."""
    paths = list(dict.fromkeys(path for one in sets for path in one.paths))
    rows: dict[Path | str, int] = {}
    vectors: list[tuple[Floats32, Floats32]] = []
    for at in range(0, len(paths), _BATCH):
        batch = []
        for path in paths[at : at + _BATCH]:
            try:
                picture = decode(workspace.root / path, workspace.config.max_pixels)
            except ImageError:
                continue
            rows[path] = len(rows)
            batch.append(prepare(exact, picture))
        vectors.append((exact.encode(batch), small.encode(batch)))
    whole = [one for one in sets if all(path in rows for path in one.paths)]
    if len(whole) < LEAST_SETS:
        raise EncoderError(
            f"{counted(len(whole), 'set')} whose pictures can be read", f"{LEAST_SETS}"
        )
    expected, found = (np.concatenate(part) for part in zip(*vectors, strict=True))
    places = [[rows[path] for path in one.paths] for one in whole]
    return held_out_choices(expected, found, places, [one.project for one in whole])
