import json

import numpy as np
import pytest

from prefml.ranking import PerProjectRanker, SetRanker
from prefml.ranking.per_project_export import from_plain, to_plain


@pytest.fixture
def fitted(make):
    X, y, set_id, project = make(n_sets=90, n_projects=3, sizes=(3,))
    ranker = PerProjectRanker(SetRanker(n_estimators=4, calibration="auto"), min_sets=30)
    return ranker.fit(X, y, set_id, project), (X, set_id, project)


def test_what_is_read_back_answers_as_what_was_written(fitted):
    ranker, (X, set_id, project) = fitted
    document, texts = to_plain(ranker)
    again = from_plain(json.loads(json.dumps(document)), texts)
    assert again.min_sets == 30
    assert list(again.own_) == ["p0", "p1", "p2"]
    for names in (project, None):
        assert np.array_equal(again.predict(X, names), ranker.predict(X, names))
        found = again.win_probability(X, set_id, names)
        np.testing.assert_allclose(found, ranker.win_probability(X, set_id, names), atol=1e-12)
        assert again.explain(X, set_id, names) == ranker.explain(X, set_id, names)
    assert again.feature_names_in_.tolist() == ranker.feature_names_in_.tolist()


def test_each_ranker_has_texts_of_its_own(fitted):
    ranker, _ = fitted
    document, texts = to_plain(ranker)
    named = [document["common"], *(one["ranker"] for one in document["projects"])]
    names = [name for one in named for name in one["trees"]["texts"]]
    assert sorted(names) == sorted(set(names)) == sorted(texts)
