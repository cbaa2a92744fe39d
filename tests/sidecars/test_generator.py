import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from prefml.sidecars import generator
from prefml.sidecars.generator import (
    GeneratorSettings,
    Prompt,
    generator_settings,
    read_prompt,
    read_settings,
)
from prefml.workspace import Workspace

INFOTEXT = (
    "a secret garden, Steps: 3, by me\nNegative prompt: fog\n"
    "Steps: 20, Sampler: Euler a, Schedule type: Karras, CFG scale: 7.5, Seed: 12345, "
    'Size: 512x768, Model hash: abc, Model: "dream, v2", Denoising strength: 0.45, '
    "Hires upscale: 2, Hires upscaler: R-ESRGAN 4x+, Version: v1.9"
)
GRAPH = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "dream.safetensors"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a secret garden", "clip": ["1", 1]}},
    "3": {"class_type": "KSampler",
          "inputs": {"seed": 1, "steps": 30, "cfg": 8, "sampler_name": "euler", "denoise": 1.0,
                     "scheduler": "normal", "model": ["1", 0], "positive": ["2", 0]}},
    "4": {"class_type": "LatentUpscale", "inputs": {"samples": ["3", 0],
                                                    "upscale_method": "bislerp"}},
    "5": {"class_type": "KSampler",
          "inputs": {"seed": 7, "steps": 12, "cfg": 6, "sampler_name": "dpmpp_2m", "denoise": 0.4,
                     "scheduler": "karras", "model": ["1", 0], "latent_image": ["4", 0]}},
    "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["6", 0]}},
}  # fmt: skip
INVOKE = {"model": {"name": "dream", "base": "sdxl"}, "scheduler": "euler", "steps": 25,
          "cfg_scale": 5.5, "strength": 0.6, "seed": 9, "positive_prompt": "a secret"}  # fmt: skip


def save(path, **texts):
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    return path


def test_what_a1111_wrote_is_read_from_its_last_line(tmp_path):
    assert read_settings(save(tmp_path / "a.png", parameters=INFOTEXT)) == GeneratorSettings(
        "a1111", "dream, v2", "Euler a", "Karras", "R-ESRGAN 4x+", 20, 7.5, 0.45, 12345
    )


def test_of_a_graph_the_sampler_of_the_last_pass_counts(tmp_path):
    assert read_settings(save(tmp_path / "a.png", prompt=json.dumps(GRAPH))) == GeneratorSettings(
        "comfyui", "dream.safetensors", "dpmpp_2m", "karras", "bislerp", 12, 6, 0.4, 7
    )


def test_a_graph_that_leads_in_a_circle_or_to_nothing_ends(tmp_path):
    inputs = {"steps": 3, "model": ["1", 0], "sampler_name": "e", "x": ["7", 0]}
    graph = {
        "1": {"class_type": "SaveImage", "inputs": {"images": ["2", 0]}},
        "2": {"class_type": "KSampler", "inputs": inputs},
    }
    assert read_settings(save(tmp_path / "a.png", prompt=json.dumps(graph))).steps == 3


@pytest.mark.parametrize("key", ["invokeai_metadata", "sd-metadata"])
def test_what_invokeai_wrote_is_read(tmp_path, key):
    document = INVOKE if key == "invokeai_metadata" else {"image": INVOKE}
    found = read_settings(save(tmp_path / "a.png", **{key: json.dumps(document)}))
    assert (found.tool, found.model, found.denoise, found.seed) == ("invokeai", "dream", 0.6, 9)


def test_prompts_are_not_kept(tmp_path):
    for texts in ({"parameters": INFOTEXT}, {"prompt": json.dumps(GRAPH)},
                  {"invokeai_metadata": json.dumps(INVOKE)}):  # fmt: skip
        assert "secret" not in str(read_settings(save(tmp_path / "a.png", **texts)))


GRAPH_OF_WORDS = GRAPH | {
    "5": GRAPH["5"]
    | {"inputs": GRAPH["5"]["inputs"] | {"positive": ["8", 0], "negative": ["7", 0]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "fog"}},
    "8": {"class_type": "ConditioningCombine", "inputs": {"a": ["2", 0], "b": ["8", 0]}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        ({"parameters": INFOTEXT}, Prompt("a secret garden, Steps: 3, by me", "fog")),
        ({"parameters": "only words"}, Prompt("only words")),
        ({"prompt": json.dumps(GRAPH_OF_WORDS)}, Prompt("a secret garden", "fog")),
        ({"prompt": json.dumps(GRAPH)}, Prompt()),
        ({"invokeai_metadata": json.dumps(INVOKE)}, Prompt("a secret")),
        ({"sd-metadata": json.dumps({"image": INVOKE})}, Prompt("a secret")),
        ({}, Prompt()),
    ],
)
def test_a_prompt_is_read_when_asked_for(tmp_path, texts, wanted):
    assert read_prompt(save(tmp_path / "a.png", **texts)) == wanted


