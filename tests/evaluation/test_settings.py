from types import SimpleNamespace

import numpy as np

from prefml.evaluation.settings import describe_effect, setting_metrics
from prefml.sidecars.generator import GeneratorSettings, settings_frame


def sidecars(denoise):
    """Pictures of stage 3, one for each set, with and without settings."""
    settings = [
        GeneratorSettings() if one is None else GeneratorSettings("a1111", steps=20, denoise=one)
        for one in denoise
    ]
    known = any(one.tool for one in settings)
    return SimpleNamespace(
        settings=settings_frame(settings) if known else None,
        positions=lambda project, names: np.array([int(name[:-4]) for name in names]),
    )


def table(lost):
    count = len(lost)
    return SimpleNamespace(
        y=1 - np.asarray(lost), stage=np.full(count, 3.0), project=np.full(count, "p", object),
        set_id=np.arange(count).astype(str).astype(object),
        filename=np.asarray([f"{number}.png" for number in range(count)], object),
    )  # fmt: skip


def test_a_setting_that_loses_is_told_in_a_sentence():
    denoise = np.repeat([0.3, 0.6], 40)
    lost = np.r_[np.tile([0, 0, 0, 1], 10), np.tile([1, 1, 1, 0], 10)]
    (one,) = setting_metrics(sidecars(denoise), table(lost))
    assert (one["setting"], one["stage"], one["sets"], one["lost"]) == ("denoise", 3.0, 40, 0.75)
    told = describe_effect(one)
    assert told.startswith("stage 3 at denoise above 0.45 lost 75 % of 40 sets, ")
    assert told.endswith("(otherwise 25 %)")


def test_words_and_pictures_without_a_stage_are_told():
    effect = {"stage": None, "setting": "sampler", "above": None, "word": "DDIM", "sets": 12,
              "lost": 0.5, "lost_ci": [0.2, 0.8], "otherwise": 0.1, "p": 0.01}  # fmt: skip
    assert describe_effect(effect) == (
        "pictures at sampler DDIM lost 50 % of 12 sets, 20 to 80 (otherwise 10 %)"
    )


def test_without_settings_in_any_picture_nothing_is_said():
    assert setting_metrics(sidecars([None] * 3), table([0, 1, 0])) is None
