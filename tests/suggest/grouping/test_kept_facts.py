import pytest

from prefml.sidecars.find import ImageFile
from prefml.suggest.grouping import kept_facts
from prefml.workspace import Workspace

from .pictures import save


@pytest.mark.parametrize("seed", ["7", "9" * 20])
def test_the_facts_of_a_workspace_are_read_once_the_largest_seeds_among_them(
    tmp_path, monkeypatch, seed
):
    workspace = Workspace.open(tmp_path)
    path = save(tmp_path / "a.png", {"parameters": f"a\nSteps: 1, Seed: {seed}"})
    image = ImageFile("p", "a.png", "a.png", path.stat().st_size, path.stat().st_mtime_ns)
    with kept_facts.kept_facts(workspace) as facts:
        first = facts([image])
    monkeypatch.setattr(kept_facts, "read_facts", lambda path: pytest.fail("opened again"))
    with kept_facts.kept_facts(workspace) as facts:
        assert facts([image]) == first
    assert first["a.png"].seed == int(seed)
    assert kept_facts.facts_path(workspace).is_file()
