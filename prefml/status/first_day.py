"""Measure a model on the sets that were asked at random before it had seen their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import numpy as np
from scipy.optimize import minimize

from prefml.decisions.evidence import read_evidence
from prefml.decisions.set_rule import SetRule, set_rule
from prefml.proposals import as_list, as_mapping, decisions_path, index_of, read_decided
from prefml.proposals.questions import (
    Prediction,
    predictions_path,
    read_asked,
    read_predictions,
)
from prefml.status.first_day_crops import CropsForetold, describe_crops, framed, measure_crops
from prefml.status.measures import Share, share
from prefml.workspace import Workspace

__all__ = [
    "FirstDay",
    "FirstDayReader",
    "Foretold",
    "describe",
    "first_day",
    "measure",
    "more_answers",
    "plain",
]

# The agreement that the forecast is about.
TARGET = 0.8
# With fewer cases a forecast would be a guess, and beyond so many answers it is one, too.
_LEAST, _FARTHEST = 10, 2000
_RECENT = 20
# Prior of the logistic curve: agreement changes little when answers double.
_SLOPE_SPREAD = 0.5


@dataclass(frozen=True)
class Foretold:
    """Set whose answer was predicted before it was given.

    Attributes
    ----------
    right : bool
        True if the predicted picture was chosen.
    pictures : int
        Pictures of the set.
    highest_right : float or None
        Probability that the highest stage was right, ties drawn by lot; None without stages.
    answers : int
        Sets that the model had learned from.
    """

    right: bool
    pictures: int
    highest_right: float | None
    answers: int


@dataclass(frozen=True)
class FirstDay:
    """Agreement of a model on sets it had not learned from.

    Attributes
    ----------
    asked : int
        Sets that were asked without a suggestion and have an answer.
    answers : int
        Sets that the last model had learned from; 0 before the first.
    agreement : Share
        Of the sets that the last models had predicted, see `measure`.
    chance : float or None
        Share that a choice by lot would have right on the same sets.
    highest_stage : float or None
        The same of the highest stage; None without stages.
    more : int or None
        Answers until the agreement is 80 %, from the learning curve; None: not known.
    crops : CropsForetold
        The same of crops, where the predicted picture was kept and its frame judged.
    """

    asked: int = 0
    answers: int = 0
    agreement: Share = field(default_factory=lambda: Share(None, 0))
    chance: float | None = None
    highest_stage: float | None = None
    more: int | None = None
    crops: CropsForetold = field(default_factory=CropsForetold)

    @property
    def better_than_chance(self) -> bool:
        """Tell whether the agreement is above that of chance, with 97.5 % certainty."""
        return self.chance is not None and self.agreement.low > self.chance

    @property
    def worth_trusting(self) -> bool:
        """Tell whether the model is better than chance and than the highest stage, certainly."""
        return self.better_than_chance and self.agreement.low > (self.highest_stage or 0.0)


def first_day(workspace: Workspace) -> FirstDay:
    """Read a workspace's answers to questions, and hold them against what was predicted.

    Parameters
    ----------
    workspace : Workspace
        The workspace.

    Returns
    -------
    FirstDay

    Raises
    ------
    LogError
        If a file cannot be read.
    """
    decided, predictions = read_decided(workspace), read_predictions(workspace)
    asked = {
        key: row
        for key, row in decided.items()
        if read_asked(as_mapping(row.get("suggestion"))) is not None
    }
    rule = set_rule(workspace.config)
    found = [
        _foretold(row, predictions[key], rule)
        for key, row in asked.items()
        if key in predictions and _is_random(row)
    ]
    learned = max((one.answers for one in predictions.values()), default=0)
    measured = measure([one for one in found if one is not None], len(asked), learned)
    return replace(measured, crops=_crops(asked, predictions, rule))


class FirstDayReader:
    """The figures of a workspace, which are read again once one of their files was replaced.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stamps: list[tuple[int, int, int]] = []
        self._day = FirstDay()

    def read(self) -> FirstDay:
        """Return what `first_day` returns."""
        files = decisions_path(self._workspace), predictions_path(self._workspace)
        stamps = [_stamp(path) for path in files]
        if stamps != self._stamps:
            self._day, self._stamps = first_day(self._workspace), stamps
        return self._day


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    # Another file is moved there: within one tick of the clock it differs by its number.
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def _crops(
    asked: Mapping[str, Mapping[str, object]], predictions: Mapping[str, Prediction], rule: SetRule
) -> CropsForetold:
    frames = []
    for key in asked.keys() & predictions.keys():
        row, prediction = asked[key], predictions[key]
        told = _foretold(row, prediction, rule) if _is_random(row) else None
        if told is not None and told.right:
            standing = read_evidence(row, as_mapping(row.get("suggestion")))
            frames.append(framed(row, standing, prediction))
    return measure_crops([frame for frame in frames if frame is not None])


def _is_random(row: Mapping[str, object]) -> bool:
    """Tell whether a set was drawn at random, and decided without sight of a suggestion."""
    suggestion = as_mapping(row.get("suggestion"))
    asked, standing = read_asked(suggestion), read_evidence(row, suggestion)
    return (
        asked is not None
        and asked.by == "random"
        and standing.labels
        and not standing.choice_exposed
    )


