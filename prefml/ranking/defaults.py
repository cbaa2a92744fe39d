"""Default ranker: the hyperparameters that `prefml train` uses; `docs/experiments.md` has why."""

from __future__ import annotations

from prefml.ranking.evidence import FEW_SETS
from prefml.ranking.ranker import SetRanker

__all__ = ["ALTERNATIVES", "COMPRESS", "default_ranker"]

# Principal components kept of an embedding, as it is and relative to its set.
COMPRESS = {"emb__": 64, "emb_mean__": 32}
# Rows from which LightGBM finds the 63 bins of a column.
_BINNED_ROWS = 10_000
_STAGE_COLUMNS = ("stage", "near__", "novelty__")
_PICTURE_COLUMNS = ("cue__", *_STAGE_COLUMNS)


# Linear scores on the measurements alone, and on these with the embedding.
_TWO_SCORES = (_PICTURE_COLUMNS, (*_PICTURE_COLUMNS, "emb__"))
# And with what is seen of people, which few pictures have.
_OF_PEOPLE = tuple((*columns, "people__") for columns in _TWO_SCORES)
_FEW = {"n_estimators": 1, "n_bags": 1, "max_sets": FEW_SETS - 1}
# Few choices: two linear scores, and a tree in name only; people count where they clearly help.
# Where looks decide, the mean of three linear scores and small nets is best, and trees add nothing
# to it. Where the stage decides but for a few accidents, both hide them, and trees do better alone.
# Inner folds select.
ALTERNATIVES = (
    {"linear": _TWO_SCORES, **_FEW},
    {
        "linear": (*_OF_PEOPLE, ("emb__",)),
        "net": ("",),
        "n_estimators": 0,
        "min_sets": FEW_SETS,
    },
    {"linear": None, "n_estimators": 150},
    {"linear": _OF_PEOPLE, **_FEW},
)


def default_ranker(random_state: int | None = 0, n_jobs: int = 1) -> SetRanker:
    """Return the ranker with the hyperparameters that did best on held-out projects.

    Parameters
    ----------
    random_state : int or None, default=0
        Seed.
    n_jobs : int, default=1
        Threads of LightGBM.

    Returns
    -------
    SetRanker
        Not fitted; it expects the columns of `prefml.features.choice_table`.
    """
    return SetRanker(
        n_estimators=60,
        learning_rate=0.03,
        num_leaves=7,
        colsample_bytree=0.3,
        subsample=0.7,
        subsample_freq=1,
        reg_lambda=10.0,
        lgbm_params={"max_bin": 63, "bin_construct_sample_cnt": _BINNED_ROWS},
        compress=COMPRESS,
        novelty=("cue_lower__",),
        novelty_by="stage_step",
        alternatives=ALTERNATIVES,
        optional=("setting",),
        trees=(*_PICTURE_COLUMNS, "cue_mean__", "emb_mean__", "set_size", "people"),
        n_bags=3,
        calibration="auto",
        random_state=random_state,
        n_jobs=n_jobs,
    )
