from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from prefml.encoders.spec import EncoderSpec
from prefml.features import choice_table, crop_columns, crop_table, image_rows
from prefml.features.settings import LEAST
from prefml.features.tables import ranking_cues
from prefml.imaging import people_cues
from prefml.imaging.cues import CUE_NAMES
from prefml.sidecars.generator import GeneratorSettings, settings_frame
from prefml.sidecars.store import Sidecars

SPEC = EncoderSpec(
    id="tiny", dim=3, size=8, resize="stretch", interpolation="bilinear", crop="none",
    mean=(0, 0, 0), std=(1, 1, 1), normalize="none", sha256="0" * 64, source="test",
    license="MIT",
)  # fmt: skip


@pytest.fixture
def sidecars():
    index = pd.DataFrame(
        [(p, f"{i}.png", f"{p}/{i}.png") for p in ("a", "b") for i in range(4)],
        columns=["project", "filename", "path"],
    )
    rng = np.random.default_rng(0)
    cues = pd.DataFrame(
        rng.random((8, 3)).astype(np.float32), columns=["sharpness", "saliency_grid_00", "noise"]
    )
    return Sidecars(
        index=index, embeddings=rng.random((8, 3)).astype(np.float32),
        hashes=np.array([f"{i:016x}" for i in range(8)]), cues=cues, encoder=SPEC,
        cue_identity="0",
    )  # fmt: skip


