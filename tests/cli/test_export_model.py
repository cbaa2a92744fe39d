import numpy as np
import pytest

from prefml import SetRanker, load_exported
from prefml.models.store import save_model

X = np.random.default_rng(0).normal(size=(60, 3))


@pytest.fixture
def trained_here(tmp_path):
    """Return a workspace with a small ranker and no crop model."""
    ranker = SetRanker(n_estimators=2, min_child_samples=2, linear=[[""]])
    ranker.fit(X, np.tile([0, 1], 30), set_id=np.repeat(np.arange(30), 2))
    save_model(ranker, tmp_path / "artifacts" / "ranker.joblib", "ranker", {"encoder": None})
    return tmp_path


def test_the_object_names_what_was_written_and_how_well_it_predicts(prefml, trained_here):
    ran = prefml("--workspace", trained_here, "export-model", "out", "--json")
    assert ran.status == 0, ran.err
    (model,) = ran.json["models"]
    files = {path.name: path.stat().st_size for path in (trained_here / "out").iterdir()}
    assert (model["kind"], model["path"]) == ("ranker", str(trained_here / "out/ranker.json"))
    assert (set(model["files"]), model["bytes"]) == (set(files), sum(files.values()))
    assert 0 <= model["difference"] <= 1e-9


def test_the_text_ends_with_the_line_that_loads_the_model(prefml, trained_here):
    ran = prefml("--workspace", trained_here, "export-model", "out")
    path = trained_here / "out" / "ranker.json"
    assert ran.out.splitlines()[-1] == f'use it: prefml.load_exported("{path}")'
    assert isinstance(load_exported(path), SetRanker)


def test_without_models_the_command_that_trains_is_named(prefml, tmp_path):
    ran = prefml("--workspace", tmp_path, "export-model", "out")
    assert (ran.status, ran.out) == (1, "")
    assert "run: put your logs (.csv) into data/training/" in ran.err


def test_nothing_is_written_outside_the_workspace(prefml, trained_here):
    ran = prefml("--workspace", trained_here, "export-model", "../out")
    assert ran.status == 1
    assert "outside" in ran.err
    assert not (trained_here.parent / "out").exists()
