import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from prefml.suggest.grouping.clock import SECOND, time_in
from prefml.suggest.grouping.facts import PictureFacts, read_facts

from .pictures import save

INFOTEXT = "a red fox\nNegative prompt: blur\nSteps: 20, Sampler: Euler, Seed: {}, Size: 64x64"
JOB = "0f8fad5b-d9cb-469f-a165-70867728950e"


def graph(seed, words="a fox", prefix="ComfyUI"):
    return json.dumps(
        {
            "3": {"class_type": "KSampler", "inputs": {"seed": seed, "steps": 20}},
            "6": {"class_type": "CLIPTextEncode", "inputs": {"text": words}},
            "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": prefix}},
        }
    )


def told(tmp_path, text):
    return read_facts(save(tmp_path / "x.png", text))


@pytest.mark.parametrize(
    ("text", "tool", "seed"),
    [
        ({"parameters": INFOTEXT.format(77)}, "a1111", 77),
        ({"parameters": INFOTEXT.format(77) + ", Version: Fooocus v2.5"}, "fooocus", 77),
        ({"parameters": json.dumps({"prompt": "a", "seed": "78"})}, "fooocus", 78),
        ({"prompt": graph(2**63)}, "comfyui", 2**63),
        ({"prompt": graph([4, 0]).replace('"steps"', '"noise_seed"')}, "comfyui", 20),
        ({"invokeai_metadata": json.dumps({"positive_prompt": "a", "seed": 5})}, "invokeai", 5),
        ({"sd-metadata": json.dumps({"image": {"prompt": "a", "seed": 6}})}, "invokeai", 6),
    ],
)
def test_the_seed_of_each_generator_is_read(tmp_path, text, tool, seed):
    found = told(tmp_path, text)
    assert (found.tool, found.seed) == (tool, seed)
    assert found.prompt


def test_the_job_of_midjourney_is_read(tmp_path):
    found = told(tmp_path, {"Description": f"a red fox --v 6 Job ID: {JOB}"})
    assert (found.tool, found.job) == ("midjourney", JOB)


def test_a_prompt_is_the_same_whatever_the_seed_and_the_file_name(tmp_path):
    assert told(tmp_path, {"prompt": graph(1)}).prompt == told(
        tmp_path, {"prompt": graph(2, prefix="other")}
    ).prompt  # fmt: skip
    assert told(tmp_path, {"prompt": graph(1)}).prompt != told(
        tmp_path, {"prompt": graph(1, "a hare")}
    ).prompt  # fmt: skip


def test_extras_keep_the_facts_of_their_source(tmp_path):
    text = {"parameters": INFOTEXT.format(7)}
    found = told(tmp_path, text | {"extras": "Upscale: 4"})
    assert found == replace(told(tmp_path, text), is_extra=True)


def test_a_file_of_another_format_is_not_opened_whatever_it_is_called(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "x.gif")
    (tmp_path / "x.gif").rename(tmp_path / "x.png")
    assert read_facts(tmp_path / "x.png") == PictureFacts()


def test_the_size_of_a_picture_is_no_matter(tmp_path, monkeypatch):
    path = save(tmp_path / "x.png", {"parameters": INFOTEXT.format(7)})
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)
    assert read_facts(path).seed == 7


@pytest.mark.parametrize("code", ["utf-16-be", "utf-16-le"])
def test_the_comment_of_a_jpeg_is_read_in_either_byte_order(tmp_path, code):
    comment = b"UNICODE\0" + INFOTEXT.format(9).encode(code)
    assert read_facts(save(tmp_path / "x.jpg", exif={37510: comment})).seed == 9


def test_a_graph_in_the_make_of_a_jpeg_is_read(tmp_path):
    assert read_facts(save(tmp_path / "x.jpg", exif={271: f"prompt:{graph(3)}"})).seed == 3


def test_the_time_of_exposure_counts_its_sub_seconds(tmp_path):
    path = save(tmp_path / "x.jpg", taken=("2025:01:02 03:04:05", "25"))
    found = read_facts(path)
    assert found.taken == time_in("20250102_030405") + SECOND // 4
    assert found.camera == "Maker One"


@pytest.mark.parametrize("text", ["0000:00:00 00:00:00", "", "yesterday"])
def test_a_time_that_no_clock_shows_is_none(tmp_path, text):
    assert read_facts(save(tmp_path / "x.jpg", taken=(text, "1"))).taken is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.sampled_from(
        ["parameters", "prompt", "invokeai_metadata", "sd-metadata", "Description"]
    ),
    text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
    | st.from_regex(r"\{[\"a-z:\[\]{},0-9]*\}", fullmatch=True),
)
def test_no_text_raises(tmp_path, key, text):
    assert isinstance(told(tmp_path, {key: text}), PictureFacts)


def test_a_graph_that_is_too_deep_has_no_facts(tmp_path):
    deep = '{"1": {"class_type": "x", "inputs": ' + "[" * 600 + "]" * 600 + "}}"
    assert told(tmp_path, {"prompt": deep}).tool in ("", "comfyui")


def test_nodes_without_inputs_and_seeds_that_are_links_are_passed_over(tmp_path):
    nodes = {
        "1": 3,
        "2": {"class_type": "x"},
        "3": {"class_type": "K", "inputs": {"seed": ["1", 0]}},
    }
    found = told(tmp_path, {"prompt": json.dumps(nodes)})
    assert (found.tool, found.seed) == ("comfyui", None)


def test_the_job_in_the_description_of_a_jpeg_is_read(tmp_path):
    path = save(tmp_path / "x.jpg", exif={270: f"a fox Job ID: {JOB}"})
    assert read_facts(path).job == JOB


def test_a_comment_in_plain_bytes_is_read(tmp_path):
    assert read_facts(save(tmp_path / "x.jpg", exif={37510: INFOTEXT.format(9).encode()})).seed == 9


def test_the_burst_that_a_phone_keeps_in_xmp_is_read(tmp_path):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf GCamera:BurstID="b-1"/></x:xmpmeta>'
    Image.new("RGB", (8, 8)).save(tmp_path / "x.jpg", xmp=xmp)
    found = read_facts(tmp_path / "x.jpg")
    assert (found.tool, found.job) == ("", "b-1")


def test_a_file_that_is_no_picture_has_no_facts(tmp_path):
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    assert read_facts(tmp_path / "x.png") == PictureFacts()
    assert read_facts(tmp_path / "gone.png") == PictureFacts()
