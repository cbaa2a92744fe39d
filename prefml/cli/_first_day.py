"""Make the workspace of a first day, serve its page, and tell the page of the work beside it."""

from __future__ import annotations

import webbrowser
from dataclasses import dataclass
from pathlib import Path

from prefml.cli._look import look_at
from prefml.cli._shared import (
    PROGRAM,
    emit,
    open_workspace,
    remember_workspace,
    stated_workspace,
)
from prefml.decisions.set_rule import set_rule
from prefml.exceptions import WorkspaceError, counted
from prefml.models.kinds import MIN_DECISIONS, RANKER
from prefml.models.manifest import read_manifest
from prefml.review.answers import DayReport
from prefml.review.earlier import submit_earlier
from prefml.review.service import ReviewService
from prefml.review.turns import Turns
from prefml.status.first_day import FirstDayReader, describe
from prefml.suggest.first_day import (
    ALIKE,
    Background,
    Commands,
    Questions,
    begin,
    bring_new,
    find_pictures,
    find_sets,
    made_workspace,
    picture_folders,
    read_beginning,
    refuse_trained,
    staged,
    state_rule,
    write_questions,
)
from prefml.suggest.grouping import Grouping
from prefml.workspace import Workspace

__all__ = ["Prepared", "prepare", "serve_day"]

_SHOWN = 5
_WORDS = {
    "embedding": "The pictures are looked at meanwhile.",
    "training": "A model is being trained meanwhile; go on.",
    "suggesting": "Suggestions for the rest are being made; go on.",
}


@dataclass(frozen=True)
class Prepared:
    """A workspace with its questions.

    Attributes
    ----------
    workspace : Workspace
        The workspace.
    made : Grouping or None
        Its sets with the rules that were taken; None where it was made before.
    asked : Questions
        What is asked.
    brought : int
        Pictures that came into the folder since the workspace was made.
    problem : str
        Reason that none could be brought; empty where there is none.
    """

    workspace: Workspace
    made: Grouping | None
    asked: Questions
    brought: int = 0
    problem: str = ""


def prepare(folder: str | None, rule: str | None, encoder: str | None) -> Prepared:
    """Make a workspace of a folder, or open the one that there is, and write its questions.

    Parameters
    ----------
    folder : str or None
        A folder of pictures; None: those of the workspace of the call.
    rule : str or None
        Name of what makes a set; None: as `prefml.toml` says, else auto.
    encoder : str or None
        Name of the encoder of a new workspace; None: the built-in one.

    Returns
    -------
    Prepared

    Raises
    ------
    WorkspaceError
        If there are too few sets, or what is there cannot be used.
    """
    if folder is None:
        workspace, made = _here(rule)
    else:
        workspace, made = _made_of(Path(folder), rule, encoder)
    remember_workspace(str(workspace.root))
    beginning = begin(workspace, None)
    brought, problem = (0, "") if made else _brought_later(workspace)
    # What a run that was killed had not written out.
    submit_earlier(workspace)
    chosen = set_rule(workspace.config, name=rule)
    if chosen.name == ALIKE and not made:
        look_at(workspace)
    asked = write_questions(workspace, chosen, beginning.seed)
    return Prepared(workspace, made, asked, brought, problem)


def _brought_later(workspace: Workspace) -> tuple[int, str]:
    """Bring new pictures; a folder that is gone, or empty by now, ends no day."""
    try:
        return bring_new(workspace), ""
    except WorkspaceError as error:
        return 0, str(error)


def _here(rule: str | None) -> tuple[Workspace, Grouping | None]:
    """Open the workspace of the call, in which pictures lie already."""
    workspace = open_workspace()
    if read_beginning(workspace.root) is not None:
        return workspace, None
    refuse_trained(workspace)
    stated = set_rule(workspace.config, name=rule)
    made, taken = find_sets(workspace, stated, look_at)
    return (workspace if taken == stated else state_rule(workspace, taken.name)), made


def _made_of(
    folder: Path, rule: str | None, encoder: str | None
) -> tuple[Workspace, Grouping | None]:
    """Make a workspace of a folder, or open the one that was made of it."""
    source = folder.expanduser().resolve()
    root = _place(source)
    known = made_workspace(source, root)
    if known is not None:
        return known, None
    pictures = find_pictures(source)
    with staged(pictures, root, encoder or "builtin", rule or "auto") as workspace:
        stated = set_rule(workspace.config)
        made, taken = find_sets(workspace, stated, look_at)
        if taken != stated:
            state_rule(workspace, taken.name)
    return Workspace.open(root), made


def _place(source: Path) -> Path:
    """Return where the workspace of a folder lies: as --workspace says, else beside it."""
    stated = stated_workspace()
    beside = source.with_name(f"{source.name or 'pictures'}-prefml")
    root = (beside if stated is None else Path(stated)).expanduser().resolve()
    if root.is_relative_to(source) or source.is_relative_to(root):
        raise WorkspaceError(
            f"the workspace {root} and the pictures in {source} lie inside one another",
            "a folder beside it, so that the pictures stay as they are",
            "leave --workspace out, or name another folder",
        )
    return root


