"""Report how far the person and prefml agree, and whether that is nearly always."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from prefml.decisions import read_decisions
from prefml.decisions.tags import count_tagged, read_tags, still_needed
from prefml.proposals import read_decided, read_suggestions
from prefml.status.answers import Answer, read_answers
from prefml.status.audited import LEVEL, Audited, audited
from prefml.status.first_day import FirstDay, first_day, plain
from prefml.status.measures import Drift, Share, calibration_gap, drift, share
from prefml.workspace import Workspace

__all__ = ["BAR", "WINDOW", "Status", "status_of", "summarize", "to_dict"]

WINDOW = 300
BAR = 0.99
_BLOCK = 50
# What a choice and a crop take by keyboard without a suggestion: a number; X, about eight moves
# and steps of size, Enter.
_CHOOSE_KEYS, _CROP_KEYS = 1, 10


@dataclass(frozen=True)
class Status:
    """Agreement of the person with prefml so far.

    Attributes
    ----------
    reviewed : int
        Reviewed groups, old ones that were asked again not counted.
    rejected : Share
        Sets of which none was good.
    agreement : Share
        Of the last `WINDOW` judged sets, those whose verdict was the suggested one.
    agreement_kept : Share
        The same among sets that were not rejected.
    over_time : tuple of Share
        Agreement in blocks of 50 sets, the oldest first.
    crop_acceptance : Share
        Of the last `WINDOW` crops put to the test, those taken over unedited.
    calibration : float or None
        Expected calibration error of the stated probabilities, on sets that were not rejected.
    drift : Drift
        Whether agreement has fallen.
    keystrokes_saved : int
        Against choosing and cropping everything by keyboard.
    consistency : Share
        Test-retest agreement: old sets asked again that were answered as before. It is the
        ceiling of any agreement.
    audited : Audited
        Share of suggestions, among those approved unseen, that were wrong.
    first_day : FirstDay
        Agreement on sets that were asked before anything was suggested.
    tags : mapping of str to (int, int)
        Flag -> pictures with one of its tags, and the projects that they come from.
    """

    reviewed: int
    rejected: Share
    agreement: Share
    agreement_kept: Share
    over_time: tuple[Share, ...]
    crop_acceptance: Share
    calibration: float | None
    drift: Drift
    keystrokes_saved: int
    consistency: Share
    audited: Audited = field(default_factory=Audited)
    first_day: FirstDay = field(default_factory=FirstDay)
    tags: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def bar_met(self) -> bool:
        """Tell whether the bar is met: 99 % over 300 in a row, choices and crops."""
        return not self.missing

    @property
    def missing(self) -> tuple[str, ...]:
        """Reasons why the bar is not met yet, in words."""
        found = ["audited error above the budget"] if self.audited.off else []
        for name, value in (("sets", self.agreement), ("crops", self.crop_acceptance)):
            if value.n < WINDOW:
                found.append(f"{value.n} of {WINDOW} {name} reviewed")
            elif (value.value or 0) < BAR:
                found.append(f"{value.value:.1%} of the last {WINDOW} {name} as suggested")
        return tuple(found)


def status_of(workspace: Workspace) -> Status:
    """Read a workspace's suggestions and decisions and sum them up.

    Parameters
    ----------
    workspace : Workspace
        The workspace.

    Returns
    -------
    Status

    Raises
    ------
    LogError
        If a file cannot be read.
    """
    decided, suggestions = read_decided(workspace), read_suggestions(workspace)
    answers, error = read_answers(decided, suggestions), audited(decided, suggestions)
    asked = first_day(workspace)
    tags = count_tagged(read_tags(workspace, decided))
    if not any(answer.reask_of for answer in answers):
        return replace(summarize(answers, {}, error, asked), tags=tags)
    items = read_decisions(workspace).items
    chosen = items[items["chosen"]]
    names = zip(chosen["set_id"].astype(str), chosen["filename"].astype(str), strict=True)
    return replace(summarize(answers, dict(names), error, asked), tags=tags)


def summarize(
    answers: Sequence[Answer],
    first_choices: Mapping[str, str],
    error: Audited | None = None,
    asked: FirstDay | None = None,
) -> Status:
    """Summarize answers.

    Parameters
    ----------
    answers : sequence of Answer
        The oldest first.
    first_choices : mapping
        Key of an old set -> file name chosen then.
    error : Audited, optional
        The audited error; by default nothing was audited.
    asked : FirstDay, optional
        Answers to sets that were asked without a suggestion; by default there are none.

    Returns
    -------
    Status
    """
    judged = [answer for answer in answers if answer.judged]
    new = [answer for answer in answers if not answer.reask_of]
    hits = [bool(answer.agreed) for answer in judged]
    kept = [answer for answer in judged if answer.action != "rejected"]
    crops = [a.crop_accepted for a in new if a.crop_accepted is not None]
    return Status(
        reviewed=len(new),
        rejected=share([a.action == "rejected" for a in new if a.images > 1 and not a.bulk]),
        agreement=share(hits[-WINDOW:]),
        agreement_kept=share([bool(a.agreed) for a in kept[-WINDOW:]]),
        over_time=tuple(share(hits[i : i + _BLOCK]) for i in range(0, len(hits), _BLOCK)),
        crop_acceptance=share(crops[-WINDOW:]),
        calibration=calibration_gap(
            [a.confidence or 0.0 for a in kept], [bool(a.agreed) for a in kept]
        ),
        drift=drift(hits),
        keystrokes_saved=sum(map(_saved, new)),
        consistency=share(list(_repeats(answers, first_choices))),
        audited=error or Audited(),
        first_day=asked or FirstDay(),
    )


def _saved(answer: Answer) -> int:
    """Count the keystrokes that a suggestion spared, against choosing and cropping by keyboard."""
    by_hand = _CHOOSE_KEYS + _CROP_KEYS * answer.cropped
    if answer.bulk:
        return by_hand
    edited = answer.cropped and answer.crop_accepted is not True
    return by_hand - (_CHOOSE_KEYS + _CROP_KEYS * edited)


def _repeats(answers: Iterable[Answer], first_choices: Mapping[str, str]) -> Iterable[bool]:
    """Tell of each repeated set whether it was answered as before (test-retest agreement)."""
    for answer in answers:
        before = first_choices.get(answer.reask_of)
        if before is not None and not answer.bulk:
            yield answer.final == PurePosixPath(before).name


def to_dict(status: Status) -> dict[str, object]:
    """Return a status in plain types.

    Parameters
    ----------
    status : Status
        The figures.

    Returns
    -------
    dict
        What `prefml status --json` prints.
    """
    error = status.audited.error
    return {
        "reviewed": status.reviewed,
        "window": WINDOW,
        "agreement": _plain(status.agreement),
        "agreement_when_kept": _plain(status.agreement_kept),
        "agreement_over_time": [_plain(block) for block in status.over_time],
        "rejected": _plain(status.rejected),
        "crop_acceptance": _plain(status.crop_acceptance),
        "calibration": {"ece": status.calibration},
        "drift": {
            "alarm": status.drift.alarm,
            "p_value": status.drift.p_value,
            "recent": _plain(status.drift.recent),
            "before": _plain(status.drift.before),
        },
        "keystrokes_saved": status.keystrokes_saved,
        "consistency": _plain(status.consistency),
        "audit": {
            "share": error.value,
            "n": error.n,
            "wrong": error.hits,
            "ci": [error.low, error.high],
            "level": LEVEL,
            "budget": status.audited.budget,
            "off": status.audited.off,
            "ranker": status.audited.ranker or None,
        },
        "first_day": plain(status.first_day) if status.first_day.asked else None,
        "bar": {
            "met": status.bar_met,
            "share": BAR,
            "in_a_row": WINDOW,
            "missing": list(status.missing),
        },
    } | {"tags": _tags(status.tags)}


def _tags(counts: Mapping[str, tuple[int, int]]) -> dict[str, dict[str, object]]:
    """Return the tags of each flag in plain types, with what is missing until it is learned."""
    return {
        name: {"tagged": tagged, "projects": projects, "missing": still_needed(tagged, projects)}
        for name, (tagged, projects) in counts.items()
    }


def _plain(value: Share) -> dict[str, object]:
    return {"share": value.value, "n": value.n, "ci": [value.low, value.high]}
