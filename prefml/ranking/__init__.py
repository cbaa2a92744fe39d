"""Rank the pictures of a set by which the person would keep: arrays in, arrays out."""

from prefml.ranking.baselines import HighestStage, LinearPairwise, RandomRanker, RawLambdaRank
from prefml.ranking.blocks import BlockPCA
from prefml.ranking.defaults import default_ranker
from prefml.ranking.explain import Explanation, Reason
from prefml.ranking.pairwise import PairwiseLogistic
from prefml.ranking.per_project import PerProjectRanker
from prefml.ranking.protocols import CalibratedRanker, Ranker
from prefml.ranking.ranker import SetRanker

__all__ = [
    "BlockPCA",
    "CalibratedRanker",
    "Explanation",
    "HighestStage",
    "LinearPairwise",
    "PairwiseLogistic",
    "PerProjectRanker",
    "RandomRanker",
    "Ranker",
    "RawLambdaRank",
    "Reason",
    "SetRanker",
    "default_ranker",
]
