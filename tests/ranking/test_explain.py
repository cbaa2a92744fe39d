import numpy as np
import pytest

from prefml.ranking import SetRanker
from prefml.ranking.explain import theme_of


@pytest.fixture
def fitted(choices):
    X, y, set_id, project = choices
    X = X.set_axis(["cue__detail_high", "cue__light_p50", "emb__0", "stage", "x", "y"], axis=1)
    X = X.assign(near__centroid=X["x"], set_size=3.0)
    ranker = SetRanker(n_estimators=20, linear=(("cue__",), ("",)), n_bags=2, random_state=0)
    return ranker.fit(X, y, set_id=set_id, groups=project), X, set_id


def test_reasons_add_up_to_the_difference_of_the_scores(fitted):
    ranker, X, set_id = fitted
    scores = ranker.predict(X)
    for found in ranker.explain(X, set_id):
        total = sum(reason.contribution for reason in found.reasons)
        assert total == pytest.approx(scores[found.winner] - scores[found.runner_up], abs=1e-9)
        assert found.difference == pytest.approx(total, abs=1e-9)


def test_the_winner_and_the_runner_up_are_the_best_two(fitted):
    ranker, X, set_id = fitted
    scores = ranker.predict(X)
    for found in ranker.explain(X, set_id):
        rows = np.flatnonzero(set_id == found.set_id)
        best = rows[np.argsort(-scores[rows])[:2]]
        assert [found.winner, found.runner_up] == best.tolist()


def test_what_decides_comes_first_and_says_which_way(fitted):
    ranker, X, set_id = fitted
    leading = [found.reasons[0].name for found in ranker.explain(X, set_id)]
    assert set(leading) & {"sharper", "softer"}
    for found in ranker.explain(X, set_id):
        sizes = [abs(reason.contribution) for reason in found.reasons]
        assert sizes == sorted(sizes, reverse=True)
        gap = X["cue__detail_high"].iloc[[found.winner, found.runner_up]].to_numpy()
        names = {reason.name for reason in found.reasons}
        assert ("softer" if gap[0] > gap[1] else "sharper") not in names


def test_a_picture_alone_has_nothing_to_explain(fitted):
    ranker, X, _ = fitted
    assert ranker.explain(X.iloc[:1], ["a"]) == []
    assert len(ranker.explain(X.iloc[:3], ["a", "a", "b"])) == 1


def test_importances_are_shares(fitted):
    ranker, X, set_id = fitted
    shares = ranker.importances(X, set_id)
    assert sum(shares.values()) == pytest.approx(1)
    assert next(iter(shares)) == "sharpness"


@pytest.mark.parametrize(
    ("column", "theme"),
    [
        ("stage_below_top", "stage"),
        ("near__lower_stage", "closeness to the set"),
        ("emb_mean__pc00", "content"),
        ("cue_best__sharpness", "sharpness"),
        ("cue_mean__nss1_shape", "natural look"),
        ("cue__detail_x05", "composition"),
        ("cue__saliency_mass", "composition"),
        ("set_size", "size of the set"),
        ("cue__megapixels", "size"),
        ("something", "other"),
    ],
)
def test_every_column_has_a_theme(column, theme):
    assert theme_of(column) == theme
