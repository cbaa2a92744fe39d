"""Encoders are opened by name."""

import pytest

from prefml.encoders import encoder_folder, open_encoder
from prefml.encoders.builtin import BuiltinEncoder
from prefml.exceptions import EncoderError


def test_builtin_is_the_descriptor():
    assert isinstance(open_encoder("builtin"), BuiltinEncoder)


def test_a_relative_folder_starts_from_the_workspace(tmp_path, write_folder):
    write_folder()
    assert open_encoder("encoder", tmp_path).spec.id == "little"


@pytest.mark.parametrize("name", ["nowhere", "", "Builtin", "clip2", "../x"])
def test_a_name_that_is_nothing_is_refused_with_what_there_is(tmp_path, name):
    with pytest.raises(EncoderError, match=r"builtin, clip|encoder\.json"):
        open_encoder(name, tmp_path)


def test_an_unknown_device_is_refused(tmp_path):
    with pytest.raises(EncoderError, match="auto, cpu, cuda, mps"):
        open_encoder("builtin", tmp_path, "tpu")


def test_the_folder_of_a_name_is_absolute_and_follows_the_home(tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("models", "~/models", str(tmp_path / "models"), "./models/../models"):
        assert encoder_folder(name, tmp_path) == (tmp_path / "models").resolve()


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "~nobody-of-this-name/x"])
def test_a_name_that_no_file_system_takes_is_refused_in_a_line(tmp_path, name):
    with pytest.raises(EncoderError) as caught:
        encoder_folder(name, tmp_path)
    assert len(str(caught.value)) < 1000
