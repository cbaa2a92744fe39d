import unicodedata
from contextlib import suppress
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml import workspace as module
from prefml.exceptions import ConfigError, PrefmlError, WorkspaceError
from prefml.workspace import Config, Workspace, canonical_name, read_config, stored_path


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


def test_a_missing_workspace_names_the_command_that_makes_one(tmp_path):
    with pytest.raises(WorkspaceError, match="prefml sample"):
        Workspace.open(tmp_path / "none")


def test_artifacts_lie_in_the_workspace_unless_named(tmp_path):
    assert Workspace.open(tmp_path).artifacts == tmp_path / "artifacts"
    assert Workspace.open(tmp_path, tmp_path / "b").artifacts == tmp_path / "b"


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x"])
def test_a_path_outside_is_refused(tmp_path, name):
    with pytest.raises(WorkspaceError, match="outside"):
        Workspace.open(tmp_path).inside(name)


def test_logs_are_looked_for_in_the_root_when_there_is_no_training_folder(tmp_path):
    assert Workspace.open(tmp_path).log_folders() == (tmp_path / ".",)
    (tmp_path / "data" / "training").mkdir(parents=True)
    assert Workspace.open(tmp_path).log_folders() == (tmp_path / "data/training",)


def test_image_roots_are_the_usual_folders_and_those_named_like_a_project(tmp_path):
    for name in ("images", "mojo", "other"):
        (tmp_path / name).mkdir()
    roots = Workspace.open(tmp_path).image_roots(["mojo", "absent"])
    assert roots == (tmp_path / "images", tmp_path / "mojo")


def test_configured_roots_replace_the_usual_ones(tmp_path):
    for name in ("images", "other"):
        (tmp_path / name).mkdir()
    write_config(tmp_path, '[images]\nroots = ["other"]')
    assert Workspace.open(tmp_path).image_roots() == (tmp_path / "other",)


@given(st.text())
def test_both_unicode_forms_of_a_name_are_one(name):
    forms = {canonical_name(unicodedata.normalize(form, name)) for form in ("NFC", "NFD")}
    assert forms == {canonical_name(name)}


def test_a_page_is_written_whole_and_inside_the_workspace_only(tmp_path):
    workspace = Workspace.open(tmp_path)
    assert workspace.write_page("more/page.html", "ä").read_text("utf-8") == "ä"
    for name, words in (("../page.html", "outside"), ("more", "is a folder")):
        with pytest.raises(WorkspaceError, match=words):
            workspace.write_page(name, "")


@pytest.mark.parametrize("entry", ["most = 0", "cosine = -1", "stages = [1]", "rule = 3"])
def test_settings_of_sets_of_the_wrong_kind_are_refused(tmp_path, entry):
    (tmp_path / "prefml.toml").write_text(f"[sets]\n{entry}\n")
    with pytest.raises(ConfigError, match=r"sets\."):
        Workspace.open(tmp_path)


# Letters that are stored in two forms or more, and one that is not.
ACCENTED = st.text("\u00e9\u00c5\u1e69\uac00e", min_size=1, max_size=3)
FORMS = st.sampled_from(["NFC", "NFD"])


@given(st.lists(st.tuples(ACCENTED, FORMS, FORMS), min_size=1, max_size=4))
def test_a_path_is_found_in_the_form_that_the_disk_has(tmp_path_factory, parts):
    root = tmp_path_factory.mktemp("forms")
    stored = root.joinpath(*(unicodedata.normalize(form, name) for name, form, _ in parts))
    asked = root.joinpath(*(unicodedata.normalize(form, name) for name, _, form in parts))
    stored.parent.mkdir(parents=True, exist_ok=True)
    stored.write_text("x")
    assert stored_path(asked) == stored
    assert Workspace.open(root).inside(asked.relative_to(root)) == stored
    assert stored_path(asked / "new.txt") == stored / "new.txt"


def test_a_link_in_the_other_form_leads_out_of_the_workspace_too(tmp_path):
    (tmp_path / "outside").mkdir()
    root = tmp_path / "inside"
    root.mkdir()
    (root / "zoe\u0308").symlink_to(tmp_path / "outside")
    with pytest.raises(WorkspaceError, match="outside"):
        Workspace.open(root).inside("zo\u00eb/a.png")


@pytest.mark.parametrize("name", ["\u00e9\0", "\u00e9" * 5000, "\ud800\u00e9", "a.txt/\u00e9"])
def test_what_no_file_can_be_called_stays_as_it_is(tmp_path, name):
    (tmp_path / "a.txt").write_text("")
    assert stored_path(tmp_path / name) == tmp_path / name
