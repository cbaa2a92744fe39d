import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from prefml.decisions.tags import FLAG_TAGS, LEAST_TAGGED
from prefml.exceptions import ModelFileError
from prefml.models import tag_flags
from prefml.models.tag_flags import FILE, read_flags, train_flags
from prefml.workspace import Workspace

from .made_up_pictures import made_up_data


@pytest.fixture
def learn(tmp_path, monkeypatch):
    """Return a function that plants tags on pictures with a wrist score, and trains flags."""

    def run(tagged=60, told=5.0, flag="wrist", seed=0):
        data = made_up_data(logged=160, accepted=0, rejected=0)
        sidecars, n = data.sidecars, len(data.sidecars)
        rng = np.random.default_rng(seed)
        marks = np.zeros(n, bool)
        marks[rng.permutation(n)[:tagged]] = True
        scores = {f"{name}_anomaly": rng.normal(0, 0.4, n) for name in FLAG_TAGS}
        scores[f"{flag}_anomaly"] += told * 0.4 * marks
        cues = pd.concat([sidecars.cues, pd.DataFrame(scores).astype(np.float32)], axis=1)
        own = {name: marks & (name == flag) for name in FLAG_TAGS}
        tags = pd.DataFrame({
            "project": sidecars.index["project"], "filename": sidecars.index["filename"], **own,
        })  # fmt: skip
        monkeypatch.setattr(tag_flags, "read_tags", lambda workspace: tags)
        workspace = Workspace.open(tmp_path)
        return workspace, train_flags(workspace, replace(sidecars, cues=cues))

    return run


@pytest.mark.parametrize("flag", FLAG_TAGS)
def test_planted_tags_train_their_flag_and_no_other(learn, flag):
    workspace, learned = learn(flag=flag)
    one = learned.flags[flag]
    assert one.right / one.flagged >= 0.9
    assert one.right > 0.4 * one.tagged
    assert (one.why_not, one.tagged, one.projects) == ("", 60, 4)
    assert list(read_flags(workspace)) == [flag]


def test_what_was_written_flags_as_what_was_learned(learn):
    workspace, learned = learn()
    X = np.random.default_rng(1).normal(size=(50, len(learned.models["wrist"].weights)))
    read = read_flags(workspace)["wrist"]
    assert np.array_equal(read.predict(X), learned.models["wrist"].predict(X))


def test_with_fewer_tags_the_default_limits_stay_and_the_missing_ones_are_counted(learn):
    workspace, learned = learn(tagged=LEAST_TAGGED - 6)
    assert learned.flags["wrist"].why_not == "needs 6 tagged pictures more"
    assert learned.flags["limb"].why_not == (
        "needs 20 tagged pictures more and tags in 3 more projects"
    )
    assert read_flags(workspace) == {}


def test_tags_that_the_scores_do_not_tell_leave_the_default_limits(learn):
    workspace, learned = learn(told=0.0)
    assert "held-out projects" in learned.flags["wrist"].why_not
    assert read_flags(workspace) == {}


def test_flags_that_are_seldom_right_say_how_seldom(monkeypatch, learn):
    monkeypatch.setattr(tag_flags, "hold_out_flags", lambda *_: tag_flags.HeldOutFlags(20, 11, 60))
    _, learned = learn()
    assert learned.flags["wrist"].why_not == (
        "11 of 20 flags right on held-out projects, 90% are needed"
    )


def test_a_training_without_tags_takes_back_what_was_learned(learn):
    learn()
    workspace, _ = learn(tagged=0)
    assert read_flags(workspace) == {}


def test_without_pictures_nothing_is_written(tmp_path):
    workspace = Workspace.open(tmp_path)
    assert train_flags(workspace, None) is None
    assert read_flags(workspace) == {}


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:40],
        lambda text: "[]",
        lambda text: text.replace("prefml/flags/1", "prefml/flags/9"),
        lambda text: text.replace(json.loads(text)["cues"], "other"),
        lambda text: text.replace('"limit"', '"limits"'),
        lambda text: "\udcff".encode("utf-8", "surrogateescape"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_what_to_run(learn, change):
    workspace, _ = learn()
    path = workspace.artifacts / FILE
    changed = change(path.read_text())
    path.write_bytes(changed if isinstance(changed, bytes) else changed.encode())
    with pytest.raises(ModelFileError, match="prefml train"):
        read_flags(workspace)
