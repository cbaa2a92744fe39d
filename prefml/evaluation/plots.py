"""Draw the plots of the report as SVG text that takes its colour from the page."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from prefml.evaluation.schema import LearningPoint, ReliabilityPoint, TimeBlock

__all__ = [
    "Estimate",
    "dots_plot",
    "importance_plot",
    "learning_plot",
    "reliability_plot",
    "risk_plot",
    "time_plot",
]

# Okabe and Ito's blue and orange: told apart by colour-blind people, readable on light and dark.
PREFML_COLOUR, BASELINE_COLOUR = "#2b7fc4", "#d9822b"
# Stands for the page's text colour until the SVG is written.
_TEXT = "#010203"
# matplotlib declares its settings one by one.
_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 10,
    "svg.fonttype": "none",
    "text.color": _TEXT,
    "axes.edgecolor": _TEXT,
    "axes.labelcolor": _TEXT,
    "xtick.color": _TEXT,
    "ytick.color": _TEXT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": _TEXT,
    "grid.alpha": 0.12,
    "axes.axisbelow": True,
    "legend.frameon": False,
}


class Estimate(NamedTuple):
    """Measure with the ends of its interval; what does not exist is None.

    Attributes
    ----------
    value : float or None
        The measure.
    low, high : float or None
        The ends.
    """

    value: float | None
    low: float | None
    high: float | None


def dots_plot(
    models: Mapping[str, Estimate], titles: Mapping[str, str], label: str, name: str
) -> str:
    """Draw one dot with its interval for each model, the best on top.

    Parameters
    ----------
    models : mapping of str to Estimate
        Model -> its measure; models without one are not drawn.
    titles : mapping of str to str
        Model -> what a person reads.
    label : str
        Text of the axis.
    name : str
        Name of the measure, which tells the plots of a page apart.

    Returns
    -------
    str
        SVG.
    """
    known = {model: one.value for model, one in models.items() if one.value is not None}
    ordered = sorted(known, key=lambda model: known[model])

    def draw(axes: Axes) -> None:
        for place, model in enumerate(ordered):
            colour = PREFML_COLOUR if model == "prefml" else BASELINE_COLOUR
            low, high = _ends(models[model])
            axes.plot([low, high], [place, place], color=colour, linewidth=2, alpha=0.6)
            axes.plot(known[model], place, "o", color=colour, markersize=7)
            axes.annotate(
                f"{known[model]:.3f}", (high, place), (6, 0), textcoords="offset points",
                va="center", fontsize=9,
            )  # fmt: skip
        axes.set_yticks(range(len(ordered)), [titles.get(model, model) for model in ordered])
        axes.set_ylim(-0.6, len(ordered) - 0.4)
        axes.margins(x=0.12)
        axes.set_xlabel(label)

    return _svg(draw, 7.2, 0.7 + 0.36 * len(ordered), f"dots-{name}")


def _ends(estimate: Estimate) -> tuple[float, float]:
    """Return the ends of the interval, or the measure itself where there is none."""
    middle = math.nan if estimate.value is None else estimate.value
    low, high = estimate.low, estimate.high
    return (middle if low is None else low, middle if high is None else high)


def reliability_plot(points: Sequence[ReliabilityPoint]) -> str:
    """Draw a reliability diagram: the share of agreement against the stated probability.

    Parameters
    ----------
    points : sequence of ReliabilityPoint
        Mean stated probability and observed share of parts of the sets.

    Returns
    -------
    str
        SVG.
    """

    def draw(axes: Axes) -> None:
        stated = [point["stated"] for point in points]
        observed = [point["observed"] for point in points]
        least = max(0.0, min([*stated, *observed], default=0.0) - 0.05)
        axes.plot([least, 1], [least, 1], color=_TEXT, alpha=0.4, linestyle="--", linewidth=1)
        axes.plot(stated, observed, "o-", color=PREFML_COLOUR)
        axes.set_xlim(least, 1.01)
        axes.set_ylim(least, 1.01)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.set_xlabel("stated probability")
        axes.set_ylabel("agreement (top-1)")

    return _svg(draw, 4.2, 3.6, "reliability")


def risk_plot(curves: Mapping[str, Sequence[Sequence[float]]], titles: Mapping[str, str]) -> str:
    """Draw risk-coverage curves: the error among the most confident sets against their share.

    Parameters
    ----------
    curves : mapping of str to sequence
        Model -> [coverage, error], both shares, fewest sets first.
    titles : mapping of str to str
        Model -> what a person reads.

    Returns
    -------
    str
        SVG.
    """

    def draw(axes: Axes) -> None:
        for name, curve in curves.items():
            coverage, error = zip(*curve, strict=True)
            colour = PREFML_COLOUR if name == "prefml" else BASELINE_COLOUR
            axes.plot(coverage, error, color=colour, label=titles.get(name, name))
        for budget in (0.01, 0.02, 0.05, 0.10):
            axes.axhline(budget, color=_TEXT, alpha=0.35, linewidth=0.8, linestyle=":")
        axes.set_xlim(0, 1)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("share of sets, most confident first")
        axes.set_ylabel("share that was wrong")
        if len(curves) > 1:
            axes.legend()

    return _svg(draw, 4.2, 3.6, "risk")


def learning_plot(points: Sequence[LearningPoint]) -> str:
    """Draw the learning curve: top-1 agreement against the number of sets learned from.

    Parameters
    ----------
    points : sequence of LearningPoint
        Fewest sets first.

    Returns
    -------
    str
        SVG.
    """

    def draw(axes: Axes) -> None:
        sets = [point["sets"] for point in points]
        ends = [_ends(Estimate(point["top1"], *point["top1_ci"])) for point in points]
        low, high = zip(*ends, strict=True)
        axes.fill_between(sets, low, high, color=PREFML_COLOUR, alpha=0.18, linewidth=0)
        top1 = [math.nan if (value := point["top1"]) is None else value for point in points]
        axes.plot(sets, top1, "o-", color=PREFML_COLOUR)
        axes.set_xscale("log")
        axes.set_xticks(sets, [f"{count:.0f}" for count in sets])
        axes.minorticks_off()
        axes.set_xlabel("sets learned from")
        axes.set_ylabel("agreement (top-1)")

    return _svg(draw, 4.2, 3.6, "learning")


def time_plot(blocks: Sequence[TimeBlock]) -> str:
    """Draw agreement over stretches of time, the oldest on the left.

    Parameters
    ----------
    blocks : sequence of TimeBlock
        The stretches.

    Returns
    -------
    str
        SVG.
    """

    def draw(axes: Axes) -> None:
        for at, block in enumerate(blocks):
            low, high = _ends(Estimate(block["top1"], *block["top1_ci"]))
            axes.plot([at, at], [low, high], color=PREFML_COLOUR, linewidth=2)
        top1 = [math.nan if (value := block["top1"]) is None else value for block in blocks]
        axes.plot(range(len(blocks)), top1, "o-", color=PREFML_COLOUR)
        axes.set_xticks(range(len(blocks)), [f"since\n{block['since']}" for block in blocks])
        axes.set_ylabel("agreement (top-1)")

    return _svg(draw, 7.0, 3.2, "time")


def importance_plot(shares: Mapping[str, float], most: int = 12) -> str:
    """Draw the importance of each group of inputs, the largest on top.

    Parameters
    ----------
    shares : mapping of str to float
        Group of inputs -> its share of the differences inside a set, largest first.
    most : int, default=12
        Number of groups to draw, at most.

    Returns
    -------
    str
        SVG.
    """
    ordered = list(shares.items())[:most][::-1]

    def draw(axes: Axes) -> None:
        axes.barh(range(len(ordered)), [share for _, share in ordered], color=PREFML_COLOUR)
        axes.set_yticks(range(len(ordered)), [name for name, _ in ordered])
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("share of the differences inside a set")

    return _svg(draw, 4.2, 3.6, "importances")


def _svg(draw: Callable[[Axes], None], width: float, height: float, salt: str) -> str:
    with mpl.rc_context({**_STYLE, "svg.hashsalt": salt}):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure.subplots())
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return _inlined(buffer.getvalue(), salt)


def _inlined(svg: str, name: str) -> str:
    """Drop what only a file of its own needs; take colour from the page, and ids of its own."""
    body = svg[svg.index("<svg") :].replace(_TEXT, "currentColor")
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r' (width|height)="[\d.]+pt"', "", body, count=2)
    return re.sub(r'(?<=[ (:"])(id="|url\(#|href="#)', rf"\g<1>{name}-", body)
