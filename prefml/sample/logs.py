"""The sample's logs and manifests, with the irregularities of real ones."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from prefml.sample.plan import STAGE_NAMES, ProjectPlan, Scene, Shot

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

Row = Sequence[Any]


@dataclass(frozen=True)
class LogFile:
    """One log: its name, its text, and how many of its data rows can be used."""

    name: str
    text: str
    rows: int
    usable: int


def set_key(scene: Scene) -> str:
    """Return the set's key, project/session/set, as the logs spell its parts."""
    return f"{scene.project}/{_session(scene)}/{_set_id(scene)}"


def selection_logs(scenes: Sequence[Scene]) -> list[LogFile]:
    """Write the selection logs.

    Parameters
    ----------
    scenes : sequence of Scene
        All decided sets of all projects.

    Returns
    -------
    list of LogFile
    """
    orchard = [scene for scene in scenes if scene.project == "orchard"]
    lower = [_lower_stage_row(scene) for scene in orchard if scene.is_lower]
    history = [_selection_row(scene) for scene in orchard if not scene.is_lower]
    usual = [_selection_row(scene) for scene in scenes if scene.project != "orchard"]
    bad = _unusable_selections(scenes)
    return [
        _log("selection_only_log.csv", SELECTION_HEADER, _spread(usual, bad), len(usual)),
        _log("historical_selection_log.csv", SELECTION_HEADER, history, len(history), "\r\n"),
        _log("lower_stage_cases.csv", LOWER_STAGE_HEADER, lower, len(lower)),
    ]


