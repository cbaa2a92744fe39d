from prefml.sidecars.choice import chosen_encoder, record_encoder
from prefml.workspace import Config, Workspace


def encoder_folder(path):
    path.mkdir(parents=True)
    (path / "encoder.json").write_text("{}")
    return path


def test_what_is_asked_for_goes_before_the_file_and_that_before_the_sidecars(tmp_path):
    workspace = Workspace.open(tmp_path)
    assert chosen_encoder(workspace) == "clip"
    workspace.sidecars.mkdir(parents=True)
    record_encoder(workspace, "builtin")
    assert chosen_encoder(workspace) == "builtin"
    said = Workspace(tmp_path, Config(encoder="models/tiny"), workspace.artifacts)
    assert chosen_encoder(said) == "models/tiny"
    assert chosen_encoder(said, "builtin") == "builtin"


def test_a_folder_is_looked_for_in_the_workspace_then_from_the_current_folder(
    tmp_path, monkeypatch
):
    (tmp_path / "work").mkdir()
    workspace = Workspace.open(tmp_path / "work")
    outside = encoder_folder(tmp_path / "here" / "tiny")
    monkeypatch.chdir(outside.parent)
    assert chosen_encoder(workspace, "tiny") == str(outside)
    encoder_folder(workspace.root / "tiny")
    assert chosen_encoder(workspace, "tiny") == "tiny"
