import builtins
import sys
from importlib.metadata import PackageNotFoundError
from importlib.util import find_spec

import pytest
from PIL import Image

from prefml import doctor
from prefml.decisions import ProjectResolver
from prefml.doctor import Check, examine
from prefml.encoders import open_encoder
from prefml.features.training_data import MIN_DECISIONS
from prefml.imaging.decode import DECODING_VERSION
from prefml.sidecars.build import build_sidecars
from prefml.sidecars.store import read_index
from prefml.workspace import Workspace


@pytest.fixture(scope="module", autouse=True)
def imported(tmp_path_factory):
    """Import what is examined: packages look at the system, which tests pretend to be another."""
    examine(Workspace.open(tmp_path_factory.mktemp("first")))


@pytest.fixture
def bare(tmp_path):
    """Return a workspace with nothing in it but the name of an encoder that is always there."""
    (tmp_path / "prefml.toml").write_text('encoder = "builtin"\n')
    return tmp_path


needs_open_clip = pytest.mark.skipif(find_spec("open_clip") is None, reason="needs open_clip")


def failing(monkeypatch, package, error):
    """Make the import of a package fail as it does where something is missing."""
    monkeypatch.delitem(sys.modules, package, raising=False)
    find = builtins.__import__

    def refuse(name, *rest, **named):
        if name.partition(".")[0] == package:
            raise error
        return find(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)


def check_of(name, workspace):
    return next(one for one in examine(Workspace.open(workspace)) if one.name == name)


@pytest.mark.parametrize(
    ("system", "said", "fix"),
    [
        (
            "Darwin",
            "dlopen(lib_lightgbm.dylib, 0x0006): Library not loaded: @rpath/libomp.dylib\n  more",
            "brew install libomp",
        ),
        ("Linux", "libgomp.so.1: cannot open shared object file", "apt install libgomp1"),
        ("Linux", "lib_lightgbm.so: invalid ELF header", "pip install --force-reinstall lightgbm"),
    ],
)
def test_a_lightgbm_that_does_not_load_comes_with_its_fix(bare, monkeypatch, system, said, fix):
    failing(monkeypatch, "lightgbm", OSError(said))
    monkeypatch.setattr("platform.system", lambda: system)
    found = check_of("lightgbm runs", bare)
    assert not found.ok
    assert found.detail == said.splitlines()[0]
    assert found.fix.startswith(fix)


def test_a_lightgbm_that_is_not_installed_comes_with_its_fix(bare, monkeypatch):
    failing(monkeypatch, "lightgbm", ModuleNotFoundError("No module named 'lightgbm'"))
    found = check_of("lightgbm runs", bare)
    assert (found.ok, found.fix) == (False, "pip install lightgbm")


def test_a_broken_package_is_a_finding_and_no_traceback(bare, monkeypatch):
    error = ModuleNotFoundError("No module named 'onnxruntime'", name="onnxruntime")
    failing(monkeypatch, "onnxruntime", error)
    found = check_of("devices", bare)
    assert not found.ok
    assert found.fix == "pip install --force-reinstall onnxruntime"


@pytest.mark.parametrize(("name", "wanted"), [("numpy", ">=2"), ("flask", ">=3.1")])
def test_a_version_that_is_too_old_comes_with_the_one_wanted(bare, monkeypatch, name, wanted):
    real = doctor.version
    monkeypatch.setattr(doctor, "version", lambda one: "0.1" if one == name else real(one))
    found = check_of(name, bare)
    assert not found.ok
    assert found.detail.startswith("0.1, wanted ")
    assert found.fix.startswith(f"pip install '{name}{wanted}")


def test_what_only_the_tests_need_is_not_looked_at(bare, monkeypatch):
    real = doctor.version
    monkeypatch.setattr(doctor, "version", lambda one: "0.1" if one == "setuptools" else real(one))
    assert "setuptools" not in {one.name for one in examine(Workspace.open(bare))}


def test_a_package_that_is_not_installed_comes_with_its_fix(bare, monkeypatch):
    real = doctor.version

    def without_tqdm(name):
        if name == "tqdm":
            raise PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor, "version", without_tqdm)
    found = check_of("tqdm", bare)
    assert (found.ok, found.detail) == (False, "not installed")
    assert found.fix.startswith("pip install 'tqdm")


