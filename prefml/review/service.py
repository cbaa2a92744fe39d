"""Answer everything that the page can ask for, without a web server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from prefml.proposals import Row
from prefml.proposals.decisions import State
from prefml.review import answers
from prefml.review.audits import audited_change, drawn_group
from prefml.review.batches import Batches
from prefml.review.events import (
    Body,
    DecideBody,
    Event,
    Kind,
    RegroupBody,
    SubmitBody,
    TagBody,
    TagChange,
    UndoRedoBody,
    body_of,
)
from prefml.review.exports import export
from prefml.review.groups import Batch
from prefml.review.ledger import Ledger
from prefml.review.outcome import Verdict, decision_change, read_tags
from prefml.review.pace import measure_progress
from prefml.review.people import People
from prefml.review.prefetch import Prefetcher
from prefml.review.queue import pictures_ahead, queue_groups
from prefml.review.regroups import Regrouping
from prefml.review.requests import Decide, Filter, Regroup, Size, Tag
from prefml.review.serialize import serialize_group
from prefml.review.store import STORE_NAME, EventStore
from prefml.review.suggestion_file import SuggestionFile
from prefml.review.thumbnails import ThumbnailCache
from prefml.workspace import Workspace

__all__ = ["ReviewService"]


class ReviewService:
    """Suggestions, decisions and pictures of one workspace.

    Parameters
    ----------
    workspace : Workspace
        Where everything lies.
    people : People, optional
        Knows the faces and hands of the pictures.

    Raises
    ------
    WorkspaceError
        If there are no suggestions to review.
    LogError
        If the suggestions or the event table cannot be read.
    """

    def __init__(self, workspace: Workspace, people: People | None = None) -> None:
        self.workspace, self._people = workspace, people
        self._suggestions = SuggestionFile(workspace)
        self.store = EventStore(workspace.sandbox / STORE_NAME)
        self.thumbnails = ThumbnailCache(workspace, self.store.secret)
        self.prefetcher = Prefetcher(self.thumbnails)
        self._batches = Batches(workspace, self.store.secret)
        self._regrouping = Regrouping(workspace)
        self._registered: tuple[Row, ...] | None = None
        # After a crash the file of them may lack the last change.
        self._keep_sets()
        self._describe(self.next_ids(1), "view")

    @property
    def batch(self) -> Batch:
        """The suggestions as they were read last."""
        return self._suggestions.batch

    def refresh(self) -> None:
        """Read the suggestions again if `prefml suggest` has written new ones, or sets changed."""
        with self.store.ledger() as ledger:
            self._refresh(ledger)

    def _refresh(self, ledger: Ledger) -> None:
        self._suggestions.refresh(self._regrouping.sets(ledger))
        if self.batch.rows is not self._registered:  # a change of sets brings no pictures
            for group in self.batch.groups.values():
                self.thumbnails.add(group.images)
            self._registered = self.batch.rows

    def queue(self, name: Filter = "all", project: str | None = None) -> list[str]:
        """Return the ids of the groups that pass a filter: audited ones, then as in the file.

        Parameters
        ----------
        name : {"all", "pending", "uncertain", "crops", "flagged", "skipped", "duplicates"}
            The filter.
        project : str, optional
            Only groups of this project.

        Returns
        -------
        list of str
        """
        with self.store.ledger() as ledger:
            found = queue_groups(self.batch.groups, ledger, name, project)
            return [group.group_id for group in found]

    def next_ids(
        self, size: int, name: Filter = "pending", project: str | None = None
    ) -> list[str]:
        """Return the first groups of a filter that still wait for a decision.

        Parameters
        ----------
        size : int
            How many at most.
        name, project
            As in `queue`.

        Returns
        -------
        list of str
        """
        with self.store.ledger() as ledger:
            found = (
                group.group_id
                for group in queue_groups(self.batch.groups, ledger, name, project)
                if (name == "skipped" or ledger.state(group.group_id) == "pending")
            )
            return [group_id for group_id, _ in zip(found, range(size), strict=False)]

    def decided_states(self) -> dict[str, State]:
        """Return the state of every group that is not pending."""
        with self.store.ledger() as ledger:
            states = ledger.states
            return {key: states[key] for key in self.batch.groups if key in states}

    def budget_ids(self, project: str | None = None) -> list[str]:
        """Return undecided groups that may be approved together, see `offer`."""
        return self.offer(project).group_ids

    def offer(self, project: str | None = None, level: float = 1.0) -> answers.Budget:
        """Return what may be approved together, what of it would be asked, or why nothing may.

        Parameters
        ----------
        project : str, optional
            Only groups of this project.
        level : float, default=1.0
            Only groups within this error budget.

        Returns
        -------
        Budget
        """
        known = self.batch.groups
        groups = (group for group in known.values() if project in (None, group.project))
        with self.store.ledger() as ledger:
            found = self._batches.offer(groups, known, ledger, level)
        self._suggestions.seen.note(found.versions)
        return found

    def load_groups(self, ids: Iterable[str], size: Size = "view") -> list[answers.Group]:
        """Return what the page shows of some groups; unknown ids are left out.

        Parameters
        ----------
        ids : iterable of str
            Group ids.
        size : {"small", "view", "large"}
            Size of picture that the page will ask for; copies are made ready.

        Returns
        -------
        list of Group
        """
        found = self._describe(ids, size)
        self._suggestions.seen.note({group.group_id: group.version for group in found})
        return found

    def _describe(self, ids: Iterable[str], size: Size) -> list[answers.Group]:
        known = self.batch.groups
        groups = [known[key] for key in ids if key in known]
        self.prefetcher.enqueue(pictures_ahead(groups, known), size)
        with self.store.ledger() as ledger:
            states = [
                (ledger.state(g.group_id), ledger.decision(g.group_id), ledger.tags(g.group_id),
                 g.group_id in ledger.audits)
                for g in groups
            ]  # fmt: skip
            groups = [
                drawn_group(ledger.audits[g.group_id]) if audited else g
                for g, (_, _, _, audited) in zip(groups, states, strict=True)
            ]
        return [
            serialize_group(group, self.thumbnails, state, entry, tags, audited, self._people)
            for group, (state, entry, tags, audited) in zip(groups, states, strict=True)
        ]

    def progress(self) -> answers.Progress:
        """Return counts by state, what is not submitted, and the time left at today's pace."""
        with self.store.ledger() as ledger:
            return measure_progress(ledger, self.batch.groups)

    def decide(self, request: Decide) -> Event | None:
        """Record one decision; it is on the disk when this returns.

        Parameters
        ----------
        request : Decide
            What the person pressed. Repeating a request of the same id changes nothing.

        Returns
        -------
        Event or None

        Raises
        ------
        KeyError
            If there is no such group.
        StaleSuggestionError
            If its suggestion is another than the one that was on the screen.
        LogError
            If the decision makes no sense for the group.
        """

        def body(ledger: Ledger) -> Body:
            self._refresh(ledger)
            drawn = ledger.audits.get(request.group_id)
            if drawn is not None and request.group_id in self.batch.groups:
                return DecideBody([audited_change(drawn, request)])
            stated = {request.group_id: request.suggestion_version}
            group = self._suggestions.checked(stated)[request.group_id]
            return DecideBody([decision_change(group, Verdict.from_request(group, request))])

        return self.store.append("decide", body, request.event_id or None)

    def tag(self, request: Tag) -> Event | None:
        """Record the anomaly tags of a group, in place of those it had.

        Parameters
        ----------
        request : Tag
            The tags. Repeating a request of the same id changes nothing.

        Returns
        -------
        Event or None

        Raises
        ------
        KeyError
            If there is no such group.
        LogError
            If it has no such image.
        """

        def body(ledger: Ledger) -> Body:
            self._refresh(ledger)
            tags = read_tags(self.batch.groups[request.group_id], request.image_tags)
            return TagBody([TagChange(request.group_id, tags)])

        return self.store.append("tag", body, request.event_id or None)

    def approve_batch(
        self,
        ids: Sequence[str],
        event_id: str | None = None,
        versions: Mapping[str, str] | None = None,
        whole: Collection[str] = (),
    ) -> Event | None:
        """Approve groups together, as suggested; one undo takes all of them back.

        A random share of them is withheld and asked about one by one, see
        `prefml.review.audits.draw`.

        Parameters
        ----------
        ids : sequence of str
            The groups.
        event_id : str, optional
            Repeating a request of the same id changes nothing.
        versions : mapping of str to str, optional
            Group -> version of its suggestion when it was offered for approval.
        whole : collection of str, default=()
            Those of the groups whose picture is kept whole, whatever crop is suggested.

        Returns
        -------
        Event or None

        Raises
        ------
        StaleSuggestionError
            If the suggestion of one of them is another than the one that was offered.
        LogError
            If one of them is unknown, decided already, or not inside the error budget, or while
            batches are off.
        """
        stated = {group_id: (versions or {}).get(group_id) for group_id in ids}

        def body(ledger: Ledger) -> Body | None:
            self._refresh(ledger)
            known = self._suggestions.checked(stated)
            return self._batches.body(ids, known, ledger, versions, whole)

        return self.store.append("decide", body, event_id)

    def regroup(self, request: Regroup) -> list[str]:
        """Take pictures out of a set: for a set of their own, or for another set.

        Decisions on the sets are withdrawn, and tags go along with their pictures.

        Parameters
        ----------
        request : Regroup
            What the person asked for. Repeating a request of the same id changes nothing.

        Returns
        -------
        list of str
            The sets as they are now: what is left of the first, then the other.

        Raises
        ------
        KeyError
            If there is no such set.
        StaleSuggestionError
            If one of them is another than the one that was on the screen.
        LogError
            If the sets cannot be changed so.
        """
        named = filter(None, (request.group_id, request.to))
        stated = {group_id: request.suggestion_versions.get(group_id) for group_id in named}

        def body(ledger: Ledger) -> Body:
            self._refresh(ledger)
            return self._regrouping.body(self._suggestions.checked(stated), request, ledger)

        event = self.store.append("regroup", body, request.event_id or None)
        self._keep_sets()
        return [] if event is None else [g.group_id for g in body_of(RegroupBody, event).after]

    def undo(self, event_id: str | None = None) -> list[str]:
        """Take back the latest decision or tag; return the groups that it changed."""
        return self._move_history("undo", lambda ledger: ledger.to_undo, event_id)

    def redo(self, event_id: str | None = None) -> list[str]:
        """Bring back what was undone last; return the groups that it changed."""
        return self._move_history("redo", lambda ledger: ledger.to_redo, event_id)

    def _move_history(
        self, kind: Kind, target_of: Callable[[Ledger], Event | None], event_id: str | None
    ) -> list[str]:
        def body(ledger: Ledger) -> Body | None:
            target = target_of(ledger)
            return UndoRedoBody(target.seq, target.groups()) if target else None

        event = self.store.append(kind, body, event_id)
        self._keep_sets()
        changed = [] if event is None else body_of(UndoRedoBody, event).groups
        # The sets that there are go before those that there are not any more.
        return sorted(changed, key=lambda group_id: group_id not in self.batch.groups)

    def _keep_sets(self) -> None:
        with self.store.exclusive_ledger() as ledger:
            self._regrouping.keep(ledger)
            self._refresh(ledger)

    def submit(self, event_id: str | None = None) -> dict[str, int]:
        """Write the exports and note that everything so far was submitted.

        Returns
        -------
        dict of str to int
            Number of lines by action.
        """

        def body(ledger: Ledger) -> Body:
            decisions = export(self.workspace, ledger)
            return SubmitBody(dict(Counter(decision.action for decision in decisions)))

        event = self.store.append("submit", body, event_id)
        return {} if event is None else body_of(SubmitBody, event).counts

    def close(self) -> None:
        """Stop background work, bound the cache and close the event table."""
        self.prefetcher.stop()
        self.thumbnails.prune()
        self.store.close()