def crop_logs(scenes: Sequence[Scene]) -> list[LogFile]:
    """Write the crop logs in both formats.

    Parameters
    ----------
    scenes : sequence of Scene
        All decided sets of all projects.

    Returns
    -------
    list of LogFile
    """
    cropped = [scene for scene in scenes if scene.crop]
    newer = [scene for scene in cropped if _logged_as_v2(scene)]
    rest = [scene for scene in cropped if not _logged_as_v2(scene)]
    few = min(OLD_ROWS, len(rest) // 4)
    old, wide = rest[-few:], rest[:-few]
    kept = [_placeholder_row(scene) for scene in scenes if not scene.crop][-few // 2 :]
    rows = [_crop_row(scene) for scene in wide]
    old_rows = [_old_crop_row(scene) for scene in old]
    rows_v2 = [_crop_row_v2(scene) for scene in newer]
    return [
        _log("select_crop_log.csv", CROP_HEADER, _spread(rows, _unusable_crops(wide)), len(rows)),
        _log("select_crop_log_mixed_schemas.csv", CROP_HEADER, _spread(old_rows, kept), len(old)),
        _log("crop_training_data.csv", CROP_V2_HEADER, _spread(rows_v2, _unusable_v2(newer)),
             len(rows_v2), "\r\n"),
    ]  # fmt: skip


def manifests(projects: Sequence[ProjectPlan], scenes: Sequence[Scene]) -> dict[str, str]:
    """Write the project manifests, and two JSON files beside them that are none.

    Parameters
    ----------
    projects : sequence of ProjectPlan
        The projects; the last one is still in work.
    scenes : sequence of Scene
        All decided sets.

    Returns
    -------
    dict of str to str
        File name -> text.
    """
    files = {
        f"{project.name}.project.json": _json(
            _manifest(
                project, [s for s in scenes if s.project == project.name], project == projects[-1]
            )
        )
        for project in projects
    }
    files["garden_allowed_ext.json"] = _json({"allowed": ["png", "jpg", "yaml", "caption"]})
    files["global_bans.json"] = _json({"bannedExtensions": ["tmp", "part"]})
    return files


def _manifest(project: ProjectPlan, scenes: Sequence[Scene], in_work: bool) -> dict[str, Any]:
    # Midnight of the last day, as real manifests have it: work of that day comes later.
    last = project.start + timedelta(days=project.days - 1)
    images = sum(len(scene.shots) for scene in scenes)
    return {
        "schemaVersion": 1,
        "projectId": project.name,
        "title": project.name.title(),
        "status": "active" if in_work else "finished",
        "startedAt": f"{project.start:%Y-%m-%dT%H:%M:%SZ}",
        "finishedAt": None if in_work else f"{last:%Y-%m-%dT%H:%M:%SZ}",
        "counts": {"initialImages": images, "finalImages": None if in_work else len(scenes)},
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"


def _log(name: str, header: Row, rows: Iterable[Row], usable: int, end: str = "\n") -> LogFile:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator=end)
    written = [writer.writerow(row) for row in (header, *rows)]
    return LogFile(name, buffer.getvalue(), len(written) - 1, usable)


def _spread(rows: Sequence[Row], extra: Sequence[Row]) -> list[Row]:
    mixed = list(rows)
    step = max(1, len(mixed) // (len(extra) + 1))
    for position, row in enumerate(extra):
        mixed.insert((position + 1) * (step + 1), row)
    return mixed


def _session(scene: Scene) -> str:
    if scene.project == "orchard":
        return "orchard_historical"
    return f"{scene.decided:%Y-%m-%d} session {scene.session + 1}"


def _set_id(scene: Scene) -> str:
    forms = {"orchard": scene.key, "garden": f"group_{scene.key}"}
    return forms.get(scene.project, f"group_{scene.number}")


def _folder(scene: Scene) -> str:
    if scene.project == ALIAS_OF and scene.session < 2:
        return f"images/{ALIAS}"
    homes = {"orchard": "PROJECT_ROOT/training data", "terrace": "training data"}
    return f"{homes.get(scene.project, 'images')}/{scene.project}"


def _winner_path(scene: Scene) -> str:
    folder = _folder(scene)
    if scene.project == "orchard":
        folder += f"_final/group_{scene.number % 9}"
    return f"{folder}/{scene.winner.name}"


def _loser_paths(scene: Scene) -> list[str]:
    return [f"{_folder(scene)}/{shot.name}" for shot in scene.shots if shot is not scene.winner]


def _time(scene: Scene, when: datetime) -> str:
    forms = {"orchard": "%Y%m%d_%H%M%S", "terrace": "%Y-%m-%dT%H:%M:%S.250000+00:00"}
    return when.strftime(forms.get(scene.project, "%Y-%m-%dT%H:%M:%SZ"))


def _selection_row(scene: Scene) -> list[Any]:
    losers = json.dumps(_loser_paths(scene))
    when = _time(scene, scene.decided)
    return [_session(scene), _set_id(scene), _winner_path(scene), losers, when]


def _lower_stage_row(scene: Scene) -> list[Any]:
    highest = scene.shots[-1].stage
    return [
        _session(scene), _set_id(scene), scene.project, f"{scene.winner.stage:g}",
        f"{highest:g}", _winner_path(scene), repr(_loser_paths(scene)),
        f"{scene.decided:%Y-%m-%dT%H:%M:%S}+00:00",
    ]  # fmt: skip


def _unusable_selections(scenes: Sequence[Scene]) -> list[Row]:
    here = [scene for scene in scenes if scene.project == "harbour"][:5]
    there = next(scene for scene in scenes if scene.project == "terrace")
    a, b, c, d, e = ([_session(scene), f"again_{scene.number}"] for scene in here)
    when = _time(here[0], here[0].decided)
    winners = [_winner_path(scene) for scene in here]
    return [
        [*a, winners[0], json.dumps(_loser_paths(there)), when],
        [*b, winners[1], "[]", when],
        [*c, winners[2], json.dumps([winners[2], *_loser_paths(here[2])]), when],
        [*d, winners[3], "['unfinished.png", when],
        [*e, "", json.dumps(_loser_paths(here[4])), when],
    ]


def _logged_as_v2(scene: Scene) -> bool:
    return scene.project == ALIAS_OF or (scene.project == "orchard" and scene.number % 2 == 1)


def _crop_path(scene: Scene, shot: Shot) -> str:
    inner = f"group_{scene.number % 4:02d}/" if scene.number % 3 else ""
    return f"crop/{inner}{shot.name}"


def _crop_row(scene: Scene) -> list[Any]:
    shown = [scene.winner]
    if scene.number % 5 == 0:
        shown = [next(s for s in scene.shots if s is not scene.winner), scene.winner]
    cells: list[Any] = []
    for shot in shown:
        cells += [_crop_path(scene, shot), STAGE_NAMES[shot.stage], shot.width, shot.height]
    cells += [""] * (8 - len(cells))
    if len(shown) == 1 and scene.number % 2:
        cells = cells[:4] + [""] * 4
    return [*_crop_head(scene, len(shown)), *_logged_box(scene), _crop_time(scene), *cells]


def _old_crop_row(scene: Scene) -> list[Any]:
    shown = [_crop_path(scene, scene.winner), STAGE_NAMES[scene.winner.stage], 0, 0]
    return [*_crop_head(scene, 1), *_logged_box(scene), _crop_time(scene), *shown]


def _crop_head(scene: Scene, shown: int) -> list[Any]:
    path = _crop_path(scene, scene.winner)
    stem = scene.winner.name.rsplit(".", 1)[0]
    return [_session(scene), f"crop_{stem}", path.rsplit("/", 1)[0], shown, shown - 1, path]


def _logged_box(scene: Scene) -> list[float]:
    assert scene.crop is not None
    if scene.number % 29 == 7:
        return _fractions(scene)
    return [float(edge) for edge in scene.crop.pixels]


def _fractions(scene: Scene) -> list[float]:
    assert scene.crop is not None
    size = (scene.winner.width, scene.winner.height) * 2
    return [edge / side for edge, side in zip(scene.crop.pixels, size, strict=True)]


def _crop_time(scene: Scene) -> str:
    return f"{scene.decided + CROP_DELAY:%Y-%m-%dT%H:%M:%S}.{scene.number:06d}Z"


def _placeholder_row(scene: Scene) -> list[Any]:
    path = _crop_path(scene, scene.winner)
    return [_session(scene), path.rsplit("/", 1)[0], path, STAGE_NAMES[scene.winner.stage],
            0, 0, 1, 1, _crop_time(scene)]  # fmt: skip


def _unusable_crops(scenes: Sequence[Scene]) -> list[Row]:
    repeated = [_crop_row(scene) for scene in scenes[:3]]
    for row in repeated:
        row[10] = f"{row[10][:10]}T23:55:00Z"
    backwards, endless = _crop_row(scenes[3]), _crop_row(scenes[4])
    backwards[1], backwards[5] = "crop_backwards", "crop/20250303_000001_stage2_upscaled.jpg"
    backwards[6], backwards[8] = 200.0, 100.0
    endless[1], endless[5], endless[6] = (
        "crop_endless",
        "crop/20250303_000002_stage2_upscaled.jpg",
        "nan",
    )
    return [*repeated, backwards, endless]


def _crop_row_v2(scene: Scene) -> list[Any]:
    project = ALIAS if scene.project == ALIAS_OF and scene.session < 2 else scene.project
    size = [scene.winner.width, scene.winner.height]
    return [_crop_time(scene), project, scene.winner.name, *_fractions(scene), *size]


def _unusable_v2(scenes: Sequence[Scene]) -> list[Row]:
    outside, repeat = _crop_row_v2(scenes[0]), _crop_row_v2(scenes[1])
    outside[2], outside[5] = "20250407_000001_stage2_upscaled.png", -0.4
    repeat[0] = f"{scenes[1].decided + 2 * CROP_DELAY:%Y-%m-%dT%H:%M:%SZ}"
    return [outside, repeat]
