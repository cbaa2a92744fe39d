import numpy as np
import pandas as pd

from prefml.features.settings import (
    LEAST,
    encode_settings,
    relative_settings,
    setting_names,
    settings_behind,
)
from prefml.sets import index_sets
from prefml.sidecars.generator import GeneratorSettings, settings_frame

NONE = GeneratorSettings()


def frame(*settings):
    return settings_frame(settings)


def test_a_number_and_a_word_of_many_pictures_of_two_projects_are_learned_from():
    one = GeneratorSettings("a1111", sampler="Euler a", denoise=0.4)
    settings, project = frame(*[one] * LEAST, NONE), np.array(["a", "b"] * LEAST, object)
    project = project[: len(settings)]
    assert setting_names(settings, project) == ["denoise", "tool=a1111", "sampler=Euler a"]
    assert setting_names(settings, np.full(len(settings), "a", object)) == []
    assert setting_names(settings[2:], project[2:]) == []


def test_a_word_is_one_or_none_and_unknown_where_the_picture_does_not_say():
    settings = frame(
        GeneratorSettings("a1111", sampler="a=b", steps=20), GeneratorSettings(sampler="c"), NONE
    )
    found = encode_settings(settings, ["steps", "sampler=a=b"])
    np.testing.assert_array_equal(found["sampler=a=b"], [1, 0, np.nan])
    np.testing.assert_array_equal(found["steps"], [20, np.nan, np.nan])


def test_settings_stand_against_the_set_the_lower_stage_and_for_the_highest():
    encoded = pd.DataFrame({"steps": [10.0, 30.0, np.nan, 7.0]})
    stage = np.array([2.0, 3.0, 1.0, np.nan])
    found = relative_settings(encoded, stage, index_sets([0, 0, 0, 1]))
    np.testing.assert_array_equal(found["setting__steps"], encoded["steps"])
    np.testing.assert_array_equal(found["setting_mean__steps"], [-10, 10, np.nan, 0])
    np.testing.assert_array_equal(found["setting_lower__steps"], [np.nan, 20, np.nan, np.nan])
    np.testing.assert_array_equal(found["setting_top__steps"], [np.nan, 30, np.nan, np.nan])


def test_a_columns_name_leads_back_to_its_setting():
    encoded = pd.DataFrame({"steps": [1.0], "model=a__b=c": [1.0]})
    found = relative_settings(encoded, np.array([1.0]), index_sets([0]))
    assert settings_behind(found) == ["steps", "model=a__b=c"]
