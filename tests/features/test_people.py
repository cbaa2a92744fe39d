import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.features.people import relative_people
from prefml.imaging.cues import CUE_NAMES
from prefml.sets import index_sets


def cues(n=6, **columns):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(n, len(CUE_NAMES))), columns=list(CUE_NAMES))
    return frame.assign(**columns)


SETS = index_sets([0, 0, 0, 1, 1, 2])
STAGE = np.array([1.0, 2.0, 3.0, 1.0, 1.0, 2.0])


def test_every_cue_of_people_that_is_measured_gives_three_columns():
    columns = relative_people(cues(), STAGE, SETS)
    for name in ("eyes_open", "group_sharpness", "body_visibility", "hands_noise"):
        assert {f"{kind}__{name}" for kind in ("people", "people_mean", "people_lower")} <= set(
            columns
        )


def test_where_nobody_was_looked_for_there_is_no_column():
    old = cues()[["sharpness", "noise", "exposure"]]
    assert relative_people(old, STAGE, SETS) == {}


def test_a_part_is_held_against_the_whole_picture():
    frame = cues()
    found = relative_people(frame, STAGE, SETS)
    for part in ("face", "eyes", "hands"):
        gap = frame[f"{part}_sharpness"] - frame["sharpness"]
        np.testing.assert_allclose(found[f"people__{part}_sharpness_ahead"], gap)


def test_only_a_row_with_a_lower_stage_drifts_and_only_from_that_stage():
    frame = cues()
    look = [name for name in frame if name.startswith("face_look_")]
    frame.loc[1, look] = frame.loc[0, look].to_numpy()
    frame.loc[2, look] = frame.loc[0, look].to_numpy() + 0.5
    found = relative_people(frame, STAGE, SETS)["people__face_look_drift"]
    np.testing.assert_allclose(found[1:3], [0.0, 0.5], atol=1e-12)
    assert np.isnan(found[[0, 3, 4, 5]]).all()


def test_a_face_that_was_not_found_drifts_from_nothing():
    frame = cues(face_shape_0=[np.nan, 1.0, 1.0, 1.0, 1.0, 1.0])
    found = relative_people(frame, STAGE, SETS)["people__face_shape_drift"]
    assert np.isnan(found[1])
    assert np.isfinite(found[2])


@given(st.lists(st.booleans(), min_size=6, max_size=6))
def test_what_is_not_known_is_missing_and_tells_nothing_about_others(missing):
    hidden = np.array(missing)
    values = np.where(hidden, np.nan, np.arange(6.0))
    found = relative_people(cues(eyes_open=values), STAGE, SETS)
    np.testing.assert_array_equal(found["people__eyes_open"], values)
    np.testing.assert_array_equal(np.isnan(found["people_mean__eyes_open"]), hidden)


@pytest.mark.parametrize("kind", ["people", "people_mean", "people_lower"])
def test_sets_do_not_see_each_other(kind):
    whole = relative_people(cues(), STAGE, SETS)[f"{kind}__eyes_open"]
    alone = relative_people(cues().iloc[:3], STAGE[:3], index_sets([0, 0, 0]))
    np.testing.assert_array_equal(whole[:3], alone[f"{kind}__eyes_open"])
