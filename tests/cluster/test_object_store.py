"""Sidecars in an object store that is spoken to by its own protocol, workers and all."""

from __future__ import annotations

import json
import os
import signal
import threading
import time

import pytest

pytest.importorskip("distributed", reason="needs the extra `scale`")
pytest.importorskip("s3fs", reason="needs s3fs")
pytest.importorskip("moto", reason="needs moto's server")

from prefml.cli import main
from prefml.cluster import connected
from prefml.doctor import examine
from prefml.exceptions import SidecarError
from prefml.sidecars.layout import list_parts
from prefml.sidecars.store import read_sidecars
from prefml.workspace import Workspace

from .conftest import PICTURES, Rows, start_workers
from .test_embed import embed

pytestmark = pytest.mark.slow
# What s3fs is given by fsspec's own configuration, here and in the workers: not to wait for long.
PATIENCE = {"connect_timeout": 5, "read_timeout": 20, "retries": {"max_attempts": 1}}


class Store:
    """A server of moto behind a door that can be slow, or refuse."""

    def __init__(self) -> None:
        from moto.server import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import make_server

        self.backend = DomainDispatcherApplication(create_backend_app)
        self.delay, self.refused, self.asked = 0.0, lambda number, method: False, 0
        self.server = make_server("127.0.0.1", 0, self, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __call__(self, environ, start_response):
        time.sleep(self.delay)
        self.asked += 1
        if self.refused(self.asked, environ["REQUEST_METHOD"]):
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            # What follows the head of an answer to HEAD is read as the next answer.
            if environ["REQUEST_METHOD"] == "HEAD":
                return []
            return [b"<Error><Code>AccessDenied</Code><Message>not now</Message></Error>"]
        return self.backend(environ, start_response)

    def open(self):
        self.delay, self.refused, self.asked = 0.0, lambda number, method: False, 0


@pytest.fixture(scope="module")
def store():
    with pytest.MonkeyPatch.context() as patch:
        made = Store()
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ENDPOINT_URL", made.url)
        import fsspec
        import s3fs

        patch.setitem(fsspec.config.conf, "s3", {"config_kwargs": PATIENCE})
        patch.setenv("FSSPEC_S3", json.dumps({"config_kwargs": PATIENCE}))
        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().mkdir("bucket")
        yield made
        made.server.shutdown()


@pytest.fixture
def elsewhere(store, pictures, request):
    """Return a workspace whose sidecars lie in the store."""
    store.open()
    place = f"s3://bucket/{abs(hash(request.node.name))}/side car"
    text = (pictures.root / "prefml.toml").read_text()
    (pictures.root / "prefml.toml").write_text(f"{text}sidecar = {place!r}\n")
    yield Workspace.open(pictures.root)
    store.open()


@pytest.fixture(scope="module")
def own_cluster(store):
    """Workers that were started where the store is known."""
    with start_workers() as running:
        yield running.scheduler_address


@pytest.mark.parametrize("delay", [0, 0.05], ids=["quick", "slow"])
def test_the_rows_are_those_of_one_machine(store, elsewhere, own_cluster, alone, delay, capsys):
    store.delay = delay
    words = ["--workspace", str(elsewhere.root), "embed", "--batch-size", "5", "--json"]
    assert main([*words, "--scheduler", own_cluster]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["computed"], report["failed"]) == (PICTURES, 1)
    store.open()
    assert Rows(elsewhere.sidecars) == alone
    assert not (elsewhere.root / "data").exists()
    assert list_parts(elsewhere.sidecars) == []
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["reused"] == PICTURES


def test_a_worker_killed_in_the_middle_loses_nothing(elsewhere, alone):
    def kill_one(results, total):
        for number, result in enumerate(results, 1):
            if number == 8:
                os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
            yield result

    with start_workers() as running, connected(running.scheduler_address) as client:
        report = embed(elsewhere, client, kill_one)
    assert (report.computed, report.failed) == (PICTURES, 1)
    assert Rows(elsewhere.sidecars) == alone


@pytest.mark.parametrize("share", [0, 0.3, 0.7])
def test_a_store_that_refuses_ends_the_run_which_is_taken_up_later(
    store, elsewhere, own_cluster, alone, share
):
    with connected(own_cluster) as client:
        embed(elsewhere, client)
        asked = store.asked
        wipe(elsewhere)
        store.asked, last = 0, int(share * asked)
        store.refused = lambda number, method: number > last
        with pytest.raises(SidecarError, match=r"s3://.*expected a store.*run: the same command"):
            embed(elsewhere, client)
        store.open()
        report = embed(elsewhere, client)
    assert report.computed + report.reused == PICTURES
    assert report.repaired == ()
    assert Rows(elsewhere.sidecars) == alone
    assert list_parts(elsewhere.sidecars) == []


def test_what_a_store_refuses_to_show_is_neither_absent_nor_damaged(
    store, elsewhere, own_cluster, alone
):
    with connected(own_cluster) as client:
        embed(elsewhere, client)
    store.refused = lambda number, method: True
    for command in ("embed", "duplicates"):
        assert main(["--workspace", str(elsewhere.root), command]) == 1
    (checked,) = (one for one in examine(elsewhere) if one.name == "sidecars")
    assert not checked.ok
    assert checked.fix.startswith("the same command")
    with pytest.raises(SidecarError, match="a store that answers"):
        read_sidecars(elsewhere.sidecars)
    # Any request may be the first that is refused; tests/sidecars tries each, in memory.
    store.open()
    read_sidecars(elsewhere.sidecars)
    for last in range(0, store.asked, max(1, store.asked // 8)):
        store.asked = 0
        store.refused = lambda number, method, last=last: number > last
        with pytest.raises(SidecarError, match="a store that answers"):
            read_sidecars(elsewhere.sidecars)
    store.open()
    assert Rows(elsewhere.sidecars) == alone


def test_a_bucket_that_is_not_there_is_one_clear_line(store, elsewhere, own_cluster, capsys):
    (elsewhere.root / "prefml.toml").write_text('encoder = "builtin"\nsidecar = "s3://nosuch/x"\n')
    words = ["--workspace", str(elsewhere.root), "embed"]
    assert main([*words, "--scheduler", own_cluster]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "s3://nosuch/x" in lines[0]
    assert "bucket" in lines[0]


def wipe(workspace):
    folder = workspace.sidecars
    folder.fs.rm(folder.path, recursive=True)
    assert list_parts(folder) == []
