"""Say what a job has done, from what its last command printed with `--json`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec
from msgspec import Struct

from prefml.exceptions import counted
from prefml.review.desk_answers import JobResult, LeftOut, Move, Plan, Verdict

__all__ = ["read_result"]

_SHOWN = 200


class _Suggested(Struct):
    sets: int = 0
    singles: int = 0
    within_budget: int = 0
    waiting: int = 0
    why_none_within_budget: str | None = None
    skipped: dict[str, int] = {}


class _Applied(Struct):
    executed: bool = False
    plan: str = ""
    sets: int = 0
    counts: dict[str, int] = {}
    steps: list[Move] = []
    left_out: list[LeftOut] = []
    not_kept: dict[str, list[str]] = {}
    finished: list[str] | None = None
    undone: list[str] | None = None
    interrupted: list[str] | None = None


class _Trained(Struct):
    path: str | None = None
    in_use: bool = False
    verdict: str | None = None
    why_not: str = ""
    fold_scores: dict[str, float | None] = {}


class _Model(Struct):
    kind: str = ""
    written: str | None = None


class _RolledBack(Struct):
    model: _Model = msgspec.field(default_factory=_Model)


class _DuplicateGroup(Struct):
    project: str
    images: list[str]
    best: str


class _Questions(Struct):
    groups: int = 0
    left_out: dict[str, int] = {}
    asked: bool = False


class _Duplicates(Struct):
    groups: list[_DuplicateGroup] = []
    questions: _Questions = msgspec.field(default_factory=_Questions)
    withdrawn: int | None = None


def read_result(kind: str, printed: bytes) -> JobResult:
    """Read what a job has done.

    Parameters
    ----------
    kind : str
        Of the job.
    printed : bytes
        What its last command printed.

    Returns
    -------
    JobResult
        Where it cannot be read, it says so.
    """
    try:
        return _READERS[kind](printed)
    except (KeyError, msgspec.DecodeError):
        return _words("Done; what it printed cannot be read.")


def _words(*words: str) -> JobResult:
    return JobResult([text for text in words if text], None, [], 0)


def _suggested(printed: bytes) -> JobResult:
    found = msgspec.json.decode(printed, type=_Suggested)
    if not found.sets and not found.singles:
        said = "No new pictures to suggest for."
    else:
        made = f"{counted(found.sets, 'set')} and {counted(found.singles, 'single picture')}"
        said = f"Suggested for {made}; {found.within_budget} may be approved together."
    why = found.why_none_within_budget
    return _words(
        said,
        *(f"Skipped {counted(n, 'picture')}: {reason}." for reason, n in found.skipped.items()),
        f"None may be approved together: {why}." if why else "",
    )


def _applied(printed: bytes) -> JobResult:
    found = msgspec.json.decode(printed, type=_Applied)
    files = [step for step in found.steps if step.action != "folder"]
    kept = [f"{source}: {', '.join(lost)}" for source, lost in found.not_kept.items()]
    plan = Plan(
        found.plan, found.sets, found.counts, len(files), files[:_SHOWN],
        found.left_out[:_SHOWN], kept[:_SHOWN],
    )  # fmt: skip
    return JobResult(list(_endings(found)), plan, [], 0)


def _endings(found: _Applied) -> Iterable[str]:
    for groups, words in (
        (found.finished, "An interrupted run of {} was finished."),
        (found.undone, "A run of {} was taken back, byte for byte."),
        (found.interrupted, "A run of {} was interrupted: apply finishes it, undo takes it back."),
    ):  # fmt: skip
        if groups is not None:
            yield words.format(counted(len(groups), "set"))
    sets = counted(found.sets, "set")
    if found.executed:
        yield f"{sets} applied." if found.sets else "There was nothing to apply."
    elif found.undone is None:
        yield f"{sets} would be applied; nothing was changed."


def _undone(printed: bytes) -> JobResult:
    found = msgspec.json.decode(printed, type=_Applied)
    if found.undone is None:
        return _words("There was nothing to take back.")
    return _words(f"A run of {counted(len(found.undone), 'set')} was taken back, byte for byte.")


def _trained(printed: bytes) -> JobResult:
    verdicts = []
    for kind, one in msgspec.json.decode(printed, type=dict[str, _Trained]).items():
        scores = {name: value for name, value in one.fold_scores.items() if value is not None}
        words = one.verdict or one.why_not or ""
        verdicts.append(Verdict(kind, one.path is not None, one.in_use, words, scores))
    return JobResult([], None, verdicts, 0)


def _rolled_back(printed: bytes) -> JobResult:
    model = msgspec.json.decode(printed, type=_RolledBack).model
    title = "none is good" if model.kind == "rejection" else model.kind
    written = (model.written or "an unknown time").replace("T", " ")[:16]
    return _words(f"The {title} model of {written} is in use again.")


def _duplicates(printed: bytes) -> JobResult:
    """Say which near duplicates were found, and which of them are, or could be, asked about."""
    read = msgspec.json.decode(printed, type=_Duplicates)
    groups, questions = read.groups, read.questions
    if read.withdrawn is not None:
        gone = counted(read.withdrawn, "group")
        return _words(f"{gone} of near duplicates not asked about any more.")
    lines = (f"{one.project}: {', '.join(one.images)}; best {one.best}" for one in groups[:_SHOWN])
    words = [
        f"{counted(len(groups), 'group')} of near duplicates.",
        *(
            f"Not asked about: {counted(count, 'picture')} {reason}."
            for reason, count in questions.left_out.items()
        ),
    ]
    if questions.asked:
        words.append(f"{counted(questions.groups, 'group')} to decide in the review.")
        return _words(*words)
    return JobResult([*words, *lines], None, [], questions.groups)


_READERS: Mapping[str, Callable[[bytes], JobResult]] = {
    "suggest": _suggested,
    "preview": _applied,
    "apply": _applied,
    "undo": _undone,
    "train": _trained,
    "rollback": _rolled_back,
    "report": lambda printed: _words("The report is written."),
    "duplicates": _duplicates,
    "ask_duplicates": _duplicates,
    "withdraw_duplicates": _duplicates,
}
