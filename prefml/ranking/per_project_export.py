"""Export a fitted `PerProjectRanker` as plain numbers and LightGBM's own text, and read it back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefml.ranking import export
from prefml.ranking.per_project import PerProjectRanker

__all__ = ["from_plain", "to_plain"]


def to_plain(ranker: PerProjectRanker) -> tuple[dict[str, object], dict[str, str]]:
    """Write a fitted ranker as plain numbers and texts.

    Parameters
    ----------
    ranker : PerProjectRanker
        Fitted.

    Returns
    -------
    document : dict
        Numbers, texts, lists and dicts only; `common`, and each entry of `projects`, hold what
        `prefml.ranking.export.to_plain` writes.
    texts : dict of str to str
        Name -> one of LightGBM's models as text.
    """
    common, texts = export.to_plain(ranker.common_)
    projects = []
    for number, (project, own) in enumerate(ranker.own_.items()):
        document, own_texts = export.to_plain(own, prefix=f"project{number}_")
        projects.append({"project": project, "ranker": document})
        texts |= own_texts
    return {"min_sets": ranker.min_sets, "common": common, "projects": projects}, texts


def from_plain(document: Mapping[str, Any], texts: Mapping[str, str]) -> PerProjectRanker:
    """Build a fitted ranker from what `to_plain` wrote.

    Parameters
    ----------
    document : mapping
        The numbers.
    texts : mapping of str to str
        LightGBM's models.

    Returns
    -------
    PerProjectRanker
        It predicts and explains as the one that was written; `out_of_fold_` is None.
    """
    ranker = PerProjectRanker(min_sets=int(document["min_sets"]))
    ranker.common_ = export.from_plain(document["common"], texts)
    ranker.own_ = {
        one["project"]: export.from_plain(one["ranker"], texts) for one in document["projects"]
    }
    return ranker
