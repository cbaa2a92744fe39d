from __future__ import annotations

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from prefml.exceptions import EncoderError, SidecarError, WorkspaceError
from prefml.imaging import colour, cues
from prefml.imaging.decode import decode
from prefml.imaging.hashing import phash
from prefml.sidecars import build as build_module
from prefml.sidecars import plan, schema
from prefml.sidecars.build import BuildOptions, build_sidecars
from prefml.sidecars.lock import run_lock
from prefml.sidecars.store import read_sidecars
from prefml.workspace import Config, Workspace

from ..imaging.profiles import rgb_profile
from .conftest import FirstFolder, MeanColour, draw, files_of, same

FILES = ("embeddings", "hashes", "cues")


def counts(report) -> tuple[int, int, int, int]:
    return report.images, report.computed, report.reused, report.failed


def test_each_row_holds_what_its_picture_gives(workspace, build, read):
    assert counts(build()) == (10, 10, 0, 0)
    sidecars = read()
    encoder = MeanColour()
    for place, row in enumerate(sidecars.index.itertuples()):
        shown = decode(workspace.root / row.path)
        prepared = encoder.preprocess(shown.image)
        assert np.array_equal(sidecars.embeddings[place], encoder.encode([prepared])[0])
        assert sidecars.hashes[place] == phash(shown)
        expected = np.array(list(cues.measure(shown).values()), np.float32)
        assert np.array_equal(sidecars.cues.iloc[place].to_numpy(), expected, equal_nan=True)


def test_each_file_opens_in_pandas_with_its_keys(workspace, build):
    build()
    keys = ["project", "filename", "path", "file_size", "mtime_ns"]
    own = {"embeddings": ["embedding"], "hashes": ["phash"], "cues": ["stage", *cues.CUE_NAMES]}
    own["cues"] += cues.list_names()
    for kind in FILES:
        frame = pd.read_parquet(workspace.sidecars / f"{kind}.parquet")
        assert list(frame.columns) == keys + own[kind]
        assert len(frame) == 10


def test_every_cue_group_is_stored(workspace, build, read, every_cue):
    build()
    assert tuple(read().cues.columns) == every_cue


def test_stage_comes_from_the_name(tmp_path):
    draw(tmp_path / "images/p/20250708_060500_stage1.5_face_swapped.png", 1)
    draw(tmp_path / "images/p/holiday.png", 2)
    build_sidecars(Workspace.open(tmp_path), FirstFolder(), MeanColour())
    stages = read_sidecars(tmp_path / "data/sidecar").index["stage"].to_list()
    assert stages[0] == 1.5
    assert np.isnan(stages[1])


def test_second_run_computes_nothing_and_writes_nothing(workspace, build):
    build()
    before = {path: path.stat().st_mtime_ns for path in workspace.sidecars.rglob("*")}
    encoder = MeanColour()
    assert counts(build(encoder)) == (10, 0, 10, 0)
    assert encoder.encoded == 0
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_second_run_decodes_nothing(build, monkeypatch):
    build()
    monkeypatch.setattr(build_module, "derive_all", lambda *_: pytest.fail("decoded again"))
    build()


def test_changed_picture_is_computed_again(workspace, build, read):
    build()
    changed = workspace.root / read().index["path"][3]
    draw(changed, 99)
    assert counts(build()) == (10, 1, 9, 0)
    expected = MeanColour().preprocess(decode(changed).image)
    assert np.array_equal(read().embeddings[3], expected)


def test_same_bytes_at_another_time_are_computed_again(workspace, build, read):
    build()
    os.utime(workspace.root / read().index["path"][0], ns=(1, 1))
    assert counts(build()) == (10, 1, 9, 0)


def test_new_picture_is_added(workspace, build, read):
    build()
    draw(workspace.root / "images/p0/new.png", 50)
    assert counts(build()) == (11, 1, 10, 0)
    assert "new.png" in read().index["filename"].to_list()


def test_deleted_picture_drops_out(workspace, build, read):
    build()
    gone = read().index["path"][2]
    (workspace.root / gone).unlink()
    assert counts(build()) == (9, 0, 9, 0)
    assert gone not in read().index["path"].to_list()


