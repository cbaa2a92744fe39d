import numpy as np
import pytest

from prefml.ranking.rejection import RejectionModel, set_features


@pytest.fixture
def reviewed(make):
    X, _, set_id, _ = make(n_sets=400)
    scores = X["cue__0"].to_numpy()
    names = np.unique(set_id)
    best = np.array([scores[set_id == name].max() for name in names])
    rejected = np.isin(set_id, names[best < np.quantile(best, 0.3)])
    return X, scores, rejected, set_id


def test_sets_with_a_poor_best_picture_are_likely_rejected(reviewed):
    X, scores, rejected, set_id = reviewed
    model = RejectionModel(C=1.0).fit(X, scores, rejected, set_id)
    chance = model.predict_probability(X, scores, set_id)
    truth = rejected[np.unique(set_id, return_index=True)[1]]
    assert chance.shape == truth.shape
    assert chance[truth].mean() > chance[~truth].mean() + 0.3
    assert chance.mean() == pytest.approx(truth.mean(), abs=0.02)


def test_with_few_rejections_it_knows_only_the_rate(reviewed):
    X, scores, _, set_id = reviewed
    rejected = set_id == set_id[0]
    model = RejectionModel().fit(X, scores, rejected, set_id)
    assert set(model.predict_probability(X, scores, set_id)) == {2 / 403}


def test_a_set_is_described_whatever_the_order_of_its_pictures(reviewed):
    X, scores, _, set_id = reviewed
    back = slice(None, None, -1)
    one = set_features(X, scores, set_id)
    other = set_features(X.iloc[back], scores[back], set_id[back])
    assert np.allclose(one, other[back])


def test_a_single_picture_leads_by_nothing():
    assert set_features(np.ones((1, 2)), [3.0], ["a"]).tolist() == [[3.0, 0.0, 1.0, 1.0]]
