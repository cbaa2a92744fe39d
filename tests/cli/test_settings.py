import json

from PIL import Image, PngImagePlugin

from prefml.imaging import opening

INFOTEXT = "a secret garden\nNegative prompt: fog\nSteps: 20, Sampler: Euler a, CFG scale: 7.5"


def picture(folder, text=""):
    info = PngImagePlugin.PngInfo()
    if text:
        info.add_text("parameters", text)
    Image.new("RGB", (8, 8)).save(folder / "a.png", pnginfo=info)


def test_settings_are_shown_and_the_prompt_only_when_asked_for(prefml, tmp_path):
    picture(tmp_path, INFOTEXT)
    ran = prefml("--workspace", tmp_path, "settings", "a.png")
    assert (ran.status, ran.err) == (0, "")
    assert "steps 20.0" in ran.out
    assert "secret" not in ran.out
    shown = prefml("--workspace", tmp_path, "settings", "a.png", "--prompt")
    assert "positive: a secret garden" in shown.out
    assert "negative: fog" in shown.out


def test_json_holds_every_setting(prefml, tmp_path):
    picture(tmp_path, INFOTEXT)
    found = json.loads(prefml("--workspace", tmp_path, "settings", "a.png", "--json").out)
    assert found["images"]["a.png"]["sampler"] == "Euler a"
    assert "prompt" not in found["images"]["a.png"]


def test_a_picture_that_says_nothing_and_a_file_that_is_none(prefml, tmp_path):
    picture(tmp_path)
    assert "says nothing" in prefml("--workspace", tmp_path, "settings", "a.png").out
    (tmp_path / "b.png").write_text("none")
    ran = prefml("--workspace", tmp_path, "settings", "b.png")
    assert ran.status == 1
    assert "b.png" in ran.err
    missing = prefml("--workspace", tmp_path, "settings", "c.png")
    assert missing.status == 1
    assert "c.png" in missing.err


def test_a_file_is_opened_once(prefml, tmp_path, monkeypatch):
    picture(tmp_path, INFOTEXT)
    opened = []
    original = opening._open_regular
    monkeypatch.setattr(opening, "_open_regular", lambda p: opened.append(p) or original(p))
    prefml("--workspace", tmp_path, "settings", "a.png", "--prompt")
    assert len(opened) == 1