def test_moved_picture_keeps_its_row_and_gets_its_path(workspace, build, read):
    build()
    before = read()
    old = workspace.root / before.index["path"][1]
    new = old.parent / "sub" / old.name
    new.parent.mkdir()
    shutil.move(old, new)
    assert counts(build()) == (10, 0, 10, 0)
    after = read()
    assert after.index["path"][1] == new.relative_to(workspace.root).as_posix()
    assert np.array_equal(after.embeddings, before.embeddings)


def test_force_computes_everything_again(build, read):
    build()
    before = read()
    encoder = MeanColour()
    assert counts(build(encoder, force=True)) == (10, 10, 0, 0)
    assert encoder.encoded == 10
    assert same(before, read())


def test_another_encoder_replaces_every_embedding(build, read):
    build()
    before = read()
    other = MeanColour("other", factor=2)
    assert counts(build(other)) == (10, 10, 0, 0)
    after = read()
    assert after.encoder == other.spec
    assert np.array_equal(after.embeddings, before.embeddings * 2)
    assert after.cues.equals(before.cues)


def test_another_encoder_takes_over_hashes_and_cues(build, monkeypatch):
    build()
    monkeypatch.setattr(cues, "measure", lambda _: pytest.fail("measured again"))
    build(MeanColour("other"))


def test_another_cue_set_takes_over_embeddings(build, read, monkeypatch):
    build()
    before = read()
    extra = SimpleNamespace(NAMES=("extra",), measure=lambda picture: {"extra": 7.0})
    monkeypatch.setattr(cues, "GROUPS", (*cues.GROUPS, extra))
    monkeypatch.setattr(cues, "CUE_NAMES", (*cues.CUE_NAMES, "extra"))
    encoder = MeanColour()
    assert counts(build(encoder)) == (10, 10, 0, 0)
    after = read()
    assert encoder.encoded == 0
    assert np.array_equal(after.embeddings, before.embeddings)
    assert (after.cues["extra"] == 7).all()
    assert after.cues.drop(columns="extra").equals(before.cues)


def earlier_decoding(workspace, monkeypatch, build):
    """Embed as the version did that left colour profiles aside."""
    with monkeypatch.context() as patch:
        patch.setattr(colour, "_transform", lambda profile, mode: None)
        patch.setattr(schema, "DECODING_VERSION", 1)
        of = schema.Provenance.of
        early = classmethod(lambda cls, encoder: replace(of(encoder), decoding=1))
        patch.setattr(schema.Provenance, "of", early)
        build()


def test_only_pictures_that_decode_to_other_pixels_are_computed_anew(
    workspace, build, read, monkeypatch
):
    wide = workspace.root / "images/p0/wide.png"
    pixels = np.random.default_rng(5).integers(0, 256, (30, 40, 3), np.uint8)
    Image.fromarray(pixels).save(wide, icc_profile=rgb_profile("rec2020"))
    earlier_decoding(workspace, monkeypatch, build)
    before = read()
    assert counts(build()) == (11, 1, 10, 0)
    after = read()
    place = list(after.index["filename"]).index("wide.png")
    shown = decode(wide)
    assert after.cues["colourfulness"].iloc[place] == pytest.approx(
        cues.measure(shown)["colourfulness"], rel=1e-5
    )
    changed = {name for name, row in by_name(after).items() if row != by_name(before)[name]}
    assert changed == {"wide.png"}


def by_name(sidecars):
    rows = zip(sidecars.index["filename"], sidecars.embeddings.tolist(), strict=True)
    return {name: (row, sidecars.cues.iloc[place].tolist()) for place, (name, row) in
            enumerate(rows)}  # fmt: skip


def test_rows_of_an_earlier_decoding_are_looked_at_once(workspace, build, read, monkeypatch):
    earlier_decoding(workspace, monkeypatch, build)
    assert counts(build()) == (10, 0, 10, 0)
    monkeypatch.setattr(plan, "is_decoded_anew", lambda path, version: version < 2)
    assert counts(build()) == (10, 0, 10, 0)


def test_a_picture_whose_header_cannot_be_read_anymore_is_reported(workspace, build, monkeypatch):
    earlier_decoding(workspace, monkeypatch, build)
    path = next((workspace.root / "images/p0").iterdir())
    times = path.stat()
    path.write_bytes(bytes(times.st_size))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert counts(build()) == (10, 0, 9, 1)


