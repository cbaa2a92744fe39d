"""Which picture of a set the person would keep: arrays in, arrays out."""

from prefml.ranking.baselines import HighestStage, LinearPairwise, RandomRanker, RawLambdaRank
from prefml.ranking.blocks import BlockPCA
from prefml.ranking.explain import Explanation, Reason
from prefml.ranking.pairwise import PairwiseLogistic
from prefml.ranking.ranker import SetRanker
from prefml.ranking.recipe import default_ranker

__all__ = [
    "BlockPCA",
    "Explanation",
    "HighestStage",
    "LinearPairwise",
    "PairwiseLogistic",
    "RandomRanker",
    "RawLambdaRank",
    "Reason",
    "SetRanker",
    "default_ranker",
]
