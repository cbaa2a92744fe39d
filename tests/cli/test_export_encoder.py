import json
import shutil

import pytest

from prefml.cli import main

pytestmark = pytest.mark.torch
for package in ("torch", "onnx", "onnxscript"):
    pytest.importorskip(package)

TINY = "prefml-cli-tiny"
CONFIG = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 8, "vocab_size": 64, "width": 16, "heads": 2, "layers": 1},
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    import torch

    torch.set_num_threads(1)
    from prefml.encoders.openclip import import_open_clip

    folder = tmp_path_factory.mktemp("model")
    (folder / f"{TINY}.json").write_text(json.dumps(CONFIG))
    open_clip = import_open_clip()
    open_clip.add_model_config(folder / f"{TINY}.json")
    torch.manual_seed(0)
    torch.save(open_clip.create_model(TINY, load_weights=False).state_dict(), folder / "tiny.pt")
    return folder / "tiny.pt"


@pytest.fixture
def copied(checkpoint, monkeypatch):
    """Export once; later exports copy the model, which saves seconds."""
    from prefml.encoders import export

    made, write = checkpoint.parent / "model.onnx", export._Writer.model

    def copy(writer, tower, path):
        if not made.exists():
            write(writer, tower, made)
        shutil.copy(made, path)

    monkeypatch.setattr(export._Writer, "model", copy)


@pytest.fixture
def run(tmp_path, capsys):
    def run_command(*words):
        status = main(["--workspace", str(tmp_path), "export-encoder", *map(str, words)])
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return run_command


@pytest.mark.usefixtures("copied")
def test_folder_is_written_and_reported_as_one_json_object(run, checkpoint, tmp_path):
    status, out, err = run("models/tiny", "--encoder", f"open_clip:{TINY}/{checkpoint}", "--json")
    report = json.loads(out)
    assert (status, err) == (0, "")
    assert (tmp_path / "models" / "tiny" / "encoder.json").is_file()
    assert report["folder"] == str(tmp_path / "models" / "tiny")
    assert report["parity"]["min_cosine"] > 0.9999
    assert report["patches"] is False


def test_patches_can_be_asked_for(run, checkpoint):
    status, out, _ = run(
        "tiny", "--encoder", f"open_clip:{TINY}/{checkpoint}", "--patches", "--json"
    )
    assert status == 0
    assert json.loads(out)["patches"] is True


@pytest.mark.usefixtures("copied")
def test_people_are_told_the_cosine_and_what_to_do_next(run, checkpoint):
    status, out, _ = run("tiny", "--encoder", f"open_clip:{TINY}/{checkpoint}")
    assert status == 0
    assert "worst cosine 1.0000000 over 10 pictures" in out
    assert "prefml embed --encoder" in out


@pytest.mark.usefixtures("copied")
def test_pictures_of_the_workspace_are_compared_and_broken_ones_passed_over(
    run, checkpoint, tmp_path
):
    from prefml.encoders.parity import sample_pictures

    folder = tmp_path / "images" / "p"
    folder.mkdir(parents=True)
    for number, picture in enumerate(sample_pictures()[:3]):
        picture.save(folder / f"{number}.png")
    (folder / "broken.png").write_bytes(b"no picture")
    _, out, _ = run("tiny", "--encoder", f"open_clip:{TINY}/{checkpoint}", "--json")
    assert json.loads(out)["parity"]["pictures"] == 3 + 10


@pytest.mark.usefixtures("copied")
def test_top_choice_of_the_workspaces_own_sets_is_compared(run, checkpoint, tmp_path):
    from prefml.encoders.parity import sample_pictures

    folder, logs = tmp_path / "images" / "p", tmp_path / "data" / "training"
    folder.mkdir(parents=True)
    logs.mkdir(parents=True)
    for number, picture in enumerate(sample_pictures()[:6]):
        picture.save(folder / f"{number}.png")
    rows = [
        f's,{at},images/p/{at}.png,"[""images/p/{at + 1}.png""]",2025-07-01T00:00:0{at}Z'
        for at in (0, 2, 4)
    ]
    header = "session_id,set_id,chosen_path,neg_paths,timestamp"
    (logs / "selection_only_log.csv").write_text("\n".join([header, *rows]) + "\n")
    _, out, _ = run("tiny", "--encoder", f"open_clip:{TINY}/{checkpoint}", "--json")
    parity = json.loads(out)["parity"]
    assert (parity["sets"], parity["agreement"]) == (3, 1.0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["../outside"], "lies outside"),
        (["out", "--encoder", "builtin"], "expected clip or open_clip:"),
        (["out", "--encoder", "nowhere"], "no encoder 'nowhere'"),
        (["out", "--encoder", "open_clip:ViT-Z/openai"], "no model 'ViT-Z'"),
    ],
)
def test_what_cannot_be_exported_gives_one_line(run, words, message):
    status, out, err = run(*words)
    assert (status, out) == (1, "")
    assert message in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("words", [[], ["out", "--precision", "fp8"], ["out", "--device", "tpu"]])
def test_wrong_usage_ends_with_2(run, words):
    assert run(*words)[0] == 2


def test_help_names_every_option(run):
    status, out, _ = run("--help")
    assert status == 0
    for option in ("--encoder", "--precision", "--device", "--json"):
        assert option in out