def test_of_an_animation_the_first_frame_counts_and_it_is_said(workspace, build):
    frames = [Image.effect_noise((40, 30), 20 + 9 * n).convert("RGB") for n in range(3)]
    path = workspace.root / "images/p0/moving.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert build().first_frames == ("images/p0/moving.gif",)
    assert build().first_frames == ()


def test_encoders_are_never_mixed_when_a_switch_is_interrupted(build, read):
    build()
    before = read()
    with pytest.raises(EncoderError, match="broke"):
        build(Breaking("other", after=1))
    assert same(before, read())
    assert counts(build()) == (10, 0, 10, 0)
    assert same(before, read())


class Breaking(MeanColour):
    """Encoder that fails after some batches."""

    def __init__(self, name: str = "mean", after: int = 0) -> None:
        super().__init__(name)
        self.left = after

    def encode(self, batch):
        if not self.left:
            raise EncoderError("the encoder broke")
        self.left -= 1
        return super().encode(batch)


def test_failed_run_keeps_its_finished_batches(build, read):
    with pytest.raises(EncoderError, match="broke"):
        build(Breaking(after=2))
    assert counts(build()) == (10, 2, 8, 0)
    assert len(read()) == 10


@pytest.mark.parametrize(
    ("values", "message"), [(np.full((4, 3), np.nan), "not finite"), (np.ones((4, 2)), "4, 2")]
)
def test_unusable_vectors_stop_the_run(build, values, message):
    encoder = MeanColour()
    encoder.encode = lambda batch: values
    with pytest.raises(EncoderError, match=message):
        build(encoder)