def _foretold(row: Mapping[str, object], prediction: Prediction, rule: SetRule) -> Foretold | None:
    """Return None for a set of which no picture was kept."""
    images = list(map(str, as_list(row.get("images"))))
    kept = index_of(row.get("final_choice"), images)
    predicted = index_of(prediction.image, images)
    if kept is None or predicted is None or row.get("action") == "rejected":
        return None
    stages = [rule.stage(PurePosixPath(image).name) for image in images]
    known = [stage for stage in stages if stage is not None]
    highest = None
    if known:
        top = [stage == max(known) for stage in stages]
        highest = top[kept] / sum(top)
    return Foretold(kept == predicted, len(images), highest, prediction.answers)


def measure(foretold: Sequence[Foretold], asked: int, learned: int) -> FirstDay:
    """Sum up how often predictions came true.

    Parameters
    ----------
    foretold : sequence of Foretold
        Sets that were asked at random.
    asked : int
        Questions with an answer.
    learned : int
        Sets that the last model had learned from.

    Returns
    -------
    FirstDay
        Of models that had learned from half as many as the last, or more: earlier ones were worse.
        Where these are fewer than 20, of the last 20.
    """
    if not foretold:
        return FirstDay(asked, learned)
    current = sum(2 * one.answers >= learned for one in foretold)
    late = sorted(foretold, key=lambda one: one.answers)[-max(_RECENT, current) :]
    highest = [one.highest_right for one in late if one.highest_right is not None]
    return FirstDay(
        asked,
        learned,
        share([one.right for one in late]),
        float(np.mean([1 / one.pictures for one in late])),
        float(np.mean(highest)) if len(highest) == len(late) else None,
        more_answers([one.answers for one in foretold], [one.right for one in foretold], learned),
    )


def more_answers(answers: Sequence[int], right: Sequence[bool], learned: int) -> int | None:
    """Return how many answers more an agreement of 80 % takes, from a learning curve.

    The curve is a logistic regression of right and wrong on the logarithm of the answers that the
    model had learned from, its slope drawn to zero by a normal prior.

    Parameters
    ----------
    answers : sequence of int
        Sets that the model had learned from, at each prediction.
    right : sequence of bool
        True where it came true.
    learned : int
        Sets that the last model had learned from.

    Returns
    -------
    int or None
        0 if the curve is there already; None with fewer than ten predictions, and where the curve
        does not get there within 2000 answers.
    """
    if len(right) < _LEAST:
        return None
    x, y = np.log2(np.maximum(answers, 1)), np.asarray(right, float)
    middle = float(x.mean())

    def loss(coefficients: np.ndarray) -> float:
        logit = coefficients[0] + coefficients[1] * (x - middle)
        fit = np.logaddexp(0, logit).sum() - (y * logit).sum()
        # A quarter of a case of each kind keeps the level finite where all were right, or wrong.
        level = 0.25 * (np.logaddexp(0, coefficients[0]) + np.logaddexp(0, -coefficients[0]))
        return float(fit + level + 0.5 * (coefficients[1] / _SLOPE_SPREAD) ** 2)

    level, slope = minimize(loss, np.zeros(2), method="BFGS").x
    wanted = np.log(TARGET / (1 - TARGET))
    if level + slope * (np.log2(max(learned, 1)) - middle) >= wanted:
        return 0
    if slope <= 0:
        return None
    total = 2 ** min(middle + (wanted - level) / slope, 40.0)
    return None if total > _FARTHEST else max(1, round(total - learned))


def describe(day: FirstDay) -> list[str]:
    """Say in words how good the model is, and when it is worth trusting.

    Parameters
    ----------
    day : FirstDay
        The figures.

    Returns
    -------
    list of str
        Sentences.
    """
    seen, n = day.agreement, day.agreement.n
    if seen.value is None or day.chance is None:
        return ["How good the model is will be known once more sets drawn at random are answered."]
    sets = "set" if n == 1 else "sets"
    words = f"Right on {round(seen.value * n)} of {n} {sets} asked before it had seen them "
    words += f"({seen.low:.0%} to {seen.high:.0%}); chance {day.chance * n:.0f}"
    if day.highest_stage is not None:
        words += f", the highest stage {day.highest_stage * n:.0f}"
    return [f"{words}.", _verdict(day), *_forecast(day), *describe_crops(day.crops)]


def _verdict(day: FirstDay) -> str:
    if day.worth_trusting:
        return "Worth a look at its suggestions: it is better than chance" + (
            "." if day.highest_stage is None else " and than the highest stage."
        )
    if day.better_than_chance:
        return "Better than chance; the highest stage alone may still do as well."
    return "Not worth trusting yet: it may be no better than chance."


def _forecast(day: FirstDay) -> list[str]:
    if day.more:
        answers = "answer" if day.more == 1 else "answers"
        return [f"About {day.more} {answers} more for {TARGET:.0%}."]
    low = day.agreement.n >= _LEAST and day.more is None
    return [f"{TARGET:.0%} is not in sight yet."] if low else []


def plain(day: FirstDay) -> dict[str, object]:
    """Return the figures in plain types.

    Parameters
    ----------
    day : FirstDay
        The figures.

    Returns
    -------
    dict
        As `first_day` of `prefml status --json`.
    """
    return {
        "asked": day.asked,
        "answers_learned": day.answers,
        "share": day.agreement.value,
        "n": day.agreement.n,
        "ci": [day.agreement.low, day.agreement.high],
        "chance": day.chance,
        "highest_stage": day.highest_stage,
        "worth_trusting": day.worth_trusting,
        "answers_more": day.more,
        "crops": {
            "share": day.crops.agreement.value,
            "n": day.crops.agreement.n,
            "ci": [day.crops.agreement.low, day.crops.agreement.high],
            "whole": day.crops.whole,
        },
        "words": describe(day),
    }
