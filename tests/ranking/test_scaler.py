import numpy as np

from prefml.ranking.scaler import WithinSetScaler
from prefml.sets import index_sets


def test_columns_are_scaled_by_their_spread_inside_sets(choices):
    X, _, set_id, _ = choices
    values = X.to_numpy() + 100.0 * np.unique(set_id, return_inverse=True)[1][:, None]
    scaler = WithinSetScaler().fit(values, index_sets(set_id))
    spread = X.groupby(set_id).transform(lambda column: column - column.mean()).to_numpy()
    assert np.allclose(scaler.scale_, np.sqrt((spread**2).mean(axis=0)))


def test_what_never_differs_inside_a_set_and_what_is_missing_counts_for_nothing():
    values = np.array([[1.0, 5.0, 0.0], [1.0, np.nan, 1.0], [3.0, 7.0, 0.0], [3.0, 5.0, 9.0]])
    scaler = WithinSetScaler(clip=1.0).fit(values, index_sets([0, 0, 1, 1]))
    scaled = scaler.transform(values)
    assert (scaled[:, 0] == 0).all()
    assert scaled[1, 1] == 0
    assert np.abs(scaled).max() == 1.0


def test_single_precision_is_scaled_in_double_and_columns_do_not_depend_on_each_other():
    rng = np.random.default_rng(0)
    values, sets = rng.normal(size=(90, 70)).astype(np.float32), index_sets(np.repeat(range(30), 3))
    scaler = WithinSetScaler().fit(values, sets)
    double = WithinSetScaler().fit(values.astype(float), sets)
    alone = WithinSetScaler().fit(values[:, 66:67], sets)
    np.testing.assert_array_equal(scaler.scale_, double.scale_)
    np.testing.assert_allclose(scaler.scale_[66], alone.scale_[0], rtol=1e-12)
    assert scaler.transform(values).dtype == np.float64