def test_pictures_that_say_nothing_and_files_that_are_none_have_no_settings(tmp_path):
    assert read_settings(save(tmp_path / "a.png")) == GeneratorSettings()
    (tmp_path / "b.png").write_text("none")
    assert read_settings(tmp_path / "b.png") == GeneratorSettings()


@given(st.text(max_size=80), st.text(max_size=80))
def test_whatever_stands_there_is_read_or_passed_over(one, other):
    texts = {
        "parameters": f"Steps: {one}, Seed: {other}",
        "prompt": '{"1": ' + one,
        "invokeai_metadata": json.dumps({"steps": other, "seed": one, "model": [one]}),
    }
    for read in (generator._a1111, generator._comfyui, generator._invokeai):
        read(texts)
    for read in (generator._a1111_prompt, generator._comfyui_prompt, generator._invokeai_prompt):
        assert isinstance(read(texts), Prompt)


def test_values_that_are_no_numbers_are_none(tmp_path):
    text = "x\nSteps: many, CFG scale: nan, Seed: 1.5, Denoising strength: 1e999"
    found = read_settings(save(tmp_path / "a.png", parameters=text))
    assert found == GeneratorSettings("a1111")


def stored(root, *paths):
    """Return an index as sidecars have it of files as they are."""
    stats = [(root / path).stat() for path in paths]
    return pd.DataFrame(
        {
            "path": list(paths),
            "file_size": [one.st_size for one in stats],
            "mtime_ns": [one.st_mtime_ns for one in stats],
        }
    )


def test_the_settings_of_a_workspace_are_read_once(tmp_path, monkeypatch):
    save(tmp_path / "images" / "p" / "a.png", parameters=INFOTEXT)
    save(tmp_path / "images" / "p" / "b.png")
    index = stored(tmp_path, "images/p/b.png", "images/p/a.png")
    workspace = Workspace.open(tmp_path)
    frame = generator_settings(workspace, index)
    assert list(frame["sampler"]) == ["", "Euler a"]
    assert frame["denoise"].isna().tolist() == [True, False]
    assert "secret" not in generator.settings_path(workspace).read_text()
    monkeypatch.setattr(generator, "read_settings", lambda path: pytest.fail("opened again"))
    assert generator_settings(workspace, index).equals(frame)


def test_what_was_kept_counts_where_the_picture_is_gone_and_else_nothing_is_known(tmp_path):
    for name in ("a", "b"):
        save(tmp_path / f"{name}.png", parameters=INFOTEXT)
    workspace, index = Workspace.open(tmp_path), stored(tmp_path, "a.png", "b.png")
    assert list(generator_settings(workspace, index[:1])["sampler"]) == ["Euler a"]
    for name in ("a", "b"):
        (tmp_path / f"{name}.png").unlink()
    assert list(generator_settings(workspace, index)["sampler"]) == ["Euler a", ""]
    kept = generator.settings_path(workspace).read_text()
    assert "b.png" not in kept, "a picture that is back is read"


def test_another_picture_under_the_name_of_a_stored_one_tells_nothing_of_it(tmp_path):
    path = save(tmp_path / "a.png", parameters=INFOTEXT)
    index = stored(tmp_path, "a.png")
    save(path, parameters=INFOTEXT.replace("Euler a", "DDIM sampler"))
    assert generator_settings(Workspace.open(tmp_path), index) is None


def test_a_file_that_changed_and_a_damaged_store_are_read_anew(tmp_path):
    path = save(tmp_path / "a.png", parameters=INFOTEXT)
    workspace = Workspace.open(tmp_path)
    generator_settings(workspace, stored(tmp_path, "a.png"))
    save(path, parameters=INFOTEXT.replace("Euler a", "DDIM sampler"))
    index = stored(tmp_path, "a.png")
    assert list(generator_settings(workspace, index)["sampler"]) == ["DDIM sampler"]
    generator.settings_path(workspace).write_bytes(b"\xff{}\n{}\n")
    assert list(generator_settings(workspace, index)["sampler"]) == ["DDIM sampler"]


def test_without_any_settings_there_are_no_columns(tmp_path):
    save(tmp_path / "a.png")
    assert generator_settings(Workspace.open(tmp_path), stored(tmp_path, "a.png")) is None
