"""Pictures of every kind of trouble: reported and skipped, and the others finished."""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

from prefml.cli import main
from prefml.exceptions import ImageError
from prefml.review.thumbnails import ThumbnailCache
from prefml.sidecars.store import read_sidecars
from prefml.workspace import Workspace

from .trees import small_workspace


def noise(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    bands = len(Image.new(mode, (1, 1)).getbands())
    pixels = np.random.default_rng(3).integers(0, 256, (size[1], size[0], bands), dtype=np.uint8)
    return Image.fromarray(pixels.squeeze(), mode="L" if bands == 1 else None).convert(mode)


def png(width: int, height: int) -> bytes:
    """A PNG that says it is as large as that and holds next to nothing."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(*pair) for pair in ((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))
    )


def truncated(path: Path) -> None:
    noise((64, 48)).save(path)
    path.write_bytes(path.read_bytes()[:2000])


def jpeg_cut(path: Path) -> None:
    noise((64, 48)).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:700])


def sock(path: Path) -> None:
    # The name of a socket may be short only, so it is made from inside its folder.
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def rotated(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    noise((64, 48)).save(path, "JPEG", exif=exif)


def unreadable(path: Path) -> None:
    noise((8, 8)).save(path)
    path.chmod(0)


def animated(path: Path) -> None:
    frames = [noise((32, 32)), Image.new("RGB", (32, 32))]
    frames[0].save(path, "WEBP", save_all=True, append_images=frames[1:], duration=50)


def deep(path: Path) -> None:
    values = np.random.default_rng(1).integers(0, 65536, (48, 64)).astype(np.uint16)
    Image.fromarray(values).save(path)


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) run\n%%EOF\n"
BAD: dict[str, Callable[[Path], object]] = {
    "truncated.png": truncated,
    "cut.jpg": jpeg_cut,
    "zero.png": lambda path: path.write_bytes(b""),
    "text.png": lambda path: path.write_text("no picture"),
    "page.jpg": lambda path: path.write_text("<svg onload='x()'/>"),
    "script.png": lambda path: path.write_bytes(EPS),
    "bomb.png": lambda path: path.write_bytes(png(60_000, 60_000)),
    "huge.png": lambda path: path.write_bytes(png(2**31 - 1, 2**31 - 1)),
    "folder.png": lambda path: path.mkdir(),
    "loop.png": lambda path: path.symlink_to(path.name),
    "dangling.png": lambda path: path.symlink_to("nowhere.png"),
    "fifo.png": lambda path: os.mkfifo(path),
    "socket.png": sock,
    "unreadable.png": unreadable,
    "device.png": lambda path: path.symlink_to("/dev/zero"),
}
GOOD: dict[str, Callable[[Path], object]] = {
    "one.png": lambda path: noise((1, 1)).save(path),
    "tall.png": lambda path: noise((1, 20_000)).save(path),
    "wide.png": lambda path: noise((20_000, 1)).save(path),
    "deep.png": deep,
    "cmyk.jpg": lambda path: noise((64, 48), "CMYK").save(path, "JPEG"),
    "palette.png": lambda path: noise((64, 48)).quantize(16).save(path),
    "bits.png": lambda path: noise((64, 48), "L").convert("1").save(path),
    "alpha.png": lambda path: noise((64, 48), "RGBA").save(path),
    "animated.webp": animated,
    "rotated.jpg": rotated,
    "wrong_extension.png": lambda path: noise((64, 48)).save(path, "JPEG"),
    "gif_inside.jpg": lambda path: noise((64, 48)).save(path, "GIF"),
    "black.png": lambda path: Image.new("RGB", (64, 48)).save(path),
    "odd name  ü'\";$(x).png": lambda path: noise((16, 16)).save(path),
}


def skipped(name: str) -> bool:
    """Whether a bad picture is none here: the superuser may read everything."""
    return name == "unreadable.png" and os.getuid() == 0


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    root = small_workspace(tmp_path_factory.mktemp("pictures") / "ws")
    for word in ("embed", "train"):
        assert main(["--workspace", str(root), word, "--json"]) == 0
    return root


@pytest.fixture
def troubled(trained, tmp_path) -> Path:
    """The trained workspace with every kind of picture under `new/alpha`."""
    root = shutil.copytree(trained, tmp_path / "ws")
    for name, make in (BAD | GOOD).items():
        make(root / "new/alpha" / name)
    for link in (root / "new/alpha/circle", root / "images/circle"):
        link.symlink_to(link.parent, target_is_directory=True)
    return root


def told(capfd, root: Path, *words: str) -> tuple[int, dict[str, object] | None, str]:
    capfd.readouterr()
    status = main(["--workspace", str(root), *words, "--json"])
    out, err = capfd.readouterr()
    return status, json.loads(out) if out else None, err


def test_embed_reports_the_bad_and_finishes_the_others(troubled, capfd, record_property):
    status, answer, _ = told(capfd, troubled, "embed")
    assert status == 0
    failed = {Path(one["path"]).name for one in answer["failures"]}
    assert failed == {name for name in BAD if not skipped(name)}
    assert all(one["reason"] for one in answer["failures"])
    assert answer["images"] == answer["computed"] + answer["reused"] + answer["failed"]
    sidecars = read_sidecars(Workspace.open(troubled).sidecars)
    names = set(sidecars.index["filename"])
    assert set(GOOD) <= names
    assert np.isfinite(sidecars.embeddings).all()
    turned = sidecars.index["filename"] == "rotated.jpg"
    assert sidecars.cues.loc[turned, ["width", "height"]].to_numpy().tolist() == [[48.0, 64.0]]
    record_property("reliability", {
        "part": "broken input", "what": "pictures, through embed", "tried": len(BAD) + len(GOOD),
        "outcomes": {"reported and skipped": len(failed), "embedded": len(GOOD)}, "lost": 0,
    })  # fmt: skip


def test_suggest_reports_the_bad_and_suggests_for_the_others(troubled, capfd):
    status, answer, _ = told(capfd, troubled, "suggest")
    assert status == 0
    assert answer["skipped"]["unreadable"] == len([name for name in BAD if not skipped(name)])
    lines = (troubled / "sandbox/automation_decisions.jsonl").read_text("utf-8").splitlines()
    named = {Path(name).name for line in lines for name in json.loads(line)["images"]}
    assert set(GOOD) <= named
    assert not {name for name in BAD if not skipped(name)} & named
    for line in map(json.loads, lines):
        box = line["step2_crop"]["crop_coords"]
        assert box is None or (0 <= box[0] < box[2] <= 1 and 0 <= box[1] < box[3] <= 1)


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("command", ["rank", "crop"])
def test_rank_and_crop_name_a_bad_picture_in_one_line(troubled, capfd, command, name):
    if skipped(name):
        pytest.skip("the superuser may read everything")
    given = [str(troubled / "new/alpha" / name)]
    if command == "rank":
        given.append(str(troubled / "new/alpha/deep.png"))
    status, answer, err = told(capfd, troubled, command, *given)
    assert status == 1
    assert answer is None
    line = err.strip().splitlines()
    assert len(line) == 1
    assert name in line[0]
    assert "unexpected" not in line[0]


@pytest.mark.parametrize("name", GOOD)
def test_rank_and_crop_take_every_odd_picture(troubled, capfd, name):
    path = str(troubled / "new/alpha" / name)
    status, answer, err = told(capfd, troubled, "crop", path)
    assert status == 0, err
    x1, y1, x2, y2 = answer["box"]
    assert 0 <= x1 < x2 <= 1
    assert 0 <= y1 < y2 <= 1
    other = str(troubled / "new/alpha/rotated.jpg")
    status, answer, err = told(capfd, troubled, "rank", path, other)
    assert status == 0 or name == "rotated.jpg", err
    if status == 0:
        assert sum(row["probability"] for row in answer["ranking"]) == pytest.approx(1)


def test_no_picture_starts_a_program_whatever_it_is_called(troubled, capfd, monkeypatch, tmp_path):
    """Pillow hands PostScript to Ghostscript; a picture's name must not bring that about."""
    started = tmp_path / "started"
    program = tmp_path / "bin" / "gs"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch '{started}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    name = "new/alpha/script.png"
    with Image.open(troubled / name) as image, suppress(OSError):
        # So Pillow does it, asked without a list of formats.
        image.load()
    assert started.exists()
    started.unlink()
    other = str(troubled / "new/alpha/deep.png")
    commands = (("embed", "--force"), ("suggest",), ("duplicates",), ("doctor",))
    shown = (("rank", str(troubled / name), other), ("crop", str(troubled / name)))
    for words in (*commands, *shown):
        told(capfd, troubled, *words)
    line = {"group_id": "g", "images": [name], "action": "approved", "final_choice": name}
    line |= {"crop_coords": [0, 0, 0.5, 0.5], "timestamp": "t"}
    for file in ("approved_decisions.jsonl", "automation_decisions.jsonl"):
        (troubled / "sandbox" / file).write_text(json.dumps(line) + "\n")
    _, answer, _ = told(capfd, troubled, "apply", "--execute")
    assert answer is not None
    cache = ThumbnailCache(Workspace.open(troubled), "secret")
    assert cache.info(name) is None
    for show in (cache.full, lambda name: cache.reduced(name, "view")):
        with pytest.raises(ImageError):
            show(name)
    assert not started.exists()
    assert (troubled / name).exists()
