"""A thousand damaged copies of each file that says how prefml is to work."""

import json

import pytest

from prefml.cropping.policy import read_policy
from prefml.decisions.projects import ProjectResolver
from prefml.encoders import open_encoder
from prefml.encoders.folder import read_folder
from prefml.exceptions import EncoderError
from prefml.files import file_sha256
from prefml.sidecars.choice import chosen_encoder
from prefml.workspace import Workspace

from . import logs
from .conftest import CASES, place
from .damage import Damage

TOML = b"""encoder = "builtin"

[images]
roots = ["images", "training data"]
max_pixels = 100000000

[projects]
suffixes = ["_final", "_raw"]

[projects.aliases]
Aiko_raw = "alpha"
"1101_Hailey" = "beta"

[sets]
max_gap = 300.5

[suggest]
reask = 0.02

[crop.policy]
keep_head = true
min_pixels = 64
"""
TOKENS = (
    b"nan", b"inf", b"-inf", b"-1", b"1e308", b"9" * 5000, b"0x_1", b"1979-13-40", b"07:99:00",
    b'"\\u0000"', b'"\\ud800"', b'"../.."', b'"~nobody-of-that-name"', b'"' + b"x" * 5000 + b'"',
    b"[" * 3000, b"{a={", b"[[a]]", b"a.b.c=1", b"''", b"true", b"[1]", b'["a", 1]',
)  # fmt: skip


class TomlDamage(Damage):
    """Knows what a value of TOML may be mistaken for."""

    def toml(self, raw: bytes) -> bytes:
        lines = raw.split(b"\n")
        number = self.random.randrange(len(lines))
        name, equals, _ = lines[number].partition(b"=")
        if equals:
            lines[number] = name + b"= " + self.random.choice(TOKENS)
        else:
            lines.insert(number, self.random.choice((b"[images]", b"[x]", b"a = 1", *TOKENS)))
        return b"\n".join(lines)


def test_a_damaged_configuration_is_refused_or_has_sound_values(tmp_path, attack):
    logs.workspace(tmp_path)
    (tmp_path / "images/alpha").mkdir(parents=True)
    damage = TomlDamage(91)

    def read(raw):
        place(tmp_path / "prefml.toml", raw)
        workspace = Workspace.open(tmp_path)
        resolver = ProjectResolver.open(workspace)
        roots = workspace.image_roots(resolver.names)
        read_policy(workspace.config.policy)
        return workspace, roots, chosen_encoder(workspace)

    def judge(found):
        workspace, roots, encoder = found
        config = workspace.config
        assert all(root.is_relative_to(workspace.root) for root in roots)
        assert config.max_pixels > 0
        assert 0 <= config.reask <= 1
        assert config.max_gap is None or 0 < config.max_gap < float("inf")
        assert isinstance(encoder, str)
        if encoder not in ("builtin", "clip") and not encoder.startswith("open_clip:"):
            with pytest.raises(EncoderError):
                open_encoder(encoder, workspace.root)
        return "accepted"

    attack("prefml.toml", damage.copies(TOML, CASES, damage.toml), read, judge)


def description(folder) -> bytes:
    return json.dumps({
        "id": "tiny", "file": "model.onnx", "sha256": file_sha256(folder / "model.onnx"),
        "input": {"name": "pixels", "layout": "NCHW", "size": 32, "resize": "shortest-side",
                  "interpolation": "bicubic", "crop": "center", "mean": [0.5, 0.5, 0.5],
                  "std": [0.5, 0.5, 0.5]},
        "output": {"name": "embedding", "dim": 8, "normalize": "l2",
                   "patches": {"name": "patches"}},
        "precision": "fp32", "source": "somewhere", "license": "MIT",
    }).encode()  # fmt: skip


def test_a_damaged_encoder_description_is_refused_or_has_sound_values(tmp_path, attack):
    # A model of no layers: version 8 of the format.
    place(tmp_path / "model.onnx", b"\x08\x08")
    damage = Damage(92)

    def read(raw):
        place(tmp_path / "encoder.json", raw)
        return read_folder(tmp_path)

    def judge(found):
        assert found.model == tmp_path / "model.onnx"
        spec = found.spec
        assert 0 < spec.dim <= 65536
        assert 0 < spec.size <= 65536
        assert min(spec.std) > 0
        assert len(spec.identity) == 16
        return "accepted"

    copies = damage.copies(description(tmp_path), CASES, damage.document)
    assert attack("encoder.json", copies, read, judge)["accepted"]


def test_a_damaged_note_of_the_encoder_in_use_is_ignored_or_read(tmp_path, attack):
    workspace = logs.workspace(tmp_path)
    damage = Damage(93)

    def read(raw):
        place(tmp_path / "data/sidecar/encoder.json", raw)
        name = chosen_encoder(workspace)
        if name != "builtin" and not name.startswith(("clip", "open_clip:")):
            with pytest.raises(EncoderError):
                open_encoder(name, workspace.root)
        return name

    def judge(name):
        assert isinstance(name, str)
        return "accepted" if name == "builtin" else "default" if name == "clip" else "another"

    copies = damage.copies(b'{"name": "builtin"}', CASES, damage.document)
    attack("data/sidecar/encoder.json", copies, read, judge)


def test_a_folder_in_the_place_of_the_configuration_is_refused(tmp_path):
    (tmp_path / "prefml.toml").mkdir()
    with pytest.raises(Exception, match="not a regular file"):
        Workspace.open(tmp_path)
