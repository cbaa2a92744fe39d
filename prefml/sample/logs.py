"""Write the sample's logs and manifests, with the irregularities of real ones."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from prefml.sample.plan import STAGE_NAMES, ImagePlan, ProjectPlan, SetPlan

__all__ = ["LogFile", "crop_logs", "manifests", "selection_logs", "set_key"]

SELECTION_HEADER = ("session_id", "set_id", "chosen_path", "neg_paths", "timestamp")
LOWER_STAGE_HEADER = (
    "session_id", "set_id", "project", "chosen_stage", "max_rejected_stage", "chosen_path",
    "rejected_paths", "timestamp",
)  # fmt: skip
CROP_HEADER = (
    "session_id", "set_id", "directory", "image_count", "chosen_index", "chosen_path",
    "crop_x1", "crop_y1", "crop_x2", "crop_y2", "timestamp",
    "image_0_path", "image_0_stage", "width_0", "height_0",
    "image_1_path", "image_1_stage", "width_1", "height_1",
)  # fmt: skip
CROP_V2_HEADER = (
    "timestamp", "project_id", "filename", "crop_x1", "crop_y1", "crop_x2", "crop_y2",
    "width", "height",
)  # fmt: skip
CROP_DELAY = timedelta(hours=2, seconds=17)
# The garden was kept in another folder at first; `prefml.toml` names the alias.
ALIAS, ALIAS_OF = "garden_shoot", "garden"
# How many rows, near the end of the terrace's work, an older tool logged without sizes.
OLD_ROWS = 24

Cell: TypeAlias = str | float
Row: TypeAlias = Sequence[Cell]


@dataclass(frozen=True)
class LogFile:
    """A log.

    Attributes
    ----------
    name, text : str
        File name and content.
    rows, usable : int
        Number of its data rows, and of those that can be used.
    """

    name: str
    text: str
    rows: int
    usable: int


def set_key(plan: SetPlan) -> str:
    """Return the key of a set, as the logs spell its parts.

    Parameters
    ----------
    plan : SetPlan
        The set.

    Returns
    -------
    str
        project/session/set.
    """
    return f"{plan.project}/{_session_id(plan)}/{_set_id(plan)}"


def selection_logs(plans: Sequence[SetPlan]) -> list[LogFile]:
    """Write the selection logs.

    Parameters
    ----------
    plans : sequence of SetPlan
        All decided sets of all projects.

    Returns
    -------
    list of LogFile
    """
    orchard = [plan for plan in plans if plan.project == "orchard"]
    lower = [_lower_stage_row(plan) for plan in orchard if plan.lower_stage]
    history = [_selection_row(plan) for plan in orchard if not plan.lower_stage]
    usual = [_selection_row(plan) for plan in plans if plan.project != "orchard"]
    bad = _unusable_selections(plans)
    return [
        _log_file("selection_only_log.csv", SELECTION_HEADER, _interleave(usual, bad), len(usual)),
        _log_file("historical_selection_log.csv", SELECTION_HEADER, history, len(history), "\r\n"),
        _log_file("lower_stage_cases.csv", LOWER_STAGE_HEADER, lower, len(lower)),
    ]


def crop_logs(plans: Sequence[SetPlan]) -> list[LogFile]:
    """Write the crop logs in both formats.

    Parameters
    ----------
    plans : sequence of SetPlan
        All decided sets of all projects.

    Returns
    -------
    list of LogFile
    """
    cropped = [plan for plan in plans if plan.crop]
    newer = [plan for plan in cropped if _in_v2_format(plan)]
    rest = [plan for plan in cropped if not _in_v2_format(plan)]
    few = min(OLD_ROWS, len(rest) // 4)
    old, wide = rest[-few:], rest[:-few]
    kept = [_placeholder_row(plan) for plan in plans if not plan.crop][-few // 2 :]
    rows = _interleave([_crop_row(plan) for plan in wide], _unusable_crops(wide))
    old_rows = _interleave([_old_crop_row(plan) for plan in old], kept)
    rows_v2 = _interleave([_crop_row_v2(plan) for plan in newer], _unusable_v2(newer))
    return [
        _log_file("select_crop_log.csv", CROP_HEADER, rows, len(wide)),
        _log_file("select_crop_log_mixed_schemas.csv", CROP_HEADER, old_rows, len(old)),
        _log_file("crop_training_data.csv", CROP_V2_HEADER, rows_v2, len(newer), "\r\n"),
    ]


def manifests(projects: Sequence[ProjectPlan], plans: Sequence[SetPlan]) -> dict[str, str]:
    """Write the project manifests, and two JSON files beside them that are none.

    Parameters
    ----------
    projects : sequence of ProjectPlan
        The projects; the last one is still in work.
    plans : sequence of SetPlan
        All decided sets.

    Returns
    -------
    dict of str to str
        File name -> text.
    """
    files = {}
    for project in projects:
        own = [plan for plan in plans if plan.project == project.name]
        manifest = _manifest(project, own, in_work=project == projects[-1])
        files[f"{project.name}.project.json"] = _json(manifest)
    files["garden_allowed_ext.json"] = _json({"allowed": ["png", "jpg", "yaml", "caption"]})
    files["global_bans.json"] = _json({"bannedExtensions": ["tmp", "part"]})
    return files


def _manifest(project: ProjectPlan, plans: Sequence[SetPlan], in_work: bool) -> dict[str, object]:
    # Midnight of the last day, as real manifests have it: work of that day comes later.
    last = project.start + timedelta(days=project.days - 1)
    images = sum(len(plan.images) for plan in plans)
    return {
        "schemaVersion": 1,
        "projectId": project.name,
        "title": project.name.title(),
        "status": "active" if in_work else "finished",
        "startedAt": f"{project.start:%Y-%m-%dT%H:%M:%SZ}",
        "finishedAt": None if in_work else f"{last:%Y-%m-%dT%H:%M:%SZ}",
        "counts": {"initialImages": images, "finalImages": None if in_work else len(plans)},
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"


def _log_file(name: str, header: Row, rows: Iterable[Row], usable: int, end: str = "\n") -> LogFile:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator=end)
    written = [writer.writerow(row) for row in (header, *rows)]
    return LogFile(name, buffer.getvalue(), len(written) - 1, usable)


def _interleave(rows: Sequence[Row], extra: Sequence[Row]) -> list[Row]:
    mixed = list(rows)
    step = max(1, len(mixed) // (len(extra) + 1))
    for position, row in enumerate(extra):
        mixed.insert((position + 1) * (step + 1), row)
    return mixed


def _session_id(plan: SetPlan) -> str:
    if plan.project == "orchard":
        return "orchard_historical"
    return f"{plan.decided:%Y-%m-%d} session {plan.session + 1}"


def _set_id(plan: SetPlan) -> str:
    formats = {"orchard": plan.key, "garden": f"group_{plan.key}"}
    return formats.get(plan.project, f"group_{plan.number}")


def _folder(plan: SetPlan) -> str:
    if plan.project == ALIAS_OF and plan.session < 2:
        return f"images/{ALIAS}"
    folders = {"orchard": "PROJECT_ROOT/training data", "terrace": "training data"}
    return f"{folders.get(plan.project, 'images')}/{plan.project}"


def _chosen_path(plan: SetPlan) -> str:
    folder = _folder(plan)
    if plan.project == "orchard":
        folder += f"_final/group_{plan.number % 9}"
    return f"{folder}/{plan.chosen_image.name}"


def _rejected_paths(plan: SetPlan) -> list[str]:
    return [
        f"{_folder(plan)}/{image.name}" for image in plan.images if image is not plan.chosen_image
    ]


def _timestamp(plan: SetPlan, when: datetime) -> str:
    formats = {"orchard": "%Y%m%d_%H%M%S", "terrace": "%Y-%m-%dT%H:%M:%S.250000+00:00"}
    return when.strftime(formats.get(plan.project, "%Y-%m-%dT%H:%M:%SZ"))


def _selection_row(plan: SetPlan) -> list[Cell]:
    rejected = json.dumps(_rejected_paths(plan))
    when = _timestamp(plan, plan.decided)
    return [_session_id(plan), _set_id(plan), _chosen_path(plan), rejected, when]


def _lower_stage_row(plan: SetPlan) -> list[Cell]:
    highest = plan.images[-1].stage
    return [
        _session_id(plan), _set_id(plan), plan.project, f"{plan.chosen_image.stage:g}",
        f"{highest:g}", _chosen_path(plan), repr(_rejected_paths(plan)),
        f"{plan.decided:%Y-%m-%dT%H:%M:%S}+00:00",
    ]  # fmt: skip


def _unusable_selections(plans: Sequence[SetPlan]) -> list[Row]:
    here = [plan for plan in plans if plan.project == "harbour"][:5]
    there = next(plan for plan in plans if plan.project == "terrace")
    a, b, c, d, e = ([_session_id(plan), f"again_{plan.number}"] for plan in here)
    when = _timestamp(here[0], here[0].decided)
    chosen = [_chosen_path(plan) for plan in here]
    return [
        [*a, chosen[0], json.dumps(_rejected_paths(there)), when],
        [*b, chosen[1], "[]", when],
        [*c, chosen[2], json.dumps([chosen[2], *_rejected_paths(here[2])]), when],
        [*d, chosen[3], "['unfinished.png", when],
        [*e, "", json.dumps(_rejected_paths(here[4])), when],
    ]


def _in_v2_format(plan: SetPlan) -> bool:
    return plan.project == ALIAS_OF or (plan.project == "orchard" and plan.number % 2 == 1)


def _crop_path(plan: SetPlan, image: ImagePlan) -> str:
    inner = f"group_{plan.number % 4:02d}/" if plan.number % 3 else ""
    return f"crop/{inner}{image.name}"


def _crop_row(plan: SetPlan) -> list[Cell]:
    shown = [plan.chosen_image]
    if plan.number % 5 == 0:
        shown = [next(s for s in plan.images if s is not plan.chosen_image), plan.chosen_image]
    cells: list[Cell] = []
    for image in shown:
        cells += [_crop_path(plan, image), STAGE_NAMES[image.stage], image.width, image.height]
    cells += [""] * (8 - len(cells))
    if len(shown) == 1 and plan.number % 2:
        cells = cells[:4] + [""] * 4
    return [*_crop_head(plan, len(shown)), *_logged_box(plan), _crop_time(plan), *cells]


def _old_crop_row(plan: SetPlan) -> list[Cell]:
    image = plan.chosen_image
    shown: Row = [_crop_path(plan, image), STAGE_NAMES[image.stage], 0, 0]
    return [*_crop_head(plan, 1), *_logged_box(plan), _crop_time(plan), *shown]


def _crop_head(plan: SetPlan, shown: int) -> list[Cell]:
    path = _crop_path(plan, plan.chosen_image)
    stem = plan.chosen_image.name.rsplit(".", 1)[0]
    return [_session_id(plan), f"crop_{stem}", path.rsplit("/", 1)[0], shown, shown - 1, path]


def _logged_box(plan: SetPlan) -> list[float]:
    assert plan.crop is not None
    if plan.number % 29 == 7:
        return _crop_fractions(plan)
    return [float(edge) for edge in plan.crop.pixels]


def _crop_fractions(plan: SetPlan) -> list[float]:
    assert plan.crop is not None
    size = (plan.chosen_image.width, plan.chosen_image.height) * 2
    return [edge / side for edge, side in zip(plan.crop.pixels, size, strict=True)]


def _crop_time(plan: SetPlan) -> str:
    return f"{plan.decided + CROP_DELAY:%Y-%m-%dT%H:%M:%S}.{plan.number:06d}Z"


def _placeholder_row(plan: SetPlan) -> list[Cell]:
    path = _crop_path(plan, plan.chosen_image)
    return [_session_id(plan), path.rsplit("/", 1)[0], path, STAGE_NAMES[plan.chosen_image.stage],
            0, 0, 1, 1, _crop_time(plan)]  # fmt: skip


def _unusable_crops(plans: Sequence[SetPlan]) -> list[Row]:
    repeated = [_crop_row(plan) for plan in plans[:3]]
    for row, plan in zip(repeated, plans[:3], strict=True):
        row[10] = f"{_crop_time(plan)[:10]}T23:55:00Z"
    backwards, endless = _crop_row(plans[3]), _crop_row(plans[4])
    backwards[1], backwards[5] = "crop_backwards", "crop/20250303_000001_stage2_upscaled.jpg"
    backwards[6], backwards[8] = 200.0, 100.0
    endless[1], endless[5], endless[6] = (
        "crop_endless",
        "crop/20250303_000002_stage2_upscaled.jpg",
        "nan",
    )
    return [*repeated, backwards, endless]


def _crop_row_v2(plan: SetPlan) -> list[Cell]:
    project = ALIAS if plan.project == ALIAS_OF and plan.session < 2 else plan.project
    size = [plan.chosen_image.width, plan.chosen_image.height]
    return [_crop_time(plan), project, plan.chosen_image.name, *_crop_fractions(plan), *size]


def _unusable_v2(plans: Sequence[SetPlan]) -> list[Row]:
    outside, repeat = _crop_row_v2(plans[0]), _crop_row_v2(plans[1])
    outside[2], outside[5] = "20250407_000001_stage2_upscaled.png", -0.4
    repeat[0] = f"{plans[1].decided + 2 * CROP_DELAY:%Y-%m-%dT%H:%M:%SZ}"
    return [outside, repeat]
