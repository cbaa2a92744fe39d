"""Order the questions of a workspace, the most telling first, and keep what a model predicts."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from prefml._typing import Bools, Floats
from prefml.decisions.projects import ProjectResolver
from prefml.exceptions import WorkspaceError
from prefml.prediction import Predictor
from prefml.prediction.pools import win_probabilities
from prefml.proposals import (
    Row,
    as_list,
    read_decided,
    read_suggestions,
    rewrite_lines,
    single_writer,
    suggestions_path,
)
from prefml.proposals.corrections import CorrectedSet, read_corrections
from prefml.proposals.questions import Prediction, keep_predictions, read_asked, read_predictions
from prefml.proposals.suggestions import rounded
from prefml.ranking.acquisition import coverage
from prefml.ranking.pool import Pool, scale_pictures
from prefml.ranking.variance_reduction import variance_reduction
from prefml.sidecars.store import Sidecars, read_sidecars_if_any
from prefml.suggest.handled import is_decided, keys_of
from prefml.workspace import Workspace

__all__ = ["SHARE", "Ordered", "interleave", "order_questions", "spread_over_projects"]

# Share of the sets that are asked at random among all that are asked once a model can be measured,
# and the probability with which each set is drawn to be one of them.
SHARE = 1 / 3


@dataclass(frozen=True)
class Ordered:
    """Outcome of ordering.

    Attributes
    ----------
    waiting : int
        Questions without an answer.
    by : {"random", "coverage", "uncertainty"}
        How the first of them were chosen: at random while nothing is embedded.
    predicted : int
        Sets whose prediction was kept.
    """

    waiting: int
    by: str
    predicted: int


def interleave(
    chosen: Sequence[str], drawn: Sequence[str], answered: int, answered_drawn: int, first: int
) -> list[str]:
    """Mix the sets that a method chose with those that are asked at random.

    Parameters
    ----------
    chosen, drawn : sequence of str
        Sets without an answer, those to be asked first in front.
    answered : int
        Sets that have one.
    answered_drawn : int
        Those of them that were drawn and predicted before.
    first : int
        Answers until the first model. A drawn set that is answered before measures nothing, so
        that none comes as long as there are others.

    Returns
    -------
    list of str
        All of them; after the first, a share of `SHARE` is drawn.
    """
    left, rest, order = deque(chosen), deque(drawn), list[str]()
    while left or rest:
        due = SHARE * (answered + len(order) - first + 1)
        taken = answered_drawn + len(drawn) - len(rest)
        order.append(rest.popleft() if rest and (not left or taken < due) else left.popleft())
    return order


def spread_over_projects(projects: Sequence[str]) -> list[int]:
    """Return an order that takes from each project in turn, at random inside each.

    Parameters
    ----------
    projects : sequence of str
        The project of each set.

    Returns
    -------
    list of int
        Positions.
    """
    nothing = np.zeros(len(projects), bool)
    pool = Pool(np.zeros((len(projects), 1)), np.array(projects, object), nothing)
    return [int(at) for at in coverage(pool, np.random.default_rng(0))]


def order_questions(workspace: Workspace, first: int) -> Ordered:
    """Put the questions without an answer in order, and keep the model's predictions for some.

    First come the sets that the person formed by hand and has not answered, who has them in mind;
    then those whose answers make what is told of all sets surest, see
    `prefml.ranking.variance_reduction`. Suggestions and answered questions stay as they are,
    behind them.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    first : int
        As in `interleave`.

    Returns
    -------
    Ordered

    Raises
    ------
    WorkspaceError
        If another process suggests, or applies, at this moment.
    SidecarError
        If the sidecars are damaged.
    """
    with single_writer(workspace, WorkspaceError):
        known, decided = read_suggestions(workspace), read_decided(workspace)
        sets = read_corrections(workspace).sets
        questions = _askable(known, sets)
        if not questions:
            return Ordered(0, "random", 0)
        pool = _Questions(workspace, questions, decided)
        order = pool.order(first)
        rows = {**known, **order}
        front = [key for key in rows if _waits_by_hand(rows[key], sets, decided)]
        keys = dict.fromkeys([*front, *order, *known])
        rewrite_lines(suggestions_path(workspace), [rows[key] for key in keys])
        predicted = pool.predictions()
        keep_predictions(workspace, predicted)
        return Ordered(len(order), pool.by, len(predicted))


def _waits_by_hand(row: Row, sets: Sequence[CorrectedSet], decided: Mapping[str, Row]) -> bool:
    """Tell whether a question is about pictures of a set that was formed by hand and waits.

    What is drawn at random keeps its place: it measures the model that predicts it first.
    """
    asked, images = read_asked(row), set(map(str, as_list(row.get("images"))))
    if asked is None or is_decided(str(row.get("group_id")), decided):
        return False
    formed = [one for one in sets if len(one.images) > 1 and not images.isdisjoint(one.images)]
    if asked.by == "random" and any(images == set(one.images) for one in formed):
        return False
    return any(not is_decided(one.group_id, decided) for one in formed)


def _askable(known: Mapping[str, Row], sets: Sequence[CorrectedSet]) -> dict[str, Row]:
    """Return the questions whose sets nobody split or joined since they were written."""
    by_hand = {image: frozenset(one.images) for one in sets for image in one.images}
    found = {}
    for key, row in known.items():
        members = frozenset(map(str, as_list(row.get("images"))))
        if read_asked(row) and all(by_hand.get(one, members) == members for one in members):
            found[key] = row
    return found


class _Questions:
    """Questions of a workspace with what is known of their pictures and of the answers."""

    def __init__(
        self, workspace: Workspace, rows: Mapping[str, Row], decided: Mapping[str, Row]
    ) -> None:
        self.ids, self.rows = list(rows), rows
        self.answered = np.array([is_decided(key, decided) for key in rows], bool)
        asked = map(read_asked, rows.values())
        self.drawn = np.array([one is not None and one.by == "random" for one in asked], bool)
        earlier = read_predictions(workspace)
        self.predicted = np.array([key in earlier for key in rows], bool)
        self.project = np.array([str(row.get("project_id") or "") for row in rows.values()], object)
        resolver = ProjectResolver.open(workspace)
        keys = [keys_of(row, resolver) for row in rows.values()]
        self.names = [[name for _, name in one] for one in keys]
        sidecars = read_sidecars_if_any(workspace.sidecars, set(self.project))
        self.pictures = None if sidecars is None else self._pictures(sidecars)
        trained = sidecars is not None and (workspace.artifacts / "ranker.joblib").exists()
        self.predictor = Predictor.open(workspace, kinds=("ranker", "crop")) if trained else None
        self.probabilities: list[Floats | None] = [None] * len(self.ids)
        if self.predictor is not None:
            self.predictor.reload_sidecars(set(self.project))
            # What has an answer is not asked again; its vector alone still counts.
            waiting = np.flatnonzero(~self.answered)
            stored = [(self.project[at], self.names[at]) for at in waiting]
            for at, won in zip(waiting, win_probabilities(self.predictor, stored), strict=True):
                self.probabilities[at] = won

    @property
    def by(self) -> str:
        if self.pictures is None:
            return "random"
        return "coverage" if self.predictor is None else "uncertainty"

    def _pictures(self, sidecars: Sidecars) -> tuple[Floats, ...]:
        """Return the scaled cues of each set's pictures; of unknown ones nothing is known."""
        sizes = [len(names) for names in self.names]
        set_id = np.repeat(np.arange(len(self.ids)), sizes)
        names = [name for one in self.names for name in one]
        rows = sidecars.positions(self.project[set_id], names)
        cues = sidecars.common_cues.to_numpy(float)[rows]
        cues[rows < 0] = np.nan
        scaled = dict(zip(np.unique(set_id), scale_pictures(cues, set_id), strict=True))
        nothing = np.zeros((0, cues.shape[1]))
        return tuple(scaled.get(at, nothing) for at in range(len(self.ids)))

    def order(self, first: int) -> dict[str, Row]:
        """Return the questions without an answer, each with how it came to be asked."""
        waiting = ~self.answered
        chosen = [self.ids[at] for at in self._chosen(waiting & ~self.drawn)]
        # In the order of their ids, which are hashes and say nothing about the sets.
        drawn = [self.ids[at] for at in np.flatnonzero(waiting & self.drawn)]
        drawn.sort(key=lambda key: key[-10:])
        counts = int(self.answered.sum()), int((self.answered & self.predicted).sum())
        order = interleave(chosen, drawn, *counts, first)
        by = "coverage" if self.by == "random" else self.by
        marked = {"by": by, "inclusion": None}
        return {
            key: self.rows[key] if key in drawn else {**self.rows[key], "asked": marked}
            for key in order
        }

    def _chosen(self, wanted: Bools) -> Sequence[int]:
        """Return the wanted sets, the most telling first."""
        rng = np.random.default_rng(len(self.ids))
        pool = Pool(np.zeros((len(self.ids), 1)), self.project, self.answered)
        if self.pictures is None:
            return [int(at) for at in coverage(pool, rng) if wanted[at]]
        told = replace(pool, pictures=self.pictures, probabilities=self._ensemble())
        return [int(at) for at in variance_reduction(told, rng, wanted)]

    def _ensemble(self) -> tuple[Floats, ...]:
        """Return the probabilities of one model; of what it cannot see it is not sure at all."""
        if self.predictor is None:
            return ()
        return tuple(
            np.full((1, len(names)), 1 / max(1, len(names))) if won is None else won[None]
            for names, won in zip(self.names, self.probabilities, strict=True)
        )

    def predictions(self) -> dict[str, Prediction]:
        """Return what the model predicts for the drawn sets without an answer."""
        if self.predictor is None:
            return {}
        learned = self.predictor.manifests["ranker"].counts["sets"]
        found = {}
        for place in np.flatnonzero(self.drawn & ~self.answered):
            key, won = self.ids[place], self.probabilities[place]
            if won is not None:
                best = int(won.argmax())
                image = str(as_list(self.rows[key].get("images"))[best])
                crop = self._crop(self.predictor, int(place), best)
                found[key] = Prediction(key, image, round(float(won[best]), 4), learned, crop)
        return found

    def _crop(self, predictor: Predictor, place: int, best: int) -> list[float] | None:
        """Return the frame that the model would give the picture it puts first."""
        if predictor.cropper is None:
            return None
        name = self.names[place][best]
        rows = predictor.from_sidecars(str(self.project[place]), [name])
        return list(rounded(predictor.crop(rows).box))
