"""Keep sidecars in another place than the workspace, named by a URL."""

from __future__ import annotations

import itertools

import pytest

from prefml.exceptions import ConfigError, SidecarError, WorkspaceError
from prefml.sidecars.build import BuildOptions, build_sidecars
from prefml.sidecars.layout import list_parts
from prefml.sidecars.places import is_refusal
from prefml.sidecars.store import read_sidecars
from prefml.workspace import Workspace

from .conftest import FirstFolder, Killed, MeanColour, die_at, same


def configured(workspace: Workspace, place: str) -> Workspace:
    (workspace.root / "prefml.toml").write_text(f"sidecar = {place!r}\n")
    return Workspace.open(workspace.root)


@pytest.fixture
def in_memory(workspace, tmp_path) -> Workspace:
    pytest.importorskip("upath", reason="needs the extra `scale`")
    return configured(workspace, f"memory://{tmp_path.name}/side car")


@pytest.fixture(params=["memory", "file", "folder"])
def elsewhere(request, workspace, tmp_path_factory) -> Workspace:
    if request.param == "memory":
        return request.getfixturevalue("in_memory")
    outside = tmp_path_factory.mktemp("outside") / "side car"
    return configured(workspace, outside.as_uri() if request.param == "file" else "cache/sidecar")


def embed(workspace, encoder=None, **options):
    options = BuildOptions(batch_size=4, workers=2, **options)
    return build_sidecars(workspace, FirstFolder(), encoder or MeanColour(), options)


def test_the_rows_are_those_of_the_usual_place(build, read, elsewhere):
    build()
    assert embed(elsewhere).computed == 10
    assert same(read_sidecars(elsewhere.sidecars), read())
    assert embed(elsewhere).reused == 10
    assert list_parts(elsewhere.sidecars) == []


def test_failures_are_written_beside_them(workspace, elsewhere):
    (workspace.root / "images" / "p0" / "broken.png").write_bytes(b"")
    assert embed(elsewhere).failed == 1
    assert "broken.png" in (elsewhere.sidecars / "failures.jsonl").read_text()
    assert not (workspace.root / "data").exists()


def test_absent_sidecars_name_the_command(elsewhere):
    with pytest.raises(SidecarError, match="run: prefml embed"):
        read_sidecars(elsewhere.sidecars)


def test_damaged_ones_are_made_again(elsewhere):
    embed(elsewhere)
    next((elsewhere.sidecars / "cues.parquet").glob("*/*.parquet")).write_bytes(b"PAR1")
    report = embed(elsewhere)
    assert (report.computed, len(report.repaired)) == (5, 1)
    assert len(read_sidecars(elsewhere.sidecars)) == 10


@pytest.mark.parametrize("place", ["/somewhere", "../beside"])
def test_a_folder_outside_needs_a_url(workspace, place):
    with pytest.raises(WorkspaceError, match="lies outside"):
        _ = configured(workspace, place).sidecars


@pytest.mark.parametrize("url", ["nosuch://bucket", "hdfs3+://x"])
def test_an_unknown_file_system_is_named(workspace, url):
    pytest.importorskip("upath", reason="needs the extra `scale`")
    with pytest.raises(ConfigError, match="whose file system is installed"):
        _ = configured(workspace, url).sidecars


@pytest.mark.slow
def test_every_request_to_an_object_store_may_be_the_last(in_memory, monkeypatch):
    from fsspec.implementations.memory import MemoryFileSystem

    steps = [(MemoryFileSystem, name) for name in ("put_file", "cp_file", "rm", "_open")]
    embed(in_memory, MeanColour("first"))
    old = read_sidecars(in_memory.sidecars)
    embed(in_memory, MeanColour("other"), force=True)
    new = read_sidecars(in_memory.sidecars)
    for moment in itertools.count():
        embed(in_memory, MeanColour("first"), force=True)
        with monkeypatch.context() as patch:
            die_at(patch, moment, steps)
            try:
                embed(in_memory, MeanColour("other"))
                break
            except Killed:
                pass
        readable = read_sidecars(in_memory.sidecars)
        assert same(readable, old) or same(readable, new)
        assert embed(in_memory, MeanColour("other")).failed == 0
        assert same(read_sidecars(in_memory.sidecars), new)
        assert list_parts(in_memory.sidecars) == []
        assert not [*in_memory.sidecars.glob("*.next"), *in_memory.sidecars.glob("commit*")]
    assert moment > 15


REFUSALS = [
    OSError(5, "not now"),
    PermissionError("Forbidden"),
    TimeoutError("no answer"),
    ConnectionResetError("gone"),
    type("ClientError", (Exception,), {"__module__": "botocore.exceptions"})("SlowDown"),
]
# Every request of the file system in memory, which a store may refuse.
REQUESTS = ("ls", "info", "_open", "put_file", "cp_file", "rm")


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("refused", [("ls",), ("info",), ("_open",), REQUESTS])
def test_what_a_store_refuses_to_show_is_neither_absent_nor_damaged(
    in_memory, monkeypatch, error, refused
):
    from fsspec.implementations.memory import MemoryFileSystem

    embed(in_memory)
    sound = read_sidecars(in_memory.sidecars)

    def refuse(*words, **options):
        raise error

    with monkeypatch.context() as patch:
        for name in refused:
            patch.setattr(MemoryFileSystem, name, refuse)
        for work in (lambda: read_sidecars(in_memory.sidecars), lambda: embed(in_memory)):
            with pytest.raises(SidecarError, match="a store that answers and takes files"):
                work()
    report = embed(in_memory)
    assert (report.computed, report.repaired) == (0, ())
    assert same(read_sidecars(in_memory.sidecars), sound)


def refuse_after(patch, allowed):
    """Let the store refuse every request beyond so many."""
    from fsspec.implementations.memory import MemoryFileSystem

    counted = itertools.count()

    def limited(whole):
        def ask(*words, **options):
            if next(counted) >= allowed:
                raise PermissionError("Forbidden")
            return whole(*words, **options)

        return ask

    for name in REQUESTS:
        patch.setattr(MemoryFileSystem, name, limited(getattr(MemoryFileSystem, name)))


@pytest.mark.slow
def test_any_request_may_be_refused_and_the_next_run_goes_on(in_memory, monkeypatch):
    embed(in_memory, MeanColour("other"))
    new, said = read_sidecars(in_memory.sidecars), []
    for allowed in itertools.count():
        embed(in_memory, MeanColour("first"), force=True)
        with monkeypatch.context() as patch:
            refuse_after(patch, allowed)
            try:
                embed(in_memory, MeanColour("other"))
                break
            except SidecarError as error:
                said.append("a store that answers" in str(error))
        assert embed(in_memory, MeanColour("other")).repaired == ()
        assert same(read_sidecars(in_memory.sidecars), new)
        assert list_parts(in_memory.sidecars) == []
    assert len(said) > 30
    assert all(said)


def test_damage_is_no_refusal(in_memory, tmp_path):
    path = in_memory.sidecars
    assert not is_refusal(path, OSError("Couldn't deserialize thrift"))
    assert not is_refusal(path, SidecarError("damaged"))
    assert not is_refusal(path, FileNotFoundError(2, "absent"))
    assert not is_refusal(tmp_path, PermissionError(13, "not readable"))
