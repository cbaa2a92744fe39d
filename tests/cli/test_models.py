import shutil

import pytest


@pytest.fixture(scope="module")
def twice(trained, tmp_path_factory):
    """Return a workspace whose models were trained twice."""
    from prefml.cli import main

    folder = tmp_path_factory.mktemp("models") / "copy"
    ignored = shutil.ignore_patterns("*.png", "*.jpg", "*.webp", "*.bmp", "*.tif*")
    shutil.copytree(trained, folder, ignore=ignored)
    assert main(["--workspace", str(folder), "train", "--force", "--json"]) == 0
    return folder


def test_the_list_has_the_models_in_use_and_those_before(prefml, twice):
    models = prefml("--workspace", twice, "models", "--json").json["models"]
    assert [(m["kind"], m["current"], m["usable"]) for m in models] == [
        ("ranker", True, True),
        ("ranker", False, True),
        ("crop", True, True),
        ("crop", False, True),
    ]


@pytest.mark.parametrize(("kind", "least"), [("ranker", 0.9), ("crop", 0.5)])
def test_an_earlier_model_is_compared_on_the_latest_decisions(prefml, twice, kind, least):
    ran = prefml("--workspace", twice, "models", "compare", kind, "--json")
    assert ran.json["decisions"] > 50
    assert min(ran.json["score"], ran.json["current_score"]) > least


def test_an_unknown_name_is_answered_with_the_way_to_the_list(prefml, twice):
    for action in ("compare", "rollback"):
        ran = prefml("--workspace", twice, "models", action, "nobody")
        assert ran.status == 1
        assert "run: prefml models" in ran.err


def test_before_any_training_the_list_says_what_to_do(prefml, tmp_path):
    assert "prefml train" in prefml("--workspace", tmp_path, "models").out


def test_a_damaged_model_is_listed_with_what_is_wrong(prefml, twice, tmp_path):
    folder = tmp_path / "damaged"
    shutil.copytree(twice, folder)
    path = folder / "artifacts" / "crop.joblib"
    path.write_bytes(path.read_bytes() + b"x")
    ran = prefml("--workspace", folder, "models")
    assert ran.status == 0
    (line,) = [line for line in ran.out.splitlines() if "unusable" in line]
    assert line.split() == [
        "crop",
        "current",
        "unusable:",
        *["changed", "since", "it", "was", "written"],
    ]


def test_crops_are_compared_without_sidecars_by_sizes_alone(prefml, tmp_path):
    from prefml.cropping import CropRegressor
    from prefml.decisions import read_decisions
    from prefml.features.tables import crop_table
    from prefml.models.history import install
    from prefml.models.store import save_model
    from prefml.sample import write_sample
    from prefml.sidecars.sizes import picture_sizes
    from prefml.workspace import Workspace

    write_sample(tmp_path / "sample", share=0.05)
    workspace = Workspace.open(tmp_path / "sample")
    table = crop_table(read_decisions(workspace, picture_sizes(workspace)).crops, None)
    for end in ("first", "second"):
        rows = slice(0, 20) if end == "first" else slice(20, None)
        model = CropRegressor().fit(table.X[rows], table.boxes[rows], size=table.size[rows])
        path = workspace.artifacts / "candidate" / "crop.joblib"
        save_model(model, path, "crop", {"encoder": None})
        install(workspace, "crop", path)
    ran = prefml("--workspace", workspace.root, "models", "compare", "crop", "--json")
    assert ran.status == 0, ran.err
    assert ran.json["decisions"] == len(table)
    assert 0 < ran.json["score"] <= 1


def _damage(folder, name):
    for path in (folder / f"data/sidecar/{name}.parquet").rglob("*.parquet"):
        path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    "words",
    [
        ("train",),
        ("evaluate",),
        ("models", "compare", "ranker"),
        ("models", "compare", "crop"),
        ("suggest", "new"),
    ],
    ids=" ".join,
)
def test_a_damaged_sidecar_is_refused_alike_by_all_that_learn_from_it(
    prefml, twice, tmp_path, words
):
    folder = shutil.copytree(twice, tmp_path / "damaged")
    _damage(folder, "cues")
    ran = prefml("--workspace", folder, *words)
    assert ran.status == 1
    assert "cues.parquet" in ran.err
    assert "then prefml embed --workspace" in ran.err
    assert "unexpected" not in ran.err


def test_models_that_learned_from_pictures_are_not_compared_without_them(prefml, twice, tmp_path):
    folder = shutil.copytree(twice, tmp_path / "copy")
    shutil.rmtree(folder / "data" / "sidecar")
    ran = prefml("--workspace", folder, "models", "compare", "crop")
    assert ran.status == 1
    assert "the crop model was trained on pictures" in ran.err
    assert "then prefml embed --encoder builtin --workspace" in ran.err


def test_status_names_the_models_in_use_and_those_that_can_come_back(prefml, twice):
    models = prefml("--workspace", twice, "status", "--json").json["work"]["models"]
    listed = prefml("--workspace", twice, "models", "--json").json["models"]
    earlier = {(m["kind"], m["name"]) for m in listed if not m["current"]}
    assert [model["kind"] for model in models] == ["ranker", "crop"]
    assert {(m["kind"], one["name"]) for m in models for one in m["earlier"]} <= earlier
    assert models[0]["fold_scores"]["top1"] > 0.5
    assert models[0]["counts"]["sets"] > 50