def test_a_package_of_an_extra_may_be_absent(bare, monkeypatch):
    monkeypatch.setattr(doctor, "_installed", lambda name: None)
    missing = {one.name for one in examine(Workspace.open(bare)) if "not inst" in one.detail}
    assert "numpy" in missing
    assert not missing & {"flask", "torch", "mediapipe", "pytest"}


def test_another_python_than_is_allowed_is_found(bare, monkeypatch):
    monkeypatch.setattr("platform.python_version", lambda: "3.10.4")
    found = check_of("python", bare)
    assert not found.ok
    assert found.fix.startswith("install Python ")
    assert ">=3.11" in found.fix


def test_a_program_that_is_not_installed_is_found(bare, monkeypatch):
    def nothing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "metadata", nothing)
    assert check_of("prefml", bare).fix == "pip install prefml"


@pytest.mark.parametrize(
    ("system", "fix"),
    [("Darwin", "brew install --cask chromium"), ("Linux", "apt install chromium")],
)
def test_no_chromium_is_optional_and_comes_with_its_fix(bare, monkeypatch, system, fix):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("platform.system", lambda: system)
    found = check_of("chromium", bare)
    assert (found.ok, found.fix) == (True, fix)


def test_no_review_page_is_optional_and_comes_with_its_fix(bare, monkeypatch):
    real = doctor.find_spec
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name == "flask" else real(name))
    found = check_of("review page", bare)
    assert found.ok
    assert found.fix == "pip install 'prefml[review]'"
    assert "flask not installed" in found.detail


