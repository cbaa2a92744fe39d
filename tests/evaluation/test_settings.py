from types import SimpleNamespace

import numpy as np
from PIL import Image, PngImagePlugin

from prefml.evaluation.settings import describe_effect, setting_metrics
from prefml.workspace import Workspace


def workspace(tmp_path, denoise):
    """Sets of one picture of stage 3 each, with and without settings in the file."""
    for number, strength in enumerate(denoise):
        info = PngImagePlugin.PngInfo()
        if strength is not None:
            info.add_text("parameters", f"x\nSteps: 20, Denoising strength: {strength}, Seed: 1")
        path = tmp_path / "images" / "p" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(path, pnginfo=info)
    return Workspace.open(tmp_path)


def table(lost):
    count = len(lost)
    return SimpleNamespace(
        y=1 - np.asarray(lost), stage=np.full(count, 3.0), project=np.full(count, "p", object),
        set_id=np.arange(count).astype(str).astype(object),
        filename=np.asarray([f"{number}.png" for number in range(count)], object),
    )  # fmt: skip


def test_a_setting_that_loses_is_told_in_a_sentence(tmp_path):
    denoise = np.repeat([0.3, 0.6], 40)
    lost = np.r_[np.tile([0, 0, 0, 1], 10), np.tile([1, 1, 1, 0], 10)]
    (one,) = setting_metrics(workspace(tmp_path, denoise), table(lost))
    assert (one["setting"], one["stage"], one["sets"], one["lost"]) == ("denoise", 3.0, 40, 0.75)
    told = describe_effect(one)
    assert told.startswith("stage 3 at denoise above 0.45 lost 75 % of 40 sets, ")
    assert told.endswith("(otherwise 25 %)")


def test_words_and_pictures_without_a_stage_are_told(tmp_path):
    effect = {"stage": None, "setting": "sampler", "above": None, "word": "DDIM", "sets": 12,
              "lost": 0.5, "lost_ci": [0.2, 0.8], "otherwise": 0.1, "p": 0.01}  # fmt: skip
    assert describe_effect(effect) == (
        "pictures at sampler DDIM lost 50 % of 12 sets, 20 to 80 (otherwise 10 %)"
    )


def test_without_settings_in_any_picture_nothing_is_said(tmp_path):
    assert setting_metrics(workspace(tmp_path, [None] * 3), table([0, 1, 0])) is None
