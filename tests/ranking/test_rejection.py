import json

import numpy as np
import pytest

from prefml.ranking.rejection import (
    LEAST_REJECTIONS,
    RejectionModel,
    cross_fit_rejections,
    rejection_metrics,
    set_feature_names,
    set_features,
)


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


def described(reviewed):
    X, scores, rejected, set_id = reviewed
    truth = rejected[np.sort(np.unique(set_id, return_index=True)[1])]
    return set_features(X, scores, set_id), truth


def test_weights_count_by_their_ratios_only(reviewed):
    features, truth = described(reviewed)
    weight = np.where(truth, 1.0, 3.0)
    one = RejectionModel().fit_sets(features, truth, weight)
    other = RejectionModel().fit_sets(features, truth, 20 * weight)
    np.testing.assert_allclose(one.predict_sets(features), other.predict_sets(features), rtol=1e-3)
    assert one.rate_ < RejectionModel().fit_sets(features, truth).rate_


def test_audited_acceptances_weigh_rejections_down(reviewed):
    X, scores, rejected, set_id = reviewed
    plain = RejectionModel().fit(X, scores, rejected, set_id)
    weight = np.where(rejected, 1.0, 20.0)
    weighed = RejectionModel().fit(X, scores, rejected, set_id, weight)
    before, after = (m.predict_probability(X, scores, set_id).mean() for m in (plain, weighed))
    assert after < before / 3


@pytest.mark.parametrize("n", [None, 30], ids=["logistic", "base rate"])
def test_plain_numbers_predict_the_same(reviewed, n):
    features, truth = described(reviewed)
    model = RejectionModel().fit_sets(features[:n], truth[:n])
    assert (len(model.weights_) > 0) is (n is None)
    text = json.dumps(model.to_plain(), allow_nan=False)
    again = RejectionModel.from_plain(json.loads(text))
    np.testing.assert_array_equal(again.predict_sets(features), model.predict_sets(features))


def test_held_out_probabilities_beat_the_base_rate_where_scores_tell(reviewed):
    features, truth = described(reviewed)
    stated = cross_fit_rejections(features, truth, np.arange(len(truth)) % 4)
    found = rejection_metrics(stated, truth)
    assert found["log_loss"] < found["log_loss_base_rate"]
    assert found["brier"] < found["brier_base_rate"]
    assert found["auc"] > 0.8


def test_held_out_probabilities_of_noise_tell_nothing():
    rng = np.random.default_rng(0)
    features, truth = rng.normal(size=(600, 5)), rng.random(600) < 0.2
    found = rejection_metrics(cross_fit_rejections(features, truth, np.arange(600) % 4), truth)
    assert found["auc"] == pytest.approx(0.5, abs=0.1)
    assert found["log_loss"] > found["log_loss_base_rate"] - 0.01


def test_of_one_kind_of_sets_there_is_no_auc_and_of_none_no_figure():
    stated = cross_fit_rejections(np.zeros((30, 2)), np.zeros(30, bool), np.arange(30) % 2)
    found = rejection_metrics(stated, np.zeros(30, bool))
    assert np.isnan(found["auc"])
    assert found["log_loss"] == pytest.approx(found["log_loss_base_rate"])
    none = cross_fit_rejections(np.zeros((0, 2)), np.zeros(0, bool), np.zeros(0))
    assert np.isnan(list(rejection_metrics(none, np.zeros(0, bool)).values())).all()


def test_folds_are_logistic_exactly_where_the_model_of_all_sets_is(reviewed):
    features, truth = described(reviewed)
    for rejections in (LEAST_REJECTIONS - 1, LEAST_REJECTIONS):
        rows = np.sort(np.concatenate([np.flatnonzero(truth)[:rejections], np.flatnonzero(~truth)]))
        stated = cross_fit_rejections(features[rows], truth[rows], np.arange(len(rows)) % 5)
        model = RejectionModel().fit_sets(features[rows], truth[rows])
        logistic = len(np.unique(stated.probability)) > 5
        assert logistic is (len(model.weights_) > 0) is (rejections == LEAST_REJECTIONS)


def test_sets_that_were_not_reviewed_are_stated_and_not_fitted_on(reviewed):
    features, truth = described(reviewed)
    known = np.arange(len(truth)) % 3 > 0
    groups = np.arange(len(truth)) % 4
    stated = [
        cross_fit_rejections(features, labels, groups, fitted_on=known).probability
        for labels in (truth, truth ^ ~known)
    ]
    np.testing.assert_array_equal(*stated)
    assert stated[0][truth & ~known].mean() > stated[0][~truth & ~known].mean() + 0.1


def test_the_features_of_a_set_are_named_in_their_order(reviewed):
    X, scores, rejected, set_id = reviewed
    names = set_feature_names(X)
    features = set_features(X, scores, set_id)
    assert len(names) == features.shape[1]
    rows = set_id == set_id[0]
    assert features[0][names.index("best_score")] == scores[rows].max()
    assert features[0][names.index("cue__1")] == pytest.approx(X["cue__1"][rows].mean())
    assert RejectionModel().fit(X, scores, rejected, set_id).to_plain()["features"] == names
    assert set_feature_names(np.ones((1, 2))) == ["best_score", "lead", "x0", "x1"]