@pytest.mark.torch
@needs_open_clip
@pytest.mark.parametrize("name", ["clip", "open_clip:ViT-B-32/weights.pt"])
def test_weights_that_are_not_here_come_with_the_ways_on(bare, monkeypatch, name):
    monkeypatch.setenv("HF_HOME", str(bare / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(bare / "hub"))
    monkeypatch.setattr("pathlib.Path.home", lambda: bare)
    (bare / "prefml.toml").write_text(f'encoder = "{name}"\n')
    found = check_of("encoder", bare)
    assert not found.ok
    assert "weights" in found.detail
    assert "prefml embed" in found.fix
    assert "builtin" in found.fix


@pytest.mark.torch
@needs_open_clip
def test_a_checkpoint_that_is_here_is_enough(bare):
    (bare / "prefml.toml").write_text('encoder = "open_clip:ViT-B-32/weights.pt"\n')
    (bare / "weights.pt").write_bytes(b"")
    found = check_of("encoder", bare)
    assert found.ok
    assert found.detail.endswith("weights weights.pt")


def test_whatever_is_missing_has_a_fix(bare):
    assert all(one.fix for one in examine(Workspace.open(bare)) if not one.ok)


def log_decisions(root, choices, crops):
    """Write logs of so many choices and crops."""
    header = "session_id,set_id,chosen_path,neg_paths,timestamp"
    rows = [
        f's,{i},images/a/{i}.png,"[""images/a/{i}x.png""]",2025-10-05T01:43:47Z'
        for i in range(choices)
    ]
    (root / "choices.csv").write_text("\n".join([header, *rows, ""]))
    box = "crop_x1,crop_y1,crop_x2,crop_y2"
    header = f"session_id,set_id,directory,chosen_path,width_0,height_0,{box},timestamp"
    rows = [
        f"s,{i},images/a,images/a/{i}.png,100,100,0.1,0.1,0.9,0.9,2025-10-05T01:43:47Z"
        for i in range(crops)
    ]
    (root / "crops.csv").write_text("\n".join([header, *rows, ""]))
    (root / "images" / "a").mkdir(parents=True, exist_ok=True)


@pytest.mark.parametrize(
    ("choices", "crops", "detail"),
    [
        (MIN_DECISIONS, 0, "none, for no crops are logged"),
        (MIN_DECISIONS, 1, "none, for only 1 crop is logged"),
        (MIN_DECISIONS, MIN_DECISIONS - 1, f"none, for only {MIN_DECISIONS - 1} crops are logged"),
        (1, 2, "none, for only 2 crops are logged"),
    ],
)
def test_a_crop_model_that_train_would_refuse_is_not_missed(bare, choices, crops, detail):
    log_decisions(bare, choices, crops)
    found = check_of("crop model", bare)
    assert (found.ok, found.detail, found.fix) == (True, detail, "")


@pytest.mark.parametrize(
    ("choices", "detail"),
    [
        (0, "no choices are"),
        (1, "only 1 choice is"),
        (MIN_DECISIONS - 1, f"only {MIN_DECISIONS - 1} choices are"),
    ],
)
def test_a_ranker_that_train_would_refuse_is_not_missed(bare, choices, detail):
    log_decisions(bare, choices, MIN_DECISIONS)
    found = check_of("ranker model", bare)
    assert (found.ok, found.detail) == (True, f"none, for {detail} logged")


@pytest.mark.parametrize(("choices", "crops"), [(MIN_DECISIONS, MIN_DECISIONS), (0, 0)])
def test_models_that_can_be_trained_or_for_which_nothing_is_logged_are_missed(bare, choices, crops):
    log_decisions(bare, choices, crops)
    for kind in ("ranker", "crop"):
        found = check_of(f"{kind} model", bare)
        assert (found.ok, found.fix) == (False, "prefml train")


def test_without_torch_clip_is_optional_until_it_is_the_encoder(bare, monkeypatch):
    monkeypatch.setattr(
        doctor, "find_spec", lambda n: None if n in ("torch", "open_clip") else find_spec(n)
    )
    device = check_of("device", bare)
    assert (device.ok, device.fix) == (True, "pip install 'prefml[clip]'")
    assert "torch is not installed" in device.detail
    (bare / "prefml.toml").write_text('encoder = "clip"\n')
    encoder = check_of("encoder", bare)
    assert not encoder.ok
    assert encoder.detail == "clip needs torch and open_clip"
    assert encoder.fix.startswith("pip install 'prefml[clip]'")


def test_a_check_is_one_line_that_ends_with_the_fix():
    sound = Check("numpy", True, "2.0").line()
    missing = Check("torch", False, "not installed", "pip install torch").line()
    assert sound.split() == ["ok", "numpy", "2.0"]
    assert missing.startswith("MISSING  torch")
    assert missing.endswith("not installed  ->  pip install torch")


def test_pictures_that_are_not_read_are_named_with_the_way_out(bare):
    (bare / "images/p").mkdir(parents=True)
    for name in ("a.nef", "b.dng", "c.psd"):
        (bare / "images/p" / name).write_bytes(b"II*")
    raw = check_of("RAW pictures", bare)
    assert raw.ok
    assert raw.detail == "2 passed over, not read here"
    assert raw.fix == "develop them to JPEG, PNG or TIFF"
    assert check_of("Photoshop pictures", bare).fix == "save them as PNG, JPEG or TIFF"


@pytest.mark.parametrize("version", [1, DECODING_VERSION])
def test_sidecars_of_an_earlier_decoding_come_with_their_fix(bare, version, monkeypatch):
    path = bare / "images/p/a.png"
    path.parent.mkdir(parents=True)
    Image.effect_noise((40, 30), 40).save(path)
    workspace = Workspace.open(bare)
    build_sidecars(workspace, ProjectResolver.open(workspace), open_encoder("builtin"))
    index = read_index(workspace.sidecars).assign(decoding=version)
    monkeypatch.setattr("prefml.sidecars.store.read_index", lambda folder: index)
    check = check_of("sidecars", bare)
    assert check.ok
    assert ("an earlier version measured them" in check.detail) is (version == 1)
    assert check.fix == ("prefml embed" if version == 1 else "")


def test_where_no_picture_of_a_known_project_is_logged_none_are_said_to_be_there(bare):
    log = bare / "data/training/selection_only_log.csv"
    log.parent.mkdir(parents=True)
    log.write_text("session_id,set_id,chosen_path,neg_paths,timestamp\n"
                   "s,1,what/a.png,\"[\"\"what/b.png\"\"]\",2025-01-02T10:00:00Z\n")  # fmt: skip
    assert check_of("logged pictures", bare).detail == "none is logged of a known project"
