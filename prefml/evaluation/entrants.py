"""Who takes part: prefml, and what it has to beat."""

from __future__ import annotations

from collections.abc import Iterable

from prefml.cropping.baselines import ConstantBox, FullFrame, SaliencyBox, SizeStageBoost
from prefml.cropping.recipe import default_cropper
from prefml.evaluation.crossval import Entrant
from prefml.evaluation.neural import NeuralCropper, NeuralRanker, has_torch
from prefml.exceptions import PrefmlError
from prefml.ranking import HighestStage, LinearPairwise, RandomRanker, RawLambdaRank, default_ranker

__all__ = ["CROPPERS", "RANKERS", "checked_names", "chosen_entrants", "left_out_entrants"]

EMBEDDING = "emb__"

RANKERS = (
    Entrant("prefml", lambda seed: default_ranker(seed), "", "prefml"),
    Entrant("highest_stage", lambda seed: HighestStage(), "", "highest stage"),
    Entrant("random", lambda seed: RandomRanker(seed), "", "chance"),
    Entrant("linear", lambda seed: LinearPairwise(), EMBEDDING, "linear Bradley-Terry, embedding"),
    Entrant(
        "raw_lambdarank", lambda seed: RawLambdaRank(random_state=seed), EMBEDDING,
        "LambdaRank, embedding",
    ),
    Entrant("neural", lambda seed: NeuralRanker(random_state=seed), EMBEDDING,
            "neural net, embedding"),
    Entrant("neural_all_inputs", lambda seed: NeuralRanker(random_state=seed), "",
            "neural net, prefml's inputs"),
)  # fmt: skip
CROPPERS = (
    Entrant("prefml", lambda seed: default_cropper(seed), "", "prefml"),
    Entrant("constant_box", lambda seed: ConstantBox(), "", "constant box"),
    Entrant("full_frame", lambda seed: FullFrame(), "", "full frame"),
    Entrant("saliency_box", lambda seed: SaliencyBox(), "", "box on the saliency centre"),
    Entrant("size_stage", lambda seed: SizeStageBoost(random_state=seed), "",
            "LightGBM, size and stage"),
    Entrant("neural", lambda seed: NeuralCropper(random_state=seed), EMBEDDING,
            "neural net, embedding"),
    Entrant("neural_all_inputs", lambda seed: NeuralCropper(random_state=seed), "",
            "neural net, prefml's inputs"),
)  # fmt: skip


def chosen_entrants(
    entrants: Iterable[Entrant], columns: Iterable[str], names: Iterable[str] = ()
) -> list[Entrant]:
    """Return the models that can take part.

    Parameters
    ----------
    entrants : iterable of Entrant
        All of them.
    columns : iterable of str
        The columns of the table; a model that sees none of them cannot take part.
    names : iterable of str, optional
        Names to keep; all by default. `prefml` always stays.

    Returns
    -------
    list of Entrant
    """
    wanted, known = {*names, "prefml"}, list(columns)
    return [
        entrant
        for entrant in entrants
        if (len(wanted) == 1 or entrant.name in wanted)
        and (has_torch() or not _is_neural(entrant))
        and any(name.startswith(entrant.prefix) for name in known)
    ]


def left_out_entrants(entrants: Iterable[Entrant], columns: Iterable[str]) -> list[str]:
    """Say which models cannot take part and why.

    Parameters
    ----------
    entrants : iterable of Entrant
        All of them.
    columns : iterable of str
        The columns of the table.

    Returns
    -------
    list of str
        Sentences; empty if all take part.
    """
    everyone, known = list(entrants), list(columns)
    notes = []
    if not has_torch() and any(map(_is_neural, everyone)):
        notes.append("the neural nets, because torch is not installed (extra `clip`)")
    blind = [e.title for e in everyone if not any(name.startswith(e.prefix) for name in known)]
    if blind:
        notes.append(f"{', '.join(blind)}: there are no pictures to embed")
    return notes


def checked_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return names of models, refusing unknown ones.

    Parameters
    ----------
    names : iterable of str
        What a person asked for.

    Returns
    -------
    tuple of str

    Raises
    ------
    PrefmlError
        If there is no model of a name.
    """
    known = sorted({entrant.name for entrant in (*RANKERS, *CROPPERS)})
    asked = tuple(name.strip() for name in names if name.strip())
    for name in asked:
        if name not in known:
            raise PrefmlError(f"no model {name!r}", f"some of {', '.join(known)}")
    return asked


def _is_neural(entrant: Entrant) -> bool:
    return entrant.name.startswith("neural")