def test_broken_pictures_are_reported_and_skipped(workspace, build, read):
    folder = workspace.root / "images/p0"
    (folder / "empty.png").touch()
    (folder / "text.png").write_text("not a picture")
    whole = next(folder.glob("2025*.png")).read_bytes()
    (folder / "short.png").write_bytes(whole[: len(whole) // 2])
    (folder / "x.png").mkdir()
    os.mkfifo(folder / "pipe.png")
    report = build()
    assert counts(report) == (15, 10, 0, 5)
    names = {failure.path.split("/")[-1] for failure in report.failures}
    assert names == {"empty.png", "text.png", "short.png", "x.png", "pipe.png"}
    assert all(str(workspace.root) not in failure.reason for failure in report.failures)
    lines = (workspace.sidecars / "failures.jsonl").read_text().splitlines()
    assert [json.loads(line)["path"] for line in lines] == [one.path for one in report.failures]
    assert len(read()) == 10


def test_mended_picture_is_taken_in(workspace, build, read):
    broken = workspace.root / "images/p0/broken.png"
    broken.write_text("not yet")
    build()
    draw(broken, 5)
    assert counts(build()) == (11, 1, 10, 0)
    assert (workspace.sidecars / "failures.jsonl").read_text() == ""


def test_oversized_picture_is_skipped(workspace, read):
    draw(workspace.root / "images/p0/large.png", 1, size=(200, 100))
    small = Workspace(workspace.root, Config(max_pixels=10_000), workspace.artifacts)
    report = build_sidecars(small, FirstFolder(), MeanColour())
    assert counts(report) == (11, 10, 0, 1)
    assert "200x100" in report.failures[0].reason


def test_failure_inside_an_encoder_counts_for_its_picture_alone(workspace, build):
    draw(workspace.root / "images/p0/odd.png", 1, size=(7, 7))
    encoder = MeanColour()
    plain = encoder.preprocess

    def preprocess(image):
        if image.size == (7, 7):
            raise ZeroDivisionError("odd")
        return plain(image)

    encoder.preprocess = preprocess
    report = build(encoder)
    assert counts(report) == (11, 10, 0, 1)
    assert report.failures[0].reason == "ZeroDivisionError: odd"


def test_all_pictures_broken_is_a_report_not_an_error(tmp_path):
    (tmp_path / "images/p").mkdir(parents=True)
    (tmp_path / "images/p/a.png").touch()
    workspace = Workspace.open(tmp_path)
    assert counts(build_sidecars(workspace, FirstFolder(), MeanColour())) == (1, 0, 0, 1)
    assert len(read_sidecars(workspace.sidecars)) == 0


def test_no_picture_at_all_is_one_clear_error(tmp_path):
    (tmp_path / "images").mkdir()
    with pytest.raises(WorkspaceError, match=r"no pictures.*\.png.*below images/.*prefml embed"):
        build_sidecars(Workspace.open(tmp_path), FirstFolder(), MeanColour())


def test_vanished_image_folder_leaves_the_sidecars_alone(workspace, build, read):
    build()
    (workspace.root / "images").rename(workspace.root / "away")
    with pytest.raises(WorkspaceError):
        build()
    assert len(read()) == 10


def test_a_second_run_at_the_same_time_is_refused(workspace, build):
    with (
        run_lock(workspace.sidecars),
        pytest.raises(SidecarError, match="another prefml embed is at work"),
    ):
        build()
    assert counts(build()) == (10, 10, 0, 0)


def test_folder_that_cannot_be_written_is_one_clear_error(workspace, build):
    (workspace.root / "data").write_text("a file where a folder should be")
    with pytest.raises(SidecarError, match="expected a folder that can be written"):
        build()


def test_full_disk_is_one_clear_error_and_the_next_run_goes_on(build, read, monkeypatch):
    write, calls = build_module.write_part, []

    def full(*arguments):
        calls.append(arguments)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return write(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(build_module, "write_part", full)
        with pytest.raises(SidecarError, match="No space left"):
            build()
    assert counts(build()) == (10, 6, 4, 0)
    assert len(read()) == 10


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("damage", ["gone", "short", "text", "foreign"])
def test_damaged_sidecars_are_made_again(workspace, build, read, kind, damage):
    build()
    before = read()
    path = files_of(workspace.sidecars, kind)[0]
    if damage == "gone":
        path.unlink()
    elif damage == "short":
        path.write_bytes(path.read_bytes()[:-20])
    elif damage == "text":
        path.write_text("hello")
    else:
        pd.read_parquet(path).to_parquet(path)
    report = build()
    assert counts(report) == (10, 5, 5, 0)
    assert kind in report.repaired[0]
    assert same(before, read())


def test_damaged_part_is_made_again(workspace, build, read):
    with pytest.raises(EncoderError):
        build(Breaking(after=2))
    part = sorted((workspace.sidecars / "parts").glob("part-*"))[0]
    part.write_bytes(part.read_bytes()[:100])
    report = build()
    assert counts(report) == (10, 6, 4, 0)
    assert len(report.repaired) == 1
    assert list((workspace.sidecars / "parts").iterdir()) == []


def test_batch_size_and_workers_change_nothing_that_is_written(workspace, build, read):
    build()
    before = read()
    for batch_size, workers in ((1, 1), (3, 4), (100, 1)):
        options = BuildOptions(batch_size, workers, force=True)
        build_sidecars(workspace, FirstFolder(), MeanColour(), options)
        assert same(before, read())


def test_progress_sees_every_picture(workspace):
    seen = []

    def progress(results, total):
        seen.append(total)
        for result in results:
            seen.append(result)
            yield result

    build_sidecars(workspace, FirstFolder(), MeanColour(), progress=progress)
    assert seen[0] == len(seen) - 1 == 10


def test_grayscale_and_tiny_pictures_are_embedded(workspace, build):
    Image.new("L", (1, 1)).save(workspace.root / "images/p0/dot.png")
    Image.new("L", (1, 3000), 80).save(workspace.root / "images/p0/line.png")
    assert counts(build()) == (12, 12, 0, 0)


def test_one_workspace_can_be_read_by_many_threads(build, read):
    build()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: read(), range(8)))
    assert all(same(results[0], one) for one in results)


def test_another_encoder_and_other_cues_at_once_make_every_row_anew(build, read, monkeypatch):
    build()
    extra = SimpleNamespace(NAMES=("extra",), measure=lambda picture: {"extra": 7.0})
    monkeypatch.setattr(cues, "GROUPS", (*cues.GROUPS, extra))
    monkeypatch.setattr(cues, "CUE_NAMES", (*cues.CUE_NAMES, "extra"))
    encoder = MeanColour("other")
    assert counts(build(encoder)) == (10, 10, 0, 0)
    assert encoder.encoded == 10
    assert read().encoder == encoder.spec
