"""Write folders of pictures as cameras, generators, editors and people name them.

Names follow the forms where they were read (`read_in`); what is written inside a picture is made up
here after the tools' own code, and `metadata` says so.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

START = datetime(2025, 3, 1, 9, 0, 0)
_IMMICH = "simulot/immich-go, internal/filenames"
_A1111 = "AUTOMATIC1111/stable-diffusion-webui, modules/images.py and modules/processing.py"


@dataclass
class File:
    """A picture to write: its path below the project, its set (None: none), what is in it.

    The pixels follow from the seed; without one they are black.
    """

    path: str
    set: int | None
    text: dict[str, str] = field(default_factory=dict)
    taken: datetime | None = None
    seed: int | None = None


@dataclass(frozen=True)
class Source:
    """A way to name pictures, the rule that is named for it, and where its form was read."""

    name: str
    rule: dict[str, object]
    make: Callable[[random.Random, int], list[File]]
    read_in: str
    metadata: str = "none"


WORDS = [
    "harbour at dawn",
    "a red fox",
    "glass tower",
    "old map",
    "two dancers",
    "storm over wheat",
]


def prompt(rng: random.Random, number: int) -> str:
    return f"{rng.choice(WORDS)}, study {number}"


def moments(rng: random.Random, sets: int, inside=(5, 40), between=(240, 4000)):
    """Yield the time of each set's beginning and a function for the next picture of it."""
    when = START
    for number in range(sets):
        yield (
            number,
            when,
            lambda low=inside[0], high=inside[1]: timedelta(seconds=rng.uniform(low, high)),
        )
        when += timedelta(seconds=rng.uniform(*between) + 5 * inside[1])


def infotext(words: str, seed: int) -> str:
    return (
        f"{words}\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, "
        f"Seed: {seed}, Size: 512x512, Model hash: 6ce0161689, Version: v1.9.4"
    )


