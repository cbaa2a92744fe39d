"""Write `report.html`: one file that needs nothing else, for a person to read."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from prefml.evaluation import plots
from prefml.evaluation.contenders import CROPPERS, RANKERS
from prefml.evaluation.examples import PreferenceView, SpotView, preference_views, spot_views
from prefml.evaluation.gallery import (
    Thumbnailer,
    crop_views,
    find_mistakes,
    make_thumbnailer,
)
from prefml.evaluation.run import Evaluation
from prefml.evaluation.schema import CropMetrics, Metrics, RankerMetrics
from prefml.evaluation.settings import describe_effect
from prefml.exceptions import counted, visible
from prefml.files import write_text
from prefml.workspace import Workspace

__all__ = ["REPORT_NAME", "render_report", "write_report"]

REPORT_NAME = "report.html"
DASH = "\N{EN DASH}"
_TITLES = {contender.name: contender.title for contender in (*CROPPERS, *RANKERS)}


def write_report(found: Evaluation, metrics: Metrics, workspace: Workspace, folder: Path) -> Path:
    """Write `report.html`, whole or not at all.

    Parameters
    ----------
    found : Evaluation
        Outcome of the evaluation, for the galleries.
    metrics : Metrics
        The content of `metrics.json`.
    workspace : Workspace
        Where the pictures lie.
    folder : Path
        The artifacts folder; made if missing.

    Returns
    -------
    Path
    """
    path = folder / REPORT_NAME
    write_text(path, render_report(found, metrics, workspace))
    return path


def render_report(found: Evaluation, metrics: Metrics, workspace: Workspace) -> str:
    """Render the report.

    Parameters
    ----------
    found, metrics, workspace
        As in `write_report`.

    Returns
    -------
    str
        HTML that asks for nothing outside itself.
    """
    thumbnail = make_thumbnailer(workspace, found.sidecars)
    ranker = metrics["ranker"]
    effects = None if ranker is None else ranker["settings"]
    preferences, spots = _learned(found, ranker, thumbnail)
    mistakes = find_mistakes(found.choices, thumbnail) if found.choices else []
    best, worst = crop_views(found.crops, thumbnail) if found.crops else ([], [])
    content = {
        "metrics": metrics,
        "titles": _TITLES,
        "plots": _ranker_plots(metrics["ranker"]) | _crop_plots(metrics["crop"]),
        "preferences": preferences,
        "spots": spots,
        "mistakes": mistakes,
        "best_crops": best,
        "worst_crops": worst,
        "effects": None if effects is None else list(map(describe_effect, effects)),
        "percent": percent,
        "number": number,
        "dash": DASH,
        "without_room": thumbnail.left_out,
    }
    return visible(_template().render(content))


def _learned(
    found: Evaluation, ranker: RankerMetrics | None, thumbnail: Thumbnailer
) -> tuple[list[PreferenceView], list[SpotView]]:
    if found.choices is None or ranker is None:
        return [], []
    return (
        preference_views(found.choices, ranker.get("preferences", []), thumbnail),
        spot_views(found.choices, ranker.get("weak_spots", []), thumbnail),
    )


def _template() -> Template:
    source = files("prefml.evaluation").joinpath("templates", "report.html.j2")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["counted"] = counted
    return environment.from_string(source.read_text("utf-8"))


def _ranker_plots(part: RankerMetrics | None) -> dict[str, Markup]:
    if part is None:
        return {}
    agreement = {
        name: plots.Estimate(scores["top1"], *scores["top1_ci"])
        for name, scores in part["models"].items()
    }
    drawn = {
        "models": plots.dots_plot(agreement, _TITLES, "agreement (top-1)", "top1"),
        "learning": plots.learning_plot(part["learning_curve"]),
    }
    if part["reliability"]:
        drawn["reliability"] = plots.reliability_plot(part["reliability"])
    if part["risk_coverage"]:
        drawn["risk"] = plots.risk_plot(part["risk_coverage"], _TITLES)
    over_time = part.get("over_time")
    if over_time:
        drawn["time"] = plots.time_plot(over_time["blocks"])
    if part["importances"]:
        drawn["importances"] = plots.importance_plot(part["importances"])
    return {name: Markup(svg) for name, svg in drawn.items()}


def _crop_plots(part: CropMetrics | None) -> dict[str, Markup]:
    if part is None:
        return {}
    overlap = {
        name: plots.Estimate(scores["iou"], *scores["iou_ci"])
        for name, scores in part["models"].items()
    }
    label = "mean overlap with the person's crop (IoU)"
    return {"crops": Markup(plots.dots_plot(overlap, _TITLES, label, "iou"))}


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share in per cent, or a dash where there is none.

    Parameters
    ----------
    value : float or None
        The share.
    digits : int, default=1
        Decimals.

    Returns
    -------
    str
    """
    return DASH if value is None else f"{100 * value:.{digits}f} %"


def number(value: float | None, digits: int = 3) -> str:
    """Return a number, or a dash where there is none.

    Parameters
    ----------
    value : float or None
        The number.
    digits : int, default=3
        Decimals.

    Returns
    -------
    str
    """
    return DASH if value is None else f"{value:.{digits}f}"
