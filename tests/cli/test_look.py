from PIL import Image

from prefml.cli._look import look_at
from prefml.sidecars.choice import chosen_encoder
from prefml.sidecars.index import read_index_if_any
from prefml.workspace import Workspace


def test_pictures_are_embedded_once_with_the_built_in_encoder(tmp_path, monkeypatch):
    (tmp_path / "new" / "p").mkdir(parents=True)
    for number in range(3):
        Image.new("RGB", (32, 48), (80 * number, 9, 9)).save(tmp_path / f"new/p/{number}.png")
    workspace = Workspace.open(tmp_path)
    look_at(workspace)
    assert len(read_index_if_any(workspace.sidecars)) == 3
    assert chosen_encoder(workspace) == "builtin"
    monkeypatch.setattr("prefml.encoders.open_encoder", lambda *words: 1 / 0)
    look_at(workspace)
