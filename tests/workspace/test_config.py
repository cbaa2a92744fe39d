from contextlib import suppress
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.exceptions import ConfigError, PrefmlError
from prefml.workspace import Config, Workspace, read_config
from prefml.workspace import config as module


def write_config(folder, text):
    path = folder / "prefml.toml"
    path.write_text(text)
    return path


def test_a_missing_file_gives_the_defaults(tmp_path):
    assert read_config(tmp_path / "prefml.toml") == Config()


def test_every_entry_of_the_configuration_has_a_place_in_the_file():
    assert set(module._ENTRIES) == {entry.name for entry in fields(Config)}


def test_entries_are_read_from_their_sections(tmp_path):
    path = write_config(
        tmp_path,
        'encoder = "builtin"\n[images]\nroots = ["a b"]\n[projects]\n'
        '[projects.aliases]\nAiko = "aiko_raw"\n[sets]\nmax_gap = 300\n',
    )
    config = read_config(path)
    assert (config.encoder, config.image_roots, config.max_gap) == ("builtin", ("a b",), 300)
    assert config.aliases == {"Aiko": "aiko_raw"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("encoder = 3", "encoder"),
        ("encodr = 'clip'", "encodr"),
        ("[images]\nroot = 'x'", "images.root"),
        ("images = 3", "images"),
        ("[images]\nroots = [1]", "images.roots"),
        ("[images]\nmax_pixels = -1", "max_pixels"),
        ("[images]\nmax_pixels = true", "max_pixels"),
        ("[projects]\naliases = {a = 1}", "aliases"),
        ("[sets]\nmax_gap = inf", "max_gap"),
        ("[suggest]\nreask = 1.5", "reask"),
        ("[suggest]\nreask = nan", "reask"),
        ("[review]\naudit = -0.1", "audit"),
        ('[review]\nunsure_crop = "maybe"', "one of ask, crop, whole"),
        ("[review]\nunsure_crop = true", "unsure_crop"),
        ("not toml", "TOML"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path, text, named):
    with pytest.raises(ConfigError, match=named):
        read_config(write_config(tmp_path, text))


@given(content=st.binary(max_size=200))
def test_any_bytes_give_a_configuration_or_one_of_our_errors(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("config") / "prefml.toml"
    path.write_bytes(content)
    with suppress(PrefmlError):
        assert isinstance(read_config(path), Config)


def test_second_questions_can_be_switched_off(tmp_path):
    assert read_config(write_config(tmp_path, "[suggest]\nreask = 0")).reask == 0


@pytest.mark.parametrize("entry", ["most = 0", "cosine = -1", "stages = [1]", "rule = 3"])
def test_settings_of_sets_of_the_wrong_kind_are_refused(tmp_path, entry):
    (tmp_path / "prefml.toml").write_text(f"[sets]\n{entry}\n")
    with pytest.raises(ConfigError, match=r"sets\."):
        Workspace.open(tmp_path)
