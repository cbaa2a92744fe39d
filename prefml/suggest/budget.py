"""Read what the ranker in use promises, and tell which sets lie within an error budget.

The promises stand in its manifest, made in training from sets that it had not seen; another file,
or the manifest of another model, promises nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from prefml.proposals import as_list, as_mapping, read_share
from prefml.ranking.approval import fingerprint, joint_confidence

__all__ = ["ErrorBudget", "Stated", "read_budget", "threshold_for"]

_TRAIN = "run: prefml train"
_WHOSE = {"seen": "", "next": "in projects that the ranker has not learned from, "}
_OBSTACLES = {
    "too_few_reviewed": "too few sets have been reviewed to know how often none of a set is good",
    "too_few_sets": "too few sets have been decided",
    "too_few_projects": "too few projects have been decided to promise anything for another one",
    "rejections": "too many sets are rejected whole, and which ones cannot be told beforehand",
    "crops": "the crops that would go along are too often wrong",
    "errors": "the suggestions are too often wrong",
}


@dataclass(frozen=True)
class Stated:
    """Probabilities stated of one suggestion.

    Attributes
    ----------
    project : str
        Its project.
    win : float or None
        Probability of the suggested picture; None where none is stated.
    none : float or None
        Probability that none is good; None where none is stated.
    crop : float or None
        Probability that the crop that goes along would do; None where none goes along.
    unsure_crop : bool
        Whether that crop is called unsure.
    """

    project: str
    win: float | None
    none: float | None = None
    crop: float | None = None
    unsure_crop: bool = False


@dataclass(frozen=True)
class ErrorBudget:
    """Thresholds from which sets may be approved unseen, or why there are none.

    Attributes
    ----------
    budget : float
        Share of errors asked for.
    thresholds : mapping of str to float or None
        Promise -> the least joint confidence; None: no promise.
    obstacles : mapping of str to str
        Promise -> why there is no threshold, in words.
    projects : collection of str
        Projects that the ranker has learned from.
    covers_crops : bool
        Whether the promises are about the crops as well.
    problem : str
        Why there is no promise at all, in words; empty if there may be.
    levels : sequence of (float, mapping)
        Budgets not above the one asked for, the smallest first, each with its thresholds.
    """

    budget: float
    thresholds: Mapping[str, float | None] = field(default_factory=dict)
    obstacles: Mapping[str, str] = field(default_factory=dict)
    projects: Collection[str] = ()
    covers_crops: bool = False
    problem: str = ""
    levels: Sequence[tuple[float, Mapping[str, float | None]]] = ()

    def closed(self, problem: str) -> ErrorBudget:
        """Return the budget with nothing within it.

        Parameters
        ----------
        problem : str
            Why, in words.

        Returns
        -------
        ErrorBudget
        """
        return replace(self, thresholds={}, problem=problem)

    def promise(self, project: str) -> str:
        """Return the promise that is about sets of a project.

        Parameters
        ----------
        project : str
            A project.

        Returns
        -------
        str
            `seen` for those that the ranker has learned from, `next` for another one.
        """
        return "seen" if project in self.projects else "next"

    def confidence(self, stated: Stated) -> float | None:
        """Return the joint confidence of a suggestion, on which the promises were made.

        Parameters
        ----------
        stated : Stated
            What is stated of it.

        Returns
        -------
        float or None
            None where no probability is stated for the picture.
        """
        if stated.win is None:
            return None
        crop = stated.crop if self.covers_crops and stated.crop is not None else 1.0
        return float(joint_confidence(stated.win, stated.none or 0.0, crop))

    def contains(self, stated: Stated) -> bool:
        """Tell whether a suggestion lies within the budget.

        Parameters
        ----------
        stated : Stated
            What is stated of it.

        Returns
        -------
        bool
            An unsure crop keeps it out where the promises do not cover crops.
        """
        return self._is_sure(stated) and (self.covers_crops or not stated.unsure_crop)

    def least(self, stated: Stated) -> float | None:
        """Return the smallest budget that is promised for a suggestion.

        Parameters
        ----------
        stated : Stated
            What is stated of it.

        Returns
        -------
        float or None
            None where it does not lie within the budget.
        """
        if not self.contains(stated):
            return None
        confidence, promise = self.confidence(stated) or 0.0, self.promise(stated.project)
        kept = ((share, thresholds.get(promise)) for share, thresholds in self.levels)
        fits = (share for share, least in kept if least is not None and confidence >= least)
        return min(fits, default=self.budget)

    def _is_sure(self, stated: Stated) -> bool:
        threshold = self.thresholds.get(self.promise(stated.project))
        confidence = self.confidence(stated)
        return threshold is not None and confidence is not None and confidence >= threshold

    def why_none(self, suggestions: Collection[Stated]) -> str:
        """Tell in one line why none of some suggestions lies within the budget.

        Parameters
        ----------
        suggestions : collection of Stated
            All of them sets, at least one.

        Returns
        -------
        str
        """
        if self.problem:
            return self.problem
        stated = [one for one in suggestions if one.win is not None]
        promises = {self.promise(one.project) for one in stated}
        missing = [
            name for name in _WHOSE if name in promises and self.thresholds.get(name) is None
        ]
        if missing:
            return "; ".join(_WHOSE[name] + self.obstacles[name] for name in missing)
        if any(map(self._is_sure, stated)):
            return "the crop that would go along is unsure"
        return "no set is as sure as the promise asks for"


def read_budget(
    document: Mapping[str, object] | None,
    budget: float,
    rejection_sha256: str | None = None,
    has_crops: bool = False,
) -> ErrorBudget:
    """Read what a ranker's manifest promises for a budget.

    Parameters
    ----------
    document : mapping or None
        The manifest; None without a ranker.
    budget : float
        Largest tolerated share of errors.
    rejection_sha256 : str, optional
        Hash of the model of "none is good" in use.
    has_crops : bool, default=False
        Whether a crop goes along with what is approved.

    Returns
    -------
    ErrorBudget
    """
    if document is None:
        return ErrorBudget(budget, problem=f"there is no ranker yet; {_TRAIN}")
    rows = [as_mapping(row) for row in as_list(document.get("auto_approve"))]
    if not rows or document.get("auto_approve_sha256") is None:
        return ErrorBudget(budget, problem=f"the ranker in use makes no promises; {_TRAIN}")
    if document["auto_approve_sha256"] != fingerprint(rows):
        return ErrorBudget(budget, problem=f"the ranker's promises were changed; {_TRAIN}")
    covers_crops = "crop" in as_list(as_mapping(document.get("approval")).get("covers"))
    thresholds = {name: threshold_for(document, budget, name) for name in ("seen", "next")}
    shares = {share for row in rows if (share := read_share(row.get("budget"))) is not None}
    levels = [
        (share, {name: threshold_for(document, share, name) for name in thresholds})
        for share in sorted(shares)
        if share <= budget + 1e-12
    ]
    problem = ""
    if any(threshold is not None for threshold in thresholds.values()):
        if rejection_sha256 is None or document.get("rejection_sha256") != rejection_sha256:
            problem = f'the model of "none is good" is not the one promised with; {_TRAIN}'
        elif covers_crops and not has_crops:
            problem = f"the crop model that was promised with is not there; {_TRAIN}"
    return ErrorBudget(
        budget,
        {} if problem else thresholds,
        {name: _obstacle(rows, budget, name) for name in thresholds},
        frozenset(str(name) for name in as_list(document.get("projects"))),
        covers_crops,
        problem,
        levels,
    )


def threshold_for(
    document: Mapping[str, object] | None, budget: float, promise: str = "seen"
) -> float | None:
    """Return the least joint confidence at which sets keep an error budget.

    Parameters
    ----------
    document : mapping or None
        The ranker's manifest.
    budget : float
        Largest tolerated share of errors.
    promise : {"seen", "mixture", "next"}
        Which sets it is about, see `prefml.ranking.coverage_at`.

    Returns
    -------
    float or None
        The threshold of the largest budget not above the one asked for; None: none yet.
    """
    kept = [
        (share, threshold)
        for row in map(as_mapping, as_list(as_mapping(document).get("auto_approve")))
        if row.get("promise") == promise
        and (share := read_share(row.get("budget"))) is not None
        and (threshold := read_share(row.get("threshold"))) is not None
        and share <= budget + 1e-12
    ]
    return max(kept)[1] if kept else None


def _obstacle(rows: Collection[Mapping[str, object]], budget: float, promise: str) -> str:
    """Say why there is no threshold, by the entry of the largest budget not above the asked one."""
    known = [
        (share, str(row.get("why")), str(row.get("reason") or ""))
        for row in rows
        if row.get("promise") == promise
        and (share := read_share(row.get("budget"))) is not None
        and share <= budget + 1e-12
    ]
    if not known:
        return "no promise is made for so small a budget"
    _, why, reason = max(known)
    words = _OBSTACLES.get(why, _OBSTACLES["errors"])
    return f"{words} ({reason})" if reason else words
