"""Declare what the desk asks for and answers: where the work stands, and the job at work."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from prefml.review.answers import Progress
from prefml.review.findings import Finding
from prefml.review.requests import EventId

__all__ = [
    "Agreement",
    "Desk",
    "EarlierModel",
    "Finding",
    "Job",
    "JobKind",
    "JobProgress",
    "JobResult",
    "LeftOut",
    "ModelInUse",
    "Move",
    "Plan",
    "RunJob",
    "Verdict",
]

JobKind: TypeAlias = Literal[
    "suggest", "preview", "apply", "undo", "train", "rollback", "report", "duplicates",
    "ask_duplicates", "withdraw_duplicates",
]  # fmt: skip
_Hash: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
# Of a kept model: no word that a command line could take for an option.
_ModelName: TypeAlias = Annotated[str, Meta(pattern=r"^(ranker|crop|rejection)-[0-9a-f-]{1,64}\Z")]


class RunJob(Struct, frozen=True, forbid_unknown_fields=True):
    """A job to begin.

    Attributes
    ----------
    kind : str
        Which one: `suggest`, `preview`, `apply`, `undo`, `train`, `rollback`, `report`,
        `duplicates`, `ask_duplicates` or `withdraw_duplicates`.
    plan : str or None
        Of `apply`: the hash of the plan that was shown, `plan` in the result of `preview`.
    model : str or None
        Of `rollback`: name of an earlier model.
    event_id : str
        Chosen by the caller; repeating a request of the same id begins nothing.
    """

    kind: JobKind
    plan: _Hash | None = None
    model: _ModelName | None = None
    event_id: EventId | UnsetType = UNSET


class JobProgress(Struct, frozen=True):
    """Point that a job has come to.

    Attributes
    ----------
    part : str
        What is being done.
    done : int
        Items that are through.
    total : int or None
        Items that there are; null where they are not counted.
    """

    part: str
    done: int
    total: int | None


class Move(Struct, frozen=True):
    """A file and where it goes.

    Attributes
    ----------
    action : str
        `move`, `copy` or `crop`.
    source, target : str
        Paths relative to the workspace.
    role : str
        `winner`, `manual crop`, `loser` or `companion`.
    """

    action: str
    source: str
    target: str
    role: str


class LeftOut(Struct, frozen=True):
    """A reviewed set that is not carried out.

    Attributes
    ----------
    group_id : str
        The set.
    reason : str
        Why, in words.
    """

    group_id: str
    reason: str


class Plan(Struct, frozen=True):
    """Plan of `prefml apply`, or what became of it.

    Attributes
    ----------
    hash : str
        What `apply` must state for this plan to be carried out.
    sets : int
        Sets and single pictures.
    counts : dict of str to int
        Files by role.
    files : int
        All of them.
    moves : list of Move
        The first 200 of them.
    left_out : list of LeftOut
        Reviewed sets that cannot be carried out, the first 200.
    not_kept : list of str
        Pictures whose cropped copies cannot keep something, and what, the first 200.
    """

    hash: str
    sets: int
    counts: dict[str, int]
    files: int
    moves: list[Move]
    left_out: list[LeftOut]
    not_kept: list[str]


class Verdict(Struct, frozen=True):
    """Outcome of the training of one model.

    Attributes
    ----------
    kind : {"ranker", "crop", "rejection"}
        Which model.
    trained : bool
        Whether there is a new one.
    in_use : bool
        Whether it is in use.
    words : str
        What the gate said, or why none was trained.
    scores : dict of str to float
        How well it did on projects that were held out.
    """

    kind: str
    trained: bool
    in_use: bool
    words: str
    scores: dict[str, float]


class JobResult(Struct, frozen=True):
    """Outcome of a job.

    Attributes
    ----------
    words : list of str
        In sentences.
    plan : Plan or None
        Of `preview` and `apply`.
    verdicts : list of Verdict
        Of `train`.
    near_duplicates : int
        Of `duplicates`: groups that can be decided by keys.
    """

    words: list[str]
    plan: Plan | None
    verdicts: list[Verdict]
    near_duplicates: int


class Job(Struct, frozen=True):
    """A job of the desk.

    Attributes
    ----------
    number : int
        Jobs are counted from 1.
    kind : str
        As in `RunJob`.
    state : {"running", "done", "failed", "stopped", "lost"}
        lost: its process is gone and left no word.
    commands : list of str
        The commands that it runs, as a person would type them.
    step : int
        Position of the one that is, or was, at work.
    started : str
        UTC time in ISO form.
    ended : str or None
        The same.
    progress : JobProgress or None
        How far the command is, where it tells.
    error : str
        Why it failed, in words; else empty.
    result : JobResult or None
        Its outcome; null unless it is done.
    """

    number: int
    kind: str
    state: Literal["running", "done", "failed", "stopped", "lost"]
    commands: list[str]
    step: int
    started: str
    ended: str | None
    progress: JobProgress | None
    error: str
    result: JobResult | None


class EarlierModel(Struct, frozen=True):
    """A kept model that can be brought back.

    Attributes
    ----------
    name : str
        Its name, for `rollback`.
    written : str or None
        UTC time in ISO form.
    """

    name: str
    written: str | None


class ModelInUse(Struct, frozen=True):
    """A model in use.

    Attributes
    ----------
    kind : {"ranker", "crop", "rejection"}
        What it is.
    written : str or None
        UTC time in ISO form.
    counts : dict of str to int
        What it learned from.
    scores : dict of str to float
        How well it did on projects that were held out in training.
    earlier : list of EarlierModel
        Those that can be brought back, the latest first.
    problem : str
        Why it cannot be used; else empty.
    """

    kind: str
    written: str | None
    counts: dict[str, int]
    scores: dict[str, float]
    earlier: list[EarlierModel]
    problem: str


class Agreement(Struct, frozen=True):
    """Share of the latest sets that were decided as suggested.

    Attributes
    ----------
    share : float or None
        The share; null without sets.
    n : int
        Sets.
    low, high : float
        95 % interval.
    falling : bool
        Whether it has fallen beyond chance.
    """

    share: float | None
    n: int
    low: float
    high: float
    falling: bool


class Desk(Struct, frozen=True):
    """Where the work stands.

    Attributes
    ----------
    progress : Progress
        The review, as it is now.
    near_duplicates : int
        Undecided groups of near duplicates; they are among the undecided of `progress`.
    within_budget : int
        Undecided sets that may be approved together.
    batches_why : str
        Why none may, in words; else empty.
    looking : bool
        Whether the fields below are being looked at anew.
    looked : str or None
        When they were looked at last; null: not yet, and they say nothing.
    problem : str
        Why that failed; else empty.
    new_pictures : int
        Pictures in new/ that are neither decided nor suggested for.
    submitted : int
        Sets and single pictures that are submitted and not applied.
    applied : int
        Those that are applied.
    runs : int
        Runs of `prefml apply` that can be taken back.
    interrupted : bool
        Whether one of them is to be finished or taken back first.
    to_learn : int
        Decisions since the models were trained.
    agreement : Agreement or None
        Of the person with what was suggested; null before anything was reviewed.
    models : list of ModelInUse
        The models in use.
    report : str or None
        When the report was written; null: not yet.
    findings : list of Finding
        What the models learned of the person, how that changes, and where it fails.
    next : str
        What to do next: a kind of job, `review`, `submit`, or empty.
    job : Job or None
        The job that was begun last.
    history : list of Job
        Those before it, without their results, the latest first.
    """

    progress: Progress
    near_duplicates: int
    within_budget: int
    batches_why: str
    looking: bool
    looked: str | None
    problem: str
    new_pictures: int
    submitted: int
    applied: int
    runs: int
    interrupted: bool
    to_learn: int
    agreement: Agreement | None
    models: list[ModelInUse]
    report: str | None
    findings: list[Finding]
    next: str
    job: Job | None
    history: list[Job]