def a1111_batches(rng, sets):
    files, number = [], 0
    for one in range(sets):
        # Some prompts are used for several batches, one right after the other.
        words, seed = prompt(rng, one // 3), rng.randrange(2**32)
        for step in range(rng.randint(2, 6)):
            name = f"txt2img-images/2025-03-{1 + one // 20:02}/{number:05}-{seed + step}.png"
            files.append(File(name, one, {"parameters": infotext(words, seed + step)}))
            number += 1
            if rng.random() < 0.1:
                mask = name.replace(".png", "-before-highres-fix.png")
                files.append(File(mask, None, {"parameters": infotext(words, seed + step)}))
        files.append(
            File(f"txt2img-grids/2025-03-{1 + one // 20:02}/grid-{one:04}.png", None,
                 {"parameters": infotext(words, seed)})
        )  # fmt: skip
    return files


def a1111_extras(rng, sets):
    files, number = [], 0
    for one in range(sets):
        text = {"parameters": infotext(prompt(rng, one), rng.randrange(2**32))}
        seed = text["parameters"].split("Seed: ")[1].split(",")[0]
        name = f"txt2img-images/2025-03-01/{one:05}-{seed}"
        files.append(File(f"{name}.png", one, text))
        for by in range(rng.randint(1, 3)):
            more = {"extras": f"Postprocess upscale by: {by + 2}", "postprocessing": "upscale"}
            files.append(File(f"extras-images/{number:05}.png", one, text | more))
            number += 1
        for suffix in ("-before-face-restoration", "-mask"):
            if rng.random() < 0.3:
                files.append(File(f"{name}{suffix}.png", None, text))
    return files


def extras_by_content(rng, sets):
    """Extras whose infotext was not kept: their pixels tell."""
    files = []
    for number, one in enumerate(a1111_extras(rng, sets)):
        text = {"extras": one.text["extras"]} if "extras" in one.text else one.text
        files.append(File(one.path, one.set, text, seed=one.set if one.set is not None else number))
    return files


def comfyui(rng, sets):
    files, number = [], 1
    for one in range(sets):
        words, seed = prompt(rng, one // 2), rng.randrange(2**63)
        graph = {
            "3": {"class_type": "KSampler", "inputs": {"seed": seed, "steps": 20}},
            "6": {"class_type": "CLIPTextEncode", "inputs": {"text": words}},
            "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "ComfyUI"}},
        }
        for _ in range(rng.randint(2, 5)):
            files.append(File(f"ComfyUI_{number:05}_.png", one, {"prompt": json.dumps(graph)}))
            number += 1
        if rng.random() < 0.2:
            files.append(File(f"ComfyUI_temp_abcde_{number:05}_.png", None,
                              {"prompt": json.dumps(graph)}))  # fmt: skip
    return files


def comfyui_queued(rng, sets):
    """Each picture queued by itself: a new seed for each."""
    files, number = [], 1
    for one in range(sets):
        words = prompt(rng, one)
        for _ in range(rng.randint(2, 5)):
            graph = {
                "3": {"class_type": "KSampler", "inputs": {"seed": rng.randrange(2**63)}},
                "6": {"class_type": "CLIPTextEncode", "inputs": {"text": words}},
            }
            files.append(File(f"ComfyUI_{number:05}_.png", one, {"prompt": json.dumps(graph)}))
            number += 1
    return files


def fooocus_files(rng, sets, with_metadata):
    files = []
    for one, when, step in moments(rng, sets, inside=(6, 35)):
        words, seed = prompt(rng, one), rng.randrange(2**32)
        for i in range(rng.randint(2, 4)):
            name = f"{when:%Y-%m-%d}/{when:%Y-%m-%d_%H-%M-%S}_{rng.randint(1000, 9999)}.png"
            told = {"prompt": words, "seed": str(seed + i), "version": "Fooocus v2.5.5"}
            text = {"parameters": json.dumps(told), "fooocus_scheme": "fooocus"}
            files.append(File(name, one, text if with_metadata else {}))
            when += step()
    return files


def invokeai(rng, sets):
    files = []
    for one in range(sets):
        words, seed = prompt(rng, one), rng.randrange(2**32)
        for step in range(rng.randint(2, 5)):
            told = {"generation_mode": "txt2img", "positive_prompt": words, "seed": seed + step}
            name = f"{uuid.UUID(int=rng.getrandbits(128), version=4)}.png"
            files.append(File(name, one, {"invokeai_metadata": json.dumps(told)}))
    return files


def midjourney(rng, sets):
    files = []
    for one in range(sets):
        job = uuid.UUID(int=rng.getrandbits(128), version=4)
        words = prompt(rng, one // 2).replace(", ", "_").replace(" ", "_")
        for i in range(4):
            files.append(File(f"anna_{words}_{job}_{i}.png", one))
        if rng.random() < 0.5:
            files.append(File(f"anna_{words}_{job}.png", None))
    return files


def dalle(rng, sets):
    files = []
    for one, when, step in moments(rng, sets, inside=(1, 12)):
        for _ in range(rng.randint(2, 4)):
            name = f"DALL·E {when:%Y-%m-%d %H.%M.%S} - {prompt(rng, one)}.png"
            files.append(File(name, one))
            when += step()
    return files


def chatgpt(rng, sets):
    files = []
    for one, when, step in moments(rng, sets, inside=(20, 70)):
        for _ in range(rng.randint(2, 4)):
            files.append(File(f"ChatGPT Image {when:%b %d, %Y, %I_%M_%S %p}.png", one))
            when += step()
    return files


def pixel(rng, sets):
    files = []
    for one, when, step in moments(rng, sets, inside=(0.1, 0.6), between=(4, 900)):
        for i in range(rng.randint(2, 8)):
            stamp = f"{when:%Y%m%d_%H%M%S}{when.microsecond // 1000:03}"
            ending = rng.choice(["", ".MP", ".PORTRAIT"]) if i else ""
            files.append(File(f"PXL_{stamp}{ending}.jpg", one, taken=when))
            when += step()
    return files


def samsung(rng, sets):
    files = []
    for one, when, _ in moments(rng, sets, between=(2, 900)):
        for i in range(1, rng.randint(3, 10)):
            files.append(File(f"{when:%Y%m%d_%H%M%S}_{i:03}.jpg", one))
        files.append(File(f"{when - timedelta(seconds=100):%Y%m%d_%H%M%S}.jpg", None))
    return files


def huawei(rng, sets):
    files = []
    for one, when, _ in moments(rng, sets, between=(2, 900)):
        for i in range(1, rng.randint(3, 10)):
            cover = "_COVER" if i == 1 else ""
            files.append(File(f"IMG_{when:%Y%m%d_%H%M%S}_BURST{i:03}{cover}.jpg", one))
        files.append(File(f"IMG_{when - timedelta(seconds=100):%Y%m%d_%H%M%S}.jpg", None))
    return files


def xperia(rng, sets):
    files, number = [], 1
    for one, when, _ in moments(rng, sets, between=(2, 900)):
        for i in range(rng.randint(2, 8)):
            cover = "_COVER" if i == 0 else ""
            stamp = f"{when:%Y%m%d%H%M%S}{when.microsecond // 1000:03}"
            files.append(File(f"DSC_{number:04}_BURST{stamp}{cover}.JPG", one))
            number += 1
        files.append(File(f"DSC_{number:04}.JPG", None))
        number += 1
    return files


def camera_exif(rng, sets):
    """Frames of a camera whose names tell nothing, with sub-seconds in EXIF."""
    files, number = [], 1
    for one, when, step in moments(rng, sets, inside=(0.08, 0.45), between=(3, 900)):
        for _ in range(rng.randint(2, 9)):
            files.append(File(f"100CANON/IMG_{number:04}.JPG", one, taken=when))
            number += 1
            when += step()
        if rng.random() < 0.3:
            when += timedelta(seconds=2)
            files.append(File(f"100CANON/IMG_{number:04}.JPG", None, taken=when))
            number += 1
    return files


def lightroom(rng, sets):
    files = []
    for one in range(sets):
        stem = f"_DSC{rng.randrange(10**3) * 50 + one:05}"
        chosen = rng.sample(["-Edit.tif", "-Edit-2.tif", "-2.jpg", "-Enhanced-NR.jpg", " copy.jpg",
                             " (1).jpg", "_v2.jpg"], rng.randint(1, 4))  # fmt: skip
        files += [File(f"{stem}{end}", one) for end in (".jpg", *chosen)]
        files.append(File(f"_DSC{60000 + one:05}.jpg", None))
    return files


def upscalers(rng, sets):
    files = []
    ends = [
        "_upscaled", "_4x", "-2x", "_upscayl_4x_realesrgan-x4plus", "-gigapixel-standard v2-2x",
        "_x4", "-topaz-denoise",
    ]  # fmt: skip
    for one in range(sets):
        stem = f"render {one:03}" if one % 2 else f"castle-{one:03}"
        chosen = ("", *rng.sample(ends, rng.randint(1, 3)))
        files += [File(f"{stem}{end}.png", one) for end in chosen]
    return files


def folders(rng, sets):
    files = []
    for one in range(sets):
        for i in range(rng.randint(2, 8)):
            word = rng.choice(["a", "final try", "x"])
            files.append(File(f"shoot {one:02}/{word} {one}-{i}.png", one))
    return files


STAGES = ("stage1_generated", "stage1.5_face_swapped", "stage2_upscaled", "stage3_enhanced")


def staged(rng, sets, words):
    files = []
    for one, when, step in moments(rng, sets, inside=(14, 300), between=(20, 900)):
        # At least the lowest stage: two sets of which one lacks it read as one.
        chosen = [0, *sorted(rng.sample(range(1, len(words)), rng.randint(1, len(words) - 1)))]
        for place in chosen:
            files.append(File(f"{when:%Y%m%d_%H%M%S}_{words[place]}.png", one))
            when += step()
    return files


def worded(rng, sets):
    """Other stage words behind a stem, without a time."""
    files = []
    for one in range(sets):
        words = ["sketch", "ink", "colour", "print"]
        for word in rng.sample(words, rng.randint(2, 4)):
            files.append(File(f"scene{one:03}_{word}.png", one))
    return files


OTHER = ("draft", "refined", "final_render")
SOURCES = (
    Source("A1111 batches", {"name": "metadata"}, a1111_batches, _A1111, "written here"),
    Source("A1111 batches, names alone", {"name": "name"},
           lambda rng, n: [File(f.path, f.set) for f in a1111_batches(rng, n)], _A1111),
    Source("A1111 extras and by-products", {"name": "metadata"}, a1111_extras, _A1111,
           "written here"),
    Source("A1111 extras without infotext", {"name": "metadata"}, extras_by_content, _A1111,
           "written here"),
    Source("ComfyUI batches", {"name": "metadata"}, comfyui, "comfyanonymous/ComfyUI, nodes.py",
           "written here"),
    Source("ComfyUI, queued one by one", {"name": "metadata"}, comfyui_queued,
           "comfyanonymous/ComfyUI, nodes.py", "written here"),
    Source("Fooocus", {"name": "metadata"}, lambda rng, n: fooocus_files(rng, n, True),
           "lllyasviel/Fooocus, modules/util.py", "written here"),
    Source("Fooocus, names alone", {"name": "name"}, lambda rng, n: fooocus_files(rng, n, False),
           "lllyasviel/Fooocus, modules/util.py"),
    Source("InvokeAI", {"name": "metadata"}, invokeai,
           "invoke-ai/InvokeAI, invokeai/app/services", "written here"),
    Source("Midjourney", {"name": "name"}, midjourney, "names of downloads"),
    Source("DALL-E", {"name": "name"}, dalle, "names of downloads"),
    Source("ChatGPT", {"name": "name"}, chatgpt, "names of downloads"),
    Source("Pixel bursts", {"name": "burst"}, pixel, f"{_IMMICH}/pixel.go", "EXIF written here"),
    Source("Samsung bursts", {"name": "burst"}, samsung, f"{_IMMICH}/samsung.go"),
    Source("Huawei bursts", {"name": "burst"}, huawei, f"{_IMMICH}/huawei.go"),
    Source("Xperia bursts", {"name": "burst"}, xperia, f"{_IMMICH}/sony_xperia.go"),
    Source("camera bursts by EXIF", {"name": "burst"}, camera_exif, "Exif 2.32",
           "EXIF written here"),
    Source("Lightroom round trips", {"name": "name"}, lightroom, "Adobe's help"),
    Source("upscaler suffixes", {"name": "name"}, upscalers, "upscayl and Topaz"),
    Source("a folder a set", {"name": "folder"}, folders, "people"),
    Source("the user's stages", {"name": "stages"}, lambda rng, n: staged(rng, n, STAGES),
           "the user's logs"),
    Source("other stage words", {"name": "stages", "stages": OTHER, "max_gap": 600.0},
           lambda rng, n: staged(rng, n, OTHER), "people"),
    Source("stage words behind a stem", {"name": "name", "expression":
           r"(?P<set>\w+)_(?P<stage>sketch|ink|colour|print)"}, worded, "people"),
)  # fmt: skip


def disturbed(rng: random.Random, files: list[File]) -> list[File]:
    """Lose some pictures, rename others so that nothing tells, and shuffle all."""
    kept = [one for one in files if one.set is None or rng.random() > 0.03]
    for number, one in enumerate(kept):
        if one.set is not None and rng.random() < 0.02:
            folder = one.path.rpartition("/")[0]
            letters = "".join(rng.choices("bcdfgklmnprst", k=7))
            # A renamed file stays in its folder.
            stays = one.set if folder.startswith("shoot") else None
            kept[number] = File(f"{folder}/{letters}.png".lstrip("/"), stays)
    rng.shuffle(kept)
    return kept


def write(folder: Path, files: list[File]) -> None:
    """Write small pictures of the files, with what is in them."""
    for one in files:
        path = folder / one.path
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.new("RGB", (8, 8))
        if one.seed is not None:
            picture = Image.frombytes("RGB", (8, 8), random.Random(one.seed).randbytes(192))
            picture = picture.resize((64, 64), Image.Resampling.BICUBIC)
            if "extras" in one.text:
                picture = picture.resize((128, 128), Image.Resampling.LANCZOS)
        if path.suffix.lower() == ".png":
            info = PngInfo()
            for key, value in one.text.items():
                info.add_text(key, value)
            picture.save(path, pnginfo=info)
            continue
        exif = Image.Exif()
        if one.taken is not None:
            exif[271], exif[272] = "Maker", "Model 1"
            details = exif.get_ifd(0x8769)
            details[36867] = f"{one.taken:%Y:%m:%d %H:%M:%S}"
            details[37521] = f"{one.taken.microsecond // 1000:03}"
        picture.save(path, exif=exif)
