"""Tell where the work stands, and begin and stop the jobs that take it further."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from prefml.exceptions import LogError
from prefml.review.desk_answers import (
    Agreement,
    Desk,
    Job,
    JobKind,
    JobProgress,
    ModelInUse,
    RunJob,
)
from prefml.review.findings import read_findings
from prefml.review.job_results import read_result
from prefml.review.jobs import Jobs, Outcome
from prefml.review.look import Look, Looked, WorkModel
from prefml.review.service import ReviewService
from prefml.review.turns import Turns
from prefml.workspace import Workspace

__all__ = ["DeskService", "commands_of"]

# Kind of job -> the commands that it runs, one after the other.
_COMMANDS: dict[JobKind, tuple[tuple[str, ...], ...]] = {
    "suggest": (("suggest",),),
    "preview": (("apply",),),
    "apply": (("apply", "--execute", "--plan", "{plan}"),),
    "undo": (("apply", "--undo"),),
    "train": (("embed",), ("train",)),
    "rollback": (("models", "rollback", "{model}"),),
    "report": (("embed",), ("evaluate",)),
    "duplicates": (("embed",), ("duplicates",)),
    "ask_duplicates": (("duplicates", "--ask"),),
    "withdraw_duplicates": (("duplicates", "--withdraw"),),
}


def commands_of(request: RunJob) -> list[list[str]]:
    """Return the commands of a job.

    Parameters
    ----------
    request : RunJob
        What is asked for.

    Returns
    -------
    list of list of str
        Words of each command, without `prefml`.

    Raises
    ------
    LogError
        If it names no plan or model where one is needed, or one where none is.
    """
    given = {"plan": request.plan, "model": request.model}
    needed = {"apply": "plan", "rollback": "model"}.get(request.kind)
    for name, value in given.items():
        if (name == needed) is not (value is not None):
            wants = f"`{name}`" if name == needed else f"no `{name}`"
            raise LogError(f"a job of kind {request.kind}", f"{wants} with it")
    return [[word.format(**given) for word in command] for command in _COMMANDS[request.kind]]


class DeskService:
    """Desk of one workspace.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    service : ReviewService
        Its review.
    program : sequence of str
        What runs a command of prefml.
    turns : Turns, optional
        Keeps jobs and the work of a first day apart.
    """

    def __init__(
        self,
        workspace: Workspace,
        service: ReviewService,
        program: Sequence[str],
        turns: Turns | None = None,
    ) -> None:
        self._workspace, self._service = workspace, service
        self._place = ("--workspace", str(workspace.root), "--artifacts", str(workspace.artifacts))
        self._jobs = Jobs(workspace.sandbox / "jobs", program)
        self._turns = turns or Turns()
        self._turns.watch(self._jobs.is_running)
        self._look = Look(workspace, [*program, "status", "--json", *self._place])

    def run(self, request: RunJob) -> None:
        """Begin a job.

        Parameters
        ----------
        request : RunJob
            Which one. Repeating a request of the same id begins nothing.

        Raises
        ------
        LogError
            If another one is at work, or the work of a first day, or the request makes no sense.
        """
        commands = [[*words, "--json", *self._place] for words in commands_of(request)]
        with self._turns.of_job():
            self._jobs.start(request.kind, commands, request.event_id or "")

    def stop(self) -> None:
        """End the job that is at work."""
        self._jobs.stop()

    def report(self) -> Desk:
        """Return where the work stands.

        Returns
        -------
        Desk
        """
        self._service.refresh()
        offer, progress = self._service.offer(), self._service.progress()
        looked, jobs = self._look.report(), self._jobs.history()
        work = looked.found.work
        return Desk(
            progress=progress,
            near_duplicates=len(self._service.next_ids(progress.total, "duplicates")),
            within_budget=len(offer.group_ids),
            batches_why=offer.why,
            looking=looked.looking,
            looked=looked.at,
            problem=looked.problem,
            new_pictures=work.new_pictures,
            submitted=work.submitted,
            applied=work.applied,
            runs=work.runs,
            interrupted=work.interrupted,
            to_learn=work.to_learn,
            agreement=_agreement(looked),
            models=[_model(model) for model in work.models],
            report=self._reported(),
            findings=read_findings(
                self._workspace.artifacts / "metrics.json", looked.found.agreement_over_time
            ),
            next=_next(looked, progress.pending, progress.unsubmitted),
            job=_job(jobs[0], self._place) if jobs else None,
            history=[_job(job, self._place, is_short=True) for job in jobs[1:]],
        )

    def report_page(self) -> bytes | None:
        """Return the report as it was written last; None before there is one."""
        try:
            return (self._workspace.artifacts / "report.html").read_bytes()
        except OSError:
            return None

    def _reported(self) -> str | None:
        try:
            written = (self._workspace.artifacts / "metrics.json").stat().st_mtime
        except OSError:
            return None
        return datetime.fromtimestamp(written, UTC).isoformat(timespec="seconds")


def _agreement(looked: Looked) -> Agreement | None:
    share = looked.found.agreement
    if not looked.found.reviewed:
        return None
    return Agreement(share.share, share.n, *share.ci, looked.found.drift.alarm)


def _model(model: WorkModel) -> ModelInUse:
    scores = {name: x for name, x in (model.fold_scores or {}).items() if x is not None}
    return ModelInUse(
        model.kind, model.written, dict(model.counts or {}), scores, model.earlier, model.problem
    )


def _next(looked: Looked, pending: int, unsubmitted: int) -> str:
    """Return what to do next: what is begun is ended before anything new."""
    work = looked.found.work
    has_model = any(not model.problem for model in work.models)
    steps = (
        ("preview", work.interrupted),
        ("review", pending > 0),
        ("submit", unsubmitted > 0),
        ("suggest", has_model and work.new_pictures > 0),
        ("preview", work.submitted > 0),
        ("train", work.to_learn > 0 or (looked.at is not None and not has_model)),
        ("suggest", work.new_pictures > 0),
    )
    return next((name for name, is_due in steps if is_due), "")


def _job(outcome: Outcome, place: Sequence[str], is_short: bool = False) -> Job:
    record, progress = outcome.record, outcome.progress
    hidden = {*place, "--json"}
    return Job(
        number=outcome.number,
        kind=record.kind,
        state=outcome.state,
        commands=[
            " ".join(["prefml", *(word for word in words if word not in hidden)])
            for words in record.commands
        ],
        step=outcome.step,
        started=record.started,
        ended=outcome.ended,
        progress=JobProgress(progress.part, progress.done, progress.total) if progress else None,
        error=outcome.error,
        result=None
        if is_short or not outcome.printed
        else read_result(record.kind, outcome.printed),
    )
