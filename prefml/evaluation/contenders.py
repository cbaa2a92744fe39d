"""List the models that are evaluated: prefml and the baselines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from prefml.cropping import CropRegressor
from prefml.cropping.baselines import ConstantBox, FullFrame, SaliencyBox, SizeStageBoost
from prefml.evaluation.crossval import Contender, Cropper, Estimator, Ranker
from prefml.evaluation.neural import NeuralCropper, NeuralRanker, has_torch
from prefml.exceptions import PrefmlError
from prefml.ranking import HighestStage, LinearPairwise, RandomRanker, RawLambdaRank, default_ranker

__all__ = [
    "CROPPERS",
    "RANKERS",
    "check_names",
    "chosen_contenders",
    "left_out_contenders",
    "missing_torch",
]

EMBEDDING = "emb__"
E = TypeVar("E", bound=Estimator)
# The baseline that stages make.
_STAGED = "highest_stage"
_NO_TORCH = (
    "the neural nets, because torch is not installed; run: make evaluate NEURAL=1, or: "
    "pip install 'prefml[clip]'"
)

RANKERS: tuple[Contender[Ranker], ...] = (
    Contender("prefml", lambda seed: default_ranker(seed), "", "prefml"),
    Contender("highest_stage", lambda seed: HighestStage(), "", "highest stage"),
    Contender("random", lambda seed: RandomRanker(seed), "", "chance"),
    Contender("linear", lambda seed: LinearPairwise(), EMBEDDING,
              "linear Bradley-Terry, embedding"),
    Contender(
        "raw_lambdarank", lambda seed: RawLambdaRank(random_state=seed), EMBEDDING,
        "LambdaRank, embedding",
    ),
    Contender("neural", lambda seed: NeuralRanker(random_state=seed), EMBEDDING,
            "neural net, embedding"),
    Contender("neural_all_inputs", lambda seed: NeuralRanker(random_state=seed), "",
            "neural net, prefml's inputs"),
)  # fmt: skip
CROPPERS: tuple[Contender[Cropper], ...] = (
    Contender("prefml", lambda seed: CropRegressor(random_state=seed), "", "prefml"),
    Contender("constant_box", lambda seed: ConstantBox(), "", "constant box"),
    Contender("full_frame", lambda seed: FullFrame(), "", "full frame"),
    Contender("saliency_box", lambda seed: SaliencyBox(), "", "box on the saliency centre"),
    Contender("size_stage", lambda seed: SizeStageBoost(random_state=seed), "",
            "LightGBM, size and stage"),
    Contender("neural", lambda seed: NeuralCropper(random_state=seed), EMBEDDING,
            "neural net, embedding"),
    Contender("neural_all_inputs", lambda seed: NeuralCropper(random_state=seed), "",
            "neural net, prefml's inputs"),
)  # fmt: skip


def chosen_contenders(
    contenders: Iterable[Contender[E]],
    columns: Iterable[str],
    names: Iterable[str] = (),
    staged: bool = True,
) -> list[Contender[E]]:
    """Return the models that can take part.

    Parameters
    ----------
    contenders : iterable of Contender
        All of them.
    columns : iterable of str
        The columns of the table; a model that sees none of them cannot take part.
    names : iterable of str, optional
        Names to keep; all by default. `prefml` always stays.
    staged : bool, default=True
        Whether any picture has a stage; else the highest is no baseline.

    Returns
    -------
    list of Contender
    """
    wanted, known = {*names, "prefml"}, list(columns)
    return [
        contender
        for contender in contenders
        if (len(wanted) == 1 or contender.name in wanted)
        and (has_torch() or not _is_neural(contender))
        and (staged or contender.name != _STAGED)
        and any(name.startswith(contender.prefix) for name in known)
    ]


def left_out_contenders(
    contenders: Iterable[Contender[E]], columns: Iterable[str], staged: bool = True
) -> list[str]:
    """Tell which models cannot take part, and why; `missing_torch` tells of the neural nets.

    Parameters
    ----------
    contenders : iterable of Contender
        All of them.
    columns : iterable of str
        The columns of the table.
    staged : bool, default=True
        As in `chosen_contenders`.

    Returns
    -------
    list of str
        Sentences; empty if all take part.
    """
    everyone, known = list(contenders), list(columns)
    notes = []
    blind = [e.title for e in everyone if not any(name.startswith(e.prefix) for name in known)]
    if blind:
        notes.append(f"{', '.join(blind)}: there are no pictures to embed")
    if not staged and any(contender.name == _STAGED for contender in everyone):
        notes.append("highest stage: no picture has a stage")
    return notes


def missing_torch(
    contenders: Iterable[Contender[Estimator]], names: Iterable[str] = ()
) -> list[str]:
    """Tell that the neural nets cannot take part, and how they can.

    Parameters
    ----------
    contenders : iterable of Contender
        All models.
    names : iterable of str, optional
        Names that were asked for; all by default.

    Returns
    -------
    list of str
        One sentence; empty with torch, or where no net was asked for.
    """
    wanted = set(names)
    nets = [c for c in contenders if _is_neural(c) and (not wanted or c.name in wanted)]
    return [_NO_TORCH] if nets and not has_torch() else []


def check_names(names: Iterable[str]) -> tuple[str, ...]:
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
    known = sorted({contender.name for contender in (*RANKERS, *CROPPERS)})
    asked = tuple(name.strip() for name in names if name.strip())
    for name in asked:
        if name not in known:
            raise PrefmlError(f"no model {name!r}", f"some of {', '.join(known)}")
    return asked


def _is_neural(contender: Contender[Estimator]) -> bool:
    return contender.name.startswith("neural")
