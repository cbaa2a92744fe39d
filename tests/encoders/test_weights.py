import socket
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from prefml.encoders import weights
from prefml.encoders.weights import find_weights, is_torchscript, trained_with_quick_gelu
from prefml.exceptions import WeightsUnavailableError

pytest.importorskip("huggingface_hub")

CONFIG = {"hf_hub": "timm/vit_base_patch32_clip_224.openai/", "url": "https://x/abc/ViT-B-32.pt"}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A machine that never fetched anything."""
    monkeypatch.setattr(Path, "home", classmethod(lambda cls: tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


def test_offline_the_error_names_three_ways_on_and_nothing_is_asked(home, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(weights, "_reachable", pytest.fail)
    with pytest.raises(WeightsUnavailableError) as caught:
        find_weights("ViT-B-32", "openai", CONFIG)
    message = str(caught.value)
    for way in ("connect once", "open_clip:ViT-B-32/PATH", "export-encoder", "builtin"):
        assert way in message


def test_a_hub_that_refuses_connections_is_not_reachable(home, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(WeightsUnavailableError, match="no connection"):
            find_weights("ViT-B-32", "openai", CONFIG)


def test_a_hub_that_never_answers_is_given_up_after_the_limit(home, monkeypatch):
    monkeypatch.setattr(weights, "REACH_SECONDS", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(WeightsUnavailableError, match="no connection"):
            find_weights("ViT-B-32", "openai", CONFIG)


def test_weights_fetched_before_are_used_without_asking_the_network(home, monkeypatch):
    monkeypatch.setattr(weights, "_reachable", pytest.fail)
    snapshot = home / "hub" / "models--timm--vit_base_patch32_clip_224.openai"
    file = snapshot / "snapshots" / "abc" / "open_clip_model.safetensors"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"weights")
    (snapshot / "refs").mkdir()
    (snapshot / "refs" / "main").write_text("abc")
    assert find_weights("ViT-B-32", "openai", CONFIG).samefile(file)


def test_a_file_of_openais_own_package_is_used_if_its_hash_fits(home, monkeypatch):
    file = home / ".cache" / "clip" / "ViT-B-32.pt"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    right = {"url": f"https://host/{empty}/ViT-B-32.pt"}
    assert find_weights("ViT-B-32", "openai", right) == file
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(WeightsUnavailableError):
        find_weights("ViT-B-32", "openai", CONFIG)


def archive(path, *names):
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, b"")
    return path


def test_openais_archives_are_known_by_their_code(tmp_path):
    script = archive(tmp_path / "a.pt", "m/constants.pkl", "m/code/__torch__.py", "m/data.pkl")
    saved = archive(tmp_path / "b.pt", "m/data.pkl", "m/data/0")
    assert is_torchscript(script)
    assert trained_with_quick_gelu(script)
    assert not is_torchscript(saved)
    assert not trained_with_quick_gelu(saved)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"safetensors"])
def test_what_is_no_archive_is_no_torchscript(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    assert not is_torchscript(tmp_path / "x")


@pytest.mark.parametrize(
    ("name", "quick"),
    [
        ("models--timm--vit_base_patch32_clip_224.openai/snapshots/1/w.safetensors", True),
        ("ViT-B-32-openai.pt", True),
        ("vit_b_32-quickgelu-laion400m_e31.pt", True),
        ("ViT-B-32.pt", False),
        ("mine/final.pt", False),
    ],
)
def test_activation_follows_from_where_a_file_came_from(tmp_path, name, quick):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    assert trained_with_quick_gelu(path) is quick


@pytest.mark.parametrize(
    ("config", "quick"),
    [
        ('{"model_cfg": {"quick_gelu": true}}', True),
        ('{"model_cfg": {}}', False),
        ("[]", False),
        ("{", False),
    ],
)
def test_a_configuration_beside_the_file_decides(tmp_path, config, quick):
    (tmp_path / "open_clip_config.json").write_text(config)
    assert trained_with_quick_gelu(tmp_path / "openai.pt") is quick


@pytest.fixture
def hub(home, monkeypatch):
    """A hub that answers; what it holds is decided by the fetch that a test puts there."""
    monkeypatch.setattr(weights, "_reachable", lambda url: True)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    asked = []

    def holding(**files):
        def fetch(repository, name, local_files_only):
            asked.append((name, local_files_only))
            if local_files_only or name not in files:
                raise OSError("not here")
            return files[name]

        monkeypatch.setattr("huggingface_hub.hf_hub_download", fetch)
        return asked

    return holding


def test_weights_that_are_not_here_are_fetched_under_the_first_name_the_hub_knows(hub, tmp_path):
    second = weights.HUB_FILES[1]
    asked = hub(**{second: str(tmp_path / second)})
    assert find_weights("ViT-B-32", "openai", CONFIG) == tmp_path / second
    assert asked[-2:] == [(weights.HUB_FILES[0], False), (second, False)]
    assert all(local for _, local in asked[:-2])


def test_a_download_that_fails_names_three_ways_on(hub):
    hub()
    with pytest.raises(WeightsUnavailableError, match=r"the download failed.*connect once"):
        find_weights("ViT-B-32", "openai", CONFIG)


@pytest.mark.parametrize("status", [200, 404])
def test_a_hub_that_answers_anything_is_reachable(status):
    class Answer(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert weights._responds(f"http://127.0.0.1:{server.server_port}")
        thread.join(60)