def serve_day(prepared: Prepared, port: int, no_browser: bool, as_json: bool) -> None:
    """Serve the page until interrupted, and work beside it.

    Parameters
    ----------
    prepared : Prepared
        The workspace.
    port : int
        Where to listen; 0 takes any free port.
    no_browser : bool
        Print the address only.
    as_json : bool
        Print one JSON object.
    """
    from prefml.cli._people import SidecarPeople
    from prefml.review import create_app, serve

    day = _Day(prepared.workspace)
    people = SidecarPeople(prepared.workspace)
    app = create_app(prepared.workspace, day=day, people=people, program=PROGRAM)

    def announce(address: str) -> None:
        emit(_payload(prepared, address), _text(prepared, address), as_json)
        if not no_browser:
            webbrowser.open(address)

    with day.beside(app.extensions["prefml"]):
        serve(app, port, announce)


def _payload(prepared: Prepared, address: str) -> dict[str, object]:
    folders = [] if prepared.made is None else prepared.made.folders
    return {
        "url": address,
        "workspace": str(prepared.workspace.root),
        "sets": prepared.asked.sets,
        "pictures": prepared.asked.pictures,
        "projects": prepared.asked.projects,
        "brought": prepared.brought,
        "rules": [
            {"folder": one.folder, "rule": one.rule or None, "why": one.why} for one in folders
        ],
    }


def _text(prepared: Prepared, address: str) -> str:
    asked, folders = prepared.asked, [] if prepared.made is None else prepared.made.folders
    lines = [
        f"{one.folder} ({one.images}): "
        + (f"sets by {one.rule}, for {one.why}" if one.rule else f"no sets; {one.why}")
        for one in folders[:_SHOWN]
    ]
    lines += [f"... and {counted(len(folders) - _SHOWN, 'more folder')}"] * (len(folders) > _SHOWN)
    lines += [
        f"{counted(count, 'picture')} alone: {why}"
        for why, count in asked.alone.most_common(_SHOWN)
    ]
    lines += [
        f"left out {counted(count, 'picture')}: {why}" for why, count in asked.skipped.most_common()
    ]
    lines += [f"{counted(prepared.brought, 'new picture')} brought"] * bool(prepared.brought)
    lines += [f"no new pictures brought: {prepared.problem}"] * bool(prepared.problem)
    return "\n".join(
        [
            *lines,
            f"{counted(asked.sets, 'set')} of {counted(asked.pictures, 'picture')} in "
            f"{counted(asked.projects, 'project')}, in {prepared.workspace.root}",
            "What makes a set is rule under [sets] in its prefml.toml; prefml sets shows the sets.",
            f"Answer at {address} (Ctrl-C ends it; the same command goes on)",
        ]
    )


def _commands(workspace: Workspace) -> Commands:
    place = ["--workspace", str(workspace.root), "--artifacts", str(workspace.artifacts), "--json"]
    encoder = [] if workspace.config.encoder else ["--encoder", "builtin"]
    return Commands(
        embed=[*PROGRAM, "embed", *encoder, *place],
        train=[*PROGRAM, "train", *place],
        order=[*PROGRAM, "start", "--order", *place],
        suggest=[*PROGRAM, "suggest", *place, *picture_folders(workspace)],
    )


class _Answers:
    """Answers of the review that is served."""

    def __init__(self, service: ReviewService) -> None:
        self._service = service

    def count(self) -> int:
        groups, states = self._service.batch.groups, self._service.decided_states()
        kept = (key for key, state in states.items() if state in ("approved", "overridden"))
        return sum(len(groups[key].images) > 1 for key in kept)

    def unsubmitted(self) -> int:
        return self._service.progress().unsubmitted

    def export(self) -> None:
        self._service.submit()


class _Day:
    """Tells the page of the work beside it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace, self.turns = workspace, Turns()
        self._answers: _Answers | None = None
        self._work: Background | None = None
        self._figures = FirstDayReader(workspace)

    def beside(self, service: ReviewService) -> Background:
        """Return the work beside a review, to be begun."""
        self._answers = _Answers(service)
        ranker = self._workspace.artifacts / RANKER.file
        learned = read_manifest(ranker).counts["sets"] if ranker.exists() else 0
        commands = _commands(self._workspace)
        self._work = Background(commands, self._answers, MIN_DECISIONS, learned, self.turns)
        return self._work

    def suggest(self) -> None:
        assert self._work is not None
        self._work.suggest()

    def report(self) -> DayReport:
        assert self._work is not None
        assert self._answers is not None
        work, until = self._work, max(0, MIN_DECISIONS - self._answers.count())
        return DayReport(
            phase=work.phase,
            until_model=0 if work.learned else until,
            can_suggest=work.learned > 0,
            orders=work.orders,
            words=self._words(work, until),
            problem=work.problem,
        )

    def _words(self, work: Background, until: int) -> list[str]:
        beside = [_WORDS[work.phase]] if work.phase in _WORDS else []
        if work.learned:
            return [*describe(self._figures.read()), *beside]
        first = (
            f"{counted(until, 'answer')} until the first model."
            if until
            else "The first model is on its way."
        )
        return [f"Choose the picture you would keep: 1 to 9. {first}", *beside]
