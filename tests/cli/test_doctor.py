def test_a_trained_workspace_is_sound(prefml, trained):
    ran = prefml("--workspace", trained, "doctor", "--json")
    assert ran.status == 0
    assert ran.json["ok"], [check for check in ran.json["checks"] if not check["ok"]]
    names = {check["name"] for check in ran.json["checks"]}
    assert {"python", "lightgbm", "encoder", "sidecars", "ranker model", "crop model"} <= names


def test_every_project_is_counted(prefml, trained):
    out = prefml("--workspace", trained, "doctor").out
    assert all(f"project {name}" in out for name in ("garden", "harbour", "orchard", "terrace"))


def test_what_is_missing_comes_with_the_command_for_it(prefml, tmp_path):
    (tmp_path / "prefml.toml").write_text('encoder = "builtin"\n')
    ran = prefml("--workspace", tmp_path, "doctor", "--json")
    fixes = {check["name"]: check["fix"] for check in ran.json["checks"] if not check["ok"]}
    assert not ran.json["ok"]
    assert fixes["sidecars"] == "prefml embed"
    assert fixes["ranker model"] == "prefml train"


def test_a_missing_encoder_folder_is_named(prefml, tmp_path):
    (tmp_path / "prefml.toml").write_text('encoder = "nowhere"\n')
    checks = prefml("--workspace", tmp_path, "doctor", "--json").json["checks"]
    found = next(check for check in checks if check["name"] == "encoder")
    assert not found["ok"]
    assert "nowhere" in found["detail"]


def test_the_object_says_whether_all_is_sound(prefml, tmp_path):
    (tmp_path / "prefml.toml").write_text('encoder = "builtin"\n')
    ran = prefml("--workspace", tmp_path, "doctor", "--json")
    assert ran.status == 0
    assert ran.json["ok"] is all(check["ok"] for check in ran.json["checks"])
    assert {frozenset(check) for check in ran.json["checks"]} == {
        frozenset({"name", "ok", "detail", "fix"})
    }
