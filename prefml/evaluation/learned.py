"""Say what is known of a person from held-out choices: what they go by, since when, where not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import fisher_exact

from prefml._typing import Bools, Floats, Ints
from prefml.evaluation.crossval import HeldOutScores
from prefml.evaluation.schema import OverTime, PreferenceMetrics, TimeBlock, WeakSpot
from prefml.evaluation.sets import SetFacts, clusters_among
from prefml.evaluation.weighted import weighted_mean
from prefml.exceptions import counted
from prefml.features import ChoiceTable
from prefml.ranking.metrics import bootstrap_interval
from prefml.ranking.preferences import LEAST_SETS, Preference, find_preferences
from prefml.ranking.setting_effects import holm
from prefml.sets import index_sets

__all__ = ["over_time", "preference_metrics", "spot_sets", "weak_spots"]

# Stretches of time, each of at least so many sets.
_BLOCKS, _ALPHA = 6, 0.05
_FACES = "people__face_count"
# Words for how a picture is -> for what is preferred.
_PHRASES = {
    "higher stage": "the higher stage",
    "lower stage": "the lower stage",
    "eyes more open": "more open eyes",
    "eyes less open": "less open eyes",
    "sharper face": "the sharper face",
    "softer face": "the softer face",
    "sharper": "the sharper picture",
    "softer": "the softer picture",
    "brighter": "the brighter picture",
    "darker": "the darker picture",
}


def preference_metrics(
    table: ChoiceTable, run: HeldOutScores, facts: SetFacts
) -> list[PreferenceMetrics]:
    """Return what the choices go by beyond chance, and whether the held-out model goes by it too.

    Parameters
    ----------
    table : ChoiceTable
        The choices.
    run : HeldOutScores
        Scores of a model that had not seen them.
    facts : SetFacts
        Their sets.

    Returns
    -------
    list of PreferenceMetrics
        The strongest first.
    """
    found = find_preferences(
        table.X, table.y, run.scores, table.set_id, table.stage, table.project, facts.cluster
    )
    return [_preference(one) for one in found]


def _preference(found: Preference) -> PreferenceMetrics:
    low, high = (100 * end for end in (found.low, found.high))
    model = "" if np.isnan(found.model_share) else f"; the model in {100 * found.model_share:.0f} %"
    words = (
        f"You prefer {_PHRASES.get(found.word, found.word)}: in {100 * found.share:.0f} % of the "
        f"comparisons inside {counted(found.sets, 'set')} ({low:.0f} to {high:.0f} %){model}"
    )
    return PreferenceMetrics(
        theme=found.theme, word=found.word, column=found.column, sets=found.sets,
        share=found.share, share_ci=[found.low, found.high], model_share=found.model_share,
        p=found.p, words=words,
    )  # fmt: skip


def over_time(table: ChoiceTable, hits: Floats, facts: SetFacts) -> OverTime | None:
    """Return held-out agreement in stretches of equally many sets, by the time of the choice.

    Parameters
    ----------
    table : ChoiceTable
        The choices.
    hits : ndarray of shape (n_sets,)
        Share of rounds in which the picture ranked first was the chosen one.
    facts : SetFacts
        Their sets.

    Returns
    -------
    OverTime or None
        None with fewer than two stretches of 20 sets whose time is known.
    """
    sets = index_sets(table.set_id)
    when = table.timestamp[sets.order[sets.starts]]
    known = np.flatnonzero(~np.isnat(when) & ~np.isnan(hits))
    known = known[np.argsort(when[known], kind="stable")]
    count = min(_BLOCKS, len(known) // LEAST_SETS)
    if count < 2 or when[known[0]] == when[known[-1]]:
        return None
    blocks = [_block(part, when, hits, facts) for part in np.array_split(known, count)]
    change, low, high = _change(known, hits, facts)
    return {
        "blocks": blocks,
        "change": {"top1": change, "top1_ci": [low, high]},
        "words": _change_words(change, low, high),
    }


def _block(rows: Ints, when: np.ndarray, hits: Floats, facts: SetFacts) -> TimeBlock:
    clusters = clusters_among(facts, rows)
    interval = bootstrap_interval(hits[rows], clusters, weights=facts.weight[rows])
    days = when[rows].astype("datetime64[D]").astype(str)
    return TimeBlock(
        since=str(days[0]), until=str(days[-1]), sets=len(rows),
        top1=weighted_mean(hits[rows], facts.weight[rows]), top1_ci=list(interval),
    )  # fmt: skip


def _change(rows: Ints, hits: Floats, facts: SetFacts) -> tuple[float, float, float]:
    """Return agreement in the later half minus that in the earlier one, with its interval."""
    late, weight = np.arange(len(rows)) >= len(rows) // 2, facts.weight[rows]
    mean = [weighted_mean(hits[rows][part], weight[part]) for part in (late, ~late)]
    # Each case stands for its part of the difference, so that clusters can be drawn whole.
    part = np.where(late, weight[late].sum(), -weight[~late].sum())
    base = np.where(late, *mean)
    influence = (hits[rows] - base) * weight.sum() / part
    low, high = bootstrap_interval(influence, clusters_among(facts, rows), weights=weight)
    change = mean[0] - mean[1]
    return change, change + low, change + high


def _change_words(change: float, low: float, high: float) -> str:
    span = f"{100 * change:+.0f} points, {100 * low:+.0f} to {100 * high:+.0f} with 95 %"
    if low > 0:
        return f"In the later half of your choices the model is right more often ({span})."
    if high < 0:
        return (
            f"In the later half of your choices the model is right less often ({span}): your taste "
            "or your pictures have changed."
        )
    return f"No change over time beyond chance (later half against earlier half: {span})."


def weak_spots(table: ChoiceTable, hits: Floats, facts: SetFacts) -> list[WeakSpot]:
    """Return the projects and kinds of sets on which agreement is lower than on the others.

    Each with enough sets on either side is looked at once, by Fisher's exact test, one-sided, with
    Holm's correction; intervals are those of selected effects.

    Parameters
    ----------
    table : ChoiceTable
        The choices.
    hits : ndarray of shape (n_sets,)
        As in `over_time`.
    facts : SetFacts
        Their sets.

    Returns
    -------
    list of WeakSpot
        The least right first.
    """
    right = np.nan_to_num(hits) > 0.5
    looks = [
        (kind, name, inside & ~np.isnan(hits))
        for kind, name, inside in _kinds(table, facts)
        if min(inside.sum(), (~inside).sum()) >= LEAST_SETS
    ]
    tables = (
        [[int((hit & part).sum()) for hit in (right, ~right)] for part in (inside, ~inside)]
        for _, _, inside in looks
    )
    p = holm([float(fisher_exact(table, alternative="less")[1]) for table in tables])
    picked = [at for at in range(len(looks)) if p[at] <= _ALPHA]
    level = 1 - _ALPHA * len(picked) / max(1, len(looks))
    found = [_spot(*looks[at], hits, facts, float(p[at]), level) for at in picked]
    return sorted(found, key=lambda spot: spot["top1"])


def spot_sets(table: ChoiceTable, facts: SetFacts, kind: str, name: str) -> Bools:
    """Return which sets belong to a weak spot.

    Parameters
    ----------
    table : ChoiceTable
        The choices.
    facts : SetFacts
        Their sets.
    kind, name : str
        Of the weak spot.

    Returns
    -------
    ndarray of bool, shape (n_sets,)
    """
    same = (inside for *which, inside in _kinds(table, facts) if which == [kind, name])
    return next(same, np.zeros(len(facts.size), bool))


def _kinds(table: ChoiceTable, facts: SetFacts) -> Iterator[tuple[str, str, Bools]]:
    """Yield kinds of sets that do not depend on what was chosen."""
    for project in np.unique(facts.project.astype(str)):
        yield "project", str(project), facts.project == project
    for size in np.unique(facts.size):
        yield "sets of", f"{size} pictures", facts.size == size
    if _FACES in table.X:
        faces = np.nan_to_num(table.X[_FACES].to_numpy(float))
        some = index_sets(table.set_id).reduce(np.maximum, faces) > 0
        yield "sets", "with a face", some
        yield "sets", "without a face", ~some


def _spot(
    kind: str, name: str, inside: Bools, hits: Floats, facts: SetFacts, p: float, level: float
) -> WeakSpot:
    top1, elsewhere = (weighted_mean(hits[part], facts.weight[part]) for part in (inside, ~inside))
    low, high = bootstrap_interval(
        hits[inside],
        clusters_among(facts, inside),
        level=level,
        weights=facts.weight[inside],
    )
    sets = int(inside.sum())
    words = (
        f"{kind} {name}: right in {top1:.0%} of {counted(sets, 'set')} ({low:.0%} to {high:.0%}), "
        f"elsewhere in {elsewhere:.0%}"
    )
    return WeakSpot(
        kind=kind, name=name, sets=sets, top1=top1, top1_ci=[low, high], elsewhere=elsewhere, p=p,
        words=words[0].upper() + words[1:],
    )  # fmt: skip
