import numpy as np
import pandas as pd

from prefml.decisions.tags import FLAG_TAGS
from prefml.features.tags import flag_columns, tag_table

from ..models.made_up_pictures import made_up_data


def tags(*rows):
    marked = [
        {"project": project, "filename": name} | {flag: flag in flags for flag in FLAG_TAGS}
        for project, name, flags in rows
    ]
    return pd.DataFrame(marked)


def test_tags_are_joined_with_the_cues_of_their_picture():
    sidecars = made_up_data(logged=8, accepted=0, rejected=0).sidecars
    first, last = sidecars.index.iloc[0], sidecars.index.iloc[-1]
    table = tag_table(
        tags(
            (last["project"], last["filename"], {"wrist"}),
            (first["project"], first["filename"], set()),
            ("elsewhere", "none.png", {"limb"}),
        ),
        sidecars,
    )
    assert len(table) == 2
    assert table.project.tolist() == [last["project"], first["project"]]
    assert table.tagged["wrist"].tolist() == [True, False]
    assert not table.tagged["limb"].any()
    assert table.cues.iloc[0].equals(sidecars.cues.iloc[-1])


def test_the_score_of_the_flag_comes_first_and_what_is_not_measured_is_missing():
    cues = pd.DataFrame({"limb_anomaly": [2.0], "wrist_anomaly": [1.0], "hand_count": [3.0]})
    columns = flag_columns(cues, "wrist")
    assert columns[0, 0] == 1
    assert {2.0, 3.0} <= set(columns[0, 1:])
    assert np.isnan(columns).sum() == columns.size - 3


def test_every_flag_has_as_many_columns():
    shapes = {flag_columns(pd.DataFrame(index=range(2)), flag).shape for flag in FLAG_TAGS}
    assert len(shapes) == 1
