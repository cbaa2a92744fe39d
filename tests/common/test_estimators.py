import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from prefml.ranking import BlockPCA, PairwiseLogistic, SetRanker

ESTIMATORS = [
    SetRanker(allow_missing_set_id=True, n_estimators=5),
    PairwiseLogistic(allow_missing_set_id=True),
    BlockPCA(),
]


@pytest.mark.filterwarnings("ignore::UserWarning")
@parametrize_with_checks(ESTIMATORS)
def test_estimator_keeps_to_scikit_learns_conventions(estimator, check):
    check(estimator)
