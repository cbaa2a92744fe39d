"""Write the sample workspace."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from prefml.exceptions import WorkspaceError
from prefml.files import replacing
from prefml.sample.encode import encode
from prefml.sample.ground_truth import ground_truth_json
from prefml.sample.logs import (
    ALIAS,
    ALIAS_OF,
    crop_logs,
    manifests,
    selection_logs,
)
from prefml.sample.plan import SetPlan, plan_sample, scaled_projects
from prefml.sample.render import render

__all__ = ["SampleReport", "write_sample"]

CONFIG = f"""\
encoder = "builtin"

[projects.aliases]
{ALIAS} = "{ALIAS_OF}"
"""
# Written first, so that an interrupted sample is recognised; `prefml.toml` is written last.
TRUTH = "truth.json"
_PICTURE_FOLDERS = {"orchard": "training data", "terrace": "training data"}

Progress = Callable[[Iterable[int], int], Iterable[int]]


@dataclass(frozen=True)
class SampleReport:
    """Counts of what was written.

    Attributes
    ----------
    folder : Path
        The sample workspace.
    sets, lower_stage_sets, crops, new_sets : int
        Decided sets, those of them in which a lower stage is chosen, logged crops, undecided sets.
    images : int
        Number of pictures, undecided ones included.
    written : int
        Number of files that were missing and have been written.
    seconds : float
        Time it took.
    """

    folder: Path
    sets: int
    lower_stage_sets: int
    crops: int
    new_sets: int
    images: int
    written: int
    seconds: float


def write_sample(
    folder: str | Path, progress: Progress | None = None, share: float = 1.0
) -> SampleReport:
    """Write a sample workspace: pictures, logs, manifests, configuration and the truth.

    The pictures are edits of the two photographs that scikit-learn ships, and of the portrait that
    matplotlib ships. The same library versions write the same bytes. Files that exist already are
    left alone, so an interrupted run is finished by the next one.

    Parameters
    ----------
    folder : str or Path
        Where to write; made if missing.
    progress : callable, optional
        Wraps the running count of sets, for a progress bar.
    share : float, default=1.0
        Share of the sets to make, for quick trials; every project keeps a few.

    Returns
    -------
    SampleReport

    Raises
    ------
    WorkspaceError
        If the folder holds anything else than this sample.
    """
    began = time.monotonic()
    root = Path(folder).expanduser().resolve()
    projects = scaled_projects(share)
    decided, new = plan_sample(projects)
    logs = [*selection_logs(decided), *crop_logs(decided)]
    truth = ground_truth_json(decided, new, logs)
    _refuse_foreign(root, truth)
    written = _write_missing(root / TRUTH, truth.encode())
    texts = {f"training/{log.name}": log.text for log in logs}
    texts |= {f"projects/{name}": text for name, text in manifests(projects, decided).items()}
    written += sum(_write_missing(root / "data" / name, texts[name].encode()) for name in texts)
    written += _write_pictures(root, decided, new, progress or (lambda counts, total: counts))
    written += _write_missing(root / "prefml.toml", CONFIG.encode())
    return SampleReport(
        root,
        len(decided),
        sum(plan.lower_stage for plan in decided),
        sum(plan.crop is not None for plan in decided),
        len(new),
        sum(len(plan.images) for plan in (*decided, *new)),
        written,
        time.monotonic() - began,
    )


def _refuse_foreign(root: Path, truth: str) -> None:
    if not root.exists():
        return
    if not root.is_dir():
        raise WorkspaceError(f"{root} is a file", "a folder", "prefml sample ANOTHER_FOLDER")
    mark = root / TRUTH
    if any(root.iterdir()) and not (mark.is_file() and mark.read_bytes() == truth.encode()):
        raise WorkspaceError(
            f"{root} holds other files", "an empty folder", "prefml sample ANOTHER_FOLDER"
        )


def _write_pictures(
    root: Path, decided: Sequence[SetPlan], new: Sequence[SetPlan], progress: Progress
) -> int:
    jobs = [(root / _PICTURE_FOLDERS.get(s.project, "images") / s.project, s) for s in decided]
    jobs += [(root / "new" / plan.project, plan) for plan in new]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return sum(progress(pool.map(lambda job: _write_set(*job), jobs), len(jobs)))


def _write_set(folder: Path, plan: SetPlan) -> int:
    paths = [folder / image.name for image in plan.images]
    if all(path.exists() for path in paths):
        return 0
    pictures = zip(paths, plan.images, render(plan), strict=True)
    return sum(
        _write_missing(path, encode(pixels, path.suffix, image.encoding))
        for path, image, pixels in pictures
    )


def _write_missing(path: Path, content: bytes) -> int:
    if path.exists():
        return 0
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return 1
