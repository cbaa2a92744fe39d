import json
import shutil

import pytest


@pytest.fixture
def variants(trained):
    """Return the pictures of one undecided set, lowest stage first."""
    folder = next(path for path in sorted((trained / "new").iterdir()) if path.is_dir())
    return sorted(folder.iterdir())[:2]


def test_the_best_comes_first_and_probabilities_add_up_to_one(prefml, trained, variants):
    ran = prefml("--workspace", trained, "rank", *variants, "--json")
    assert ran.status == 0
    chances = [entry["probability"] for entry in ran.json["ranking"]]
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) == pytest.approx(1.0)
    assert {entry["image"] for entry in ran.json["ranking"]} == {str(v) for v in variants}


def test_the_reasons_add_up_to_the_lead(prefml, trained, variants):
    ran = prefml("--workspace", trained, "rank", *variants, "--json")
    first, second = (entry["score"] for entry in ran.json["ranking"][:2])
    total = sum(reason["contribution"] for reason in ran.json["why"])
    assert total == pytest.approx(first - second, abs=1e-6)


def test_the_order_of_the_arguments_does_not_matter(prefml, trained, variants):
    forth = prefml("--workspace", trained, "rank", *variants, "--json").json
    back = prefml("--workspace", trained, "rank", *reversed(variants), "--json").json
    assert [e["image"] for e in forth["ranking"]] == [e["image"] for e in back["ranking"]]


def test_relative_pictures_lie_in_the_workspace(prefml, trained, variants):
    names = [variant.relative_to(trained) for variant in variants]
    assert prefml("--workspace", trained, "rank", *names).out.startswith("1.")


def test_one_picture_is_wrong_usage(prefml, trained, variants):
    ran = prefml("--workspace", trained, "rank", variants[0])
    assert ran.status == 2
    assert "two pictures" in ran.err


def test_a_missing_picture_is_named(prefml, trained, variants):
    ran = prefml("--workspace", trained, "rank", variants[0], "none.png")
    assert ran.status == 1
    assert "none.png" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_pictures_of_two_projects_are_not_compared(prefml, trained):
    folders = sorted(path for path in (trained / "images").iterdir() if path.is_dir())[:2]
    pair = [next(iter(sorted(folder.iterdir()))) for folder in folders]
    ran = prefml("--workspace", trained, "rank", *(path.relative_to(trained) for path in pair))
    assert ran.status == 1
    assert all(folder.name in ran.err for folder in folders)


def test_without_a_model_the_command_that_trains_is_named(prefml, tmp_path, variants):
    ran = prefml("--workspace", tmp_path, "rank", *variants)
    assert ran.status == 1
    assert "prefml train" in ran.err


def test_another_encoder_than_the_models_is_refused(prefml, trained, variants, tmp_path):
    folder = tmp_path / "artifacts"
    shutil.copytree(trained / "artifacts", folder)
    place = folder / "ranker.manifest.json"
    manifest = json.loads(place.read_text())
    manifest["encoder"]["identity"] = "0" * 16
    place.write_text(json.dumps(manifest))
    ran = prefml("--workspace", trained, "--artifacts", folder, "rank", *variants)
    assert ran.status == 1
    assert "prefml embed --encoder builtin" in ran.err


def test_a_model_of_other_cues_is_refused(prefml, trained, variants, tmp_path):
    folder = tmp_path / "artifacts"
    shutil.copytree(trained / "artifacts", folder)
    place = folder / "ranker.manifest.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | {"cues": "0" * 12}))
    ran = prefml("--workspace", trained, "--artifacts", folder, "rank", *variants)
    assert ran.status == 1
    assert "run: prefml embed --workspace" in ran.err
    assert "then prefml train --workspace" in ran.err


def test_two_files_of_one_name_are_told_apart_by_their_paths(prefml, trained, tmp_path):
    import shutil

    pictures = sorted(path for path in (trained / "new").rglob("*.*") if path.is_file())[:2]
    paths = []
    for folder, picture in zip("ab", pictures, strict=True):
        (tmp_path / folder).mkdir()
        paths.append(shutil.copy(picture, tmp_path / folder / f"same{picture.suffix}"))
    ran = prefml("--workspace", trained, "rank", *paths)
    assert ran.status == 0
    assert all(str(path) in ran.out for path in paths)