def items(*sets):
    """Return a frame of choices from (project, set, names); the first name is chosen."""
    rows = [
        {
            "project": project, "session_id": "s", "set_id": f"{project}/s/{key}",
            "filename": name, "chosen": name == names[0], "stage": float(place + 1),
            "timestamp": pd.Timestamp("2025-01-01", tz="UTC"), "corrected": False,
            "inclusion": 0.05 if key == "audited" else 1.0,
        }
        for project, key, names in sets for place, name in enumerate(names)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_each_row_is_one_picture_of_one_set(sidecars):
    table = choice_table(
        items(("a", 1, ["2.png", "0.png"]), ("b", 1, ["1.png", "3.png"])), sidecars
    )
    assert len(table) == len(table.X) == 4
    assert table.n_sets == 2
    assert table.y.tolist() == [1, 0, 1, 0]
    assert table.project.tolist() == ["a", "a", "b", "b"]
    assert table.hashes.tolist() == [f"{i:016x}" for i in (2, 0, 5, 7)]
    assert np.allclose(table.X["cue__sharpness"], sidecars.cues["sharpness"].iloc[[2, 0, 5, 7]])
    assert table.left_out == {}


def test_an_audited_set_keeps_the_probability_with_which_it_was_drawn(sidecars):
    choices = items(("a", "audited", ["2.png", "0.png"]), ("a", 2, ["1.png", "3.png"]))
    assert choice_table(choices, sidecars).inclusion.tolist() == [0.05, 0.05, 1, 1]


def test_a_set_with_a_picture_that_was_not_embedded_is_left_out_whole(sidecars):
    choices = items(("a", 1, ["2.png", "gone.png"]), ("a", 2, ["1.png", "0.png"]))
    table = choice_table(choices, sidecars)
    assert set(table.set_id) == {"a/s/2"}
    assert table.left_out == {"no_sidecar": 1}


def test_an_unknown_project_is_never_learned_from(sidecars):
    table = choice_table(items(("unknown", 1, ["2.png", "0.png"])), sidecars)
    assert len(table) == table.n_sets == 0
    assert table.left_out == {"unknown_project": 1}


def test_grids_of_where_things_lie_are_not_for_ranking(sidecars):
    names = choice_table(items(("a", 1, ["2.png", "0.png"])), sidecars).X.columns
    assert not any("grid" in name for name in names)
    assert {"stage", "set_size", "near__centroid", "cue_lower__noise", "emb_mean__0002"} <= set(
        names
    )


def test_new_pictures_get_the_columns_of_training(sidecars):
    table = choice_table(items(("a", 1, ["2.png", "0.png", "1.png"])), sidecars)
    rows = [2, 0, 1]
    fresh = image_rows(
        sidecars.embeddings[rows], sidecars.cues.iloc[rows], [1.0, 2.0, 3.0], ["new"] * 3
    )
    pd.testing.assert_frame_equal(fresh, table.X)


def test_row_order_changes_nothing_but_the_order(sidecars):
    choices = items(("a", 1, ["2.png", "0.png"]), ("b", 1, ["1.png", "3.png", "0.png"]))
    shuffled = choices.sample(frac=1, random_state=0)
    one, other = choice_table(choices, sidecars), choice_table(shuffled, sidecars)
    back = np.argsort(shuffled.index)
    assert np.allclose(one.X, other.X.iloc[back], equal_nan=True)
    assert other.y[back].tolist() == one.y.tolist()


def crops():
    return pd.DataFrame(
        {
            "project": ["a", "b"], "session_id": "s", "filename": ["0.png", "gone.png"],
            "x1": 0.0, "y1": 0.0, "x2": 0.5, "y2": 0.5, "width": [100, 200], "height": [50, 100],
            "stage": [2.0, np.nan], "timestamp": pd.Timestamp("2025-01-01", tz="UTC"),
        }
    )  # fmt: skip


def test_crops_without_pictures_have_size_aspect_and_stage():
    table = crop_table(crops())
    assert list(table.X.columns) == ["width", "height", "aspect", "megapixels", "stage"]
    assert table.size.tolist() == [[100, 50], [200, 100]]
    assert table.boxes.shape == (2, 4)


def test_crops_with_pictures_have_all_cues_and_leave_out_what_was_not_embedded(sidecars):
    table = crop_table(crops(), sidecars)
    assert len(table) == 1
    assert table.left_out == {"no_sidecar": 1}
    assert {"cue__saliency_grid_00", "emb__0002", "aspect"} <= set(table.X.columns)


def test_a_size_may_be_one_row():
    assert crop_columns([300, 100], [1.0])["aspect"].tolist() == [3.0]


def test_a_crop_that_was_taken_over_as_suggested_is_no_label():
    table = crop_table(crops().assign(corrected=[False, True], exposed=True))
    assert table.exposure.tolist() == ["overruled"]
    assert table.left_out == {"taken_over": 1}


def test_a_crop_drawn_without_sight_of_the_suggestion_is_one_whatever_it_came_to():
    table = crop_table(crops().assign(corrected=[False, True], exposed=False))
    assert table.exposure.tolist() == ["unseen", "unseen"]
    assert table.left_out == {}


def test_choices_tell_what_was_seen(sidecars):
    frame = items(("a", 1, ["2.png", "0.png"]), ("b", 1, ["1.png", "3.png"]))
    frame = frame.assign(corrected=frame["project"] == "b", exposed=True)
    exposure = choice_table(frame, sidecars).exposure
    assert exposure.tolist() == ["followed"] * 2 + ["overruled"] * 2


def test_what_is_seen_of_people_is_no_cue_of_the_whole_picture():
    cues = pd.DataFrame(np.zeros((1, len(CUE_NAMES))), columns=list(CUE_NAMES))
    assert not set(people_cues.NAMES) & set(ranking_cues(cues))


def test_what_is_seen_of_people_is_in_the_columns_of_a_choice_and_no_place_is():
    cues = pd.DataFrame(np.zeros((2, len(CUE_NAMES))), columns=list(CUE_NAMES))
    columns = set(image_rows(np.zeros((2, 3)), cues, [1.0, 2.0], [0, 0]))
    assert {"people__eyes_open", "people_lower__face_sharpness"} <= columns
    assert not any("point_" in name or name.endswith(("_x1", "_y2")) for name in columns)


def test_pictures_whose_people_were_not_looked_for_have_the_other_columns():
    cues = pd.DataFrame(np.zeros((2, len(CUE_NAMES))), columns=list(CUE_NAMES))
    old = cues.drop(columns=list(people_cues.NAMES))
    columns = [set(image_rows(np.zeros((2, 3)), one, [1.0, 2.0], [0, 0])) for one in (cues, old)]
    assert columns[1] == {name for name in columns[0] if not name.startswith("people")}


def test_without_settings_a_table_is_the_same_to_the_bit_and_with_them_they_come_last(sidecars):
    choices = items(("a", 1, ["2.png", "0.png"]), ("b", 1, ["1.png", "3.png"]))
    plain = choice_table(choices, sidecars).X
    silent = replace(sidecars, settings=settings_frame([GeneratorSettings()] * len(sidecars)))
    pd.testing.assert_frame_equal(choice_table(choices, silent).X, plain, check_exact=True)
    several = pd.concat([sidecars.index] * LEAST, ignore_index=True)
    several["filename"] = [f"{place // 8}-{name}" for place, name in enumerate(several["filename"])]
    several.loc[:7, "filename"] = sidecars.index["filename"]
    rows = np.tile(np.arange(len(sidecars)), LEAST)
    made = [GeneratorSettings("a1111", denoise=number / 10) for number in range(len(several))]
    many = replace(
        sidecars, index=several, embeddings=sidecars.embeddings[rows],
        hashes=sidecars.hashes[rows], cues=sidecars.cues.iloc[rows].reset_index(drop=True),
        settings=settings_frame(made),
    )  # fmt: skip
    found = choice_table(choices, many).X
    more = list(found.columns[len(plain.columns) :])
    pd.testing.assert_frame_equal(found.drop(columns=more), plain, check_exact=True)
    assert all(name.startswith("setting") for name in more)
    np.testing.assert_allclose(found["setting__denoise"], [0.2, 0.0, 0.5, 0.7], atol=1e-6)
