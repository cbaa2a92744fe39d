import pandas as pd
import pytest

from prefml.features.weights import recency_weights, row_weights

DAYS = pd.to_datetime(["2025-01-01", "2025-01-11", None, "2025-01-21"])


def test_weight_halves_with_each_half_life():
    assert recency_weights(DAYS, 10).tolist() == pytest.approx([0.25, 0.5, 0.25, 1])


def test_unknown_times_all_count_alike():
    assert recency_weights(pd.to_datetime([None, None]), 10).tolist() == [1, 1]


def test_a_half_life_must_be_positive():
    with pytest.raises(ValueError, match="half_life_days"):
        recency_weights(DAYS, 0)


def test_a_corrected_suggestion_counts_double():
    items = pd.DataFrame({"corrected": [True, True, False, False]})
    assert row_weights(items).tolist() == [2, 2, 1, 1]


def test_all_reasons_multiply():
    items = pd.DataFrame(
        {
            "corrected": [True, True], "timestamp": [DAYS[0], DAYS[0]],
        }
    )  # fmt: skip
    assert row_weights(items, half_life_days=1).tolist() == [2, 2]
