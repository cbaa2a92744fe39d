"""Count where the work stands: what is new, undecided, submitted and applied, and the models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from prefml.exceptions import counted

if TYPE_CHECKING:
    from prefml.models.history import StoredModel
    from prefml.workspace import Workspace

__all__ = ["work_lines", "work_of"]


def work_of(workspace: Workspace) -> dict[str, object]:
    """Count where the work stands.

    Parameters
    ----------
    workspace : Workspace
        The workspace.

    Returns
    -------
    dict
        `new_pictures` in `new/` that are neither decided nor suggested for; sets and single
        pictures that are `undecided`, those of them `within_budget`, those `submitted` and not
        applied yet, and those `applied`; `interrupted`, a run of `prefml apply` that is to be
        finished or taken back; `runs`, those that can be taken back; `to_learn`, decisions since
        the models were trained; `models`, those in use.

    Raises
    ------
    LogError
        If a file cannot be read.
    """
    from prefml.apply import applied_groups, read_journals
    from prefml.models.history import list_models
    from prefml.suggest.standing import standing_of

    standing, journals = standing_of(workspace), read_journals(workspace)
    applied, models = applied_groups(journals), list_models(workspace)
    in_use = [model for model in models if model.current]
    since = max((_second(one.manifest.written) for one in in_use if one.manifest), default="")
    return {
        "new_pictures": standing.new_pictures,
        "undecided": standing.undecided,
        "within_budget": standing.within_budget,
        "submitted": len(standing.decided.keys() - applied.keys()),
        "applied": len(applied),
        "interrupted": any(journal.pending for journal in journals),
        "runs": len(journals),
        "to_learn": sum(
            _second(when) > since
            for group, when in standing.decided.items()
            if group not in standing.duplicates
        ),
        "models": [_in_use(model, models) for model in in_use],
    }


def _second(timestamp: object) -> str:
    """Return a UTC time in ISO form to the second, without its zone, so that texts compare."""
    return str(timestamp or "")[:19]


def _in_use(model: StoredModel, models: Sequence[StoredModel]) -> dict[str, object]:
    from prefml.models.history import hashes_in_use

    document = {} if model.manifest is None else model.manifest.document
    others = hashes_in_use(models)
    return {
        "kind": model.kind,
        "problem": model.problem,
        **{key: document.get(key) for key in ("written", "counts", "fold_scores")},
        "earlier": [
            {"name": one.name, "written": one.manifest.written}
            for one in models
            if one.kind == model.kind and not one.problem and one.manifest is not None
            and one.sha256 not in others
        ],
    }  # fmt: skip


def work_lines(work: dict[str, object]) -> list[str]:
    """Return what a person reads of it.

    Parameters
    ----------
    work : dict
        As `work_of` returns it.

    Returns
    -------
    list of str
    """
    new = work["new_pictures"]
    assert isinstance(new, int)
    waiting = f"{work['undecided']} undecided, {work['submitted']} to apply, "
    return [
        f"new pictures       {counted(new, 'picture')} without a suggestion",
        f"sets               {waiting}{work['applied']} applied",
    ]
