import csv
import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions.set_rule import SetRule
from prefml.decisions.stages import STAGES, form_sets
from prefml.suggest.grouping import form_groups
from prefml.suggest.grouping.by_stage import group_by_stage

from .pictures import alone_of, pictures, sets_of, sources

LOGS = Path(__file__).resolve().parents[4] / "shared" / "data" / "real_logs"

names = st.lists(
    st.builds(
        lambda at, word: f"20250101_{at // 60:04}{at % 60:02}_{word}.png",
        st.integers(0, 400),
        st.sampled_from([*STAGES, "other"]),
    ),
    unique=True,
    max_size=30,
)


@given(files=names, gap=st.none() | st.integers(1, 300), data=st.data())
def test_the_rule_forms_the_sets_of_todays_function_in_any_order(files, gap, data):
    formed = form_sets(files, gap)
    for name in ("stages", "auto") if formed.sets else ("stages",):
        shuffled = pictures(*data.draw(st.permutations(files)))
        made = form_groups(shuffled, SetRule(name=name, max_gap=gap), sources())
        assert sorted(map(tuple, sets_of(made))) == sorted(formed.sets)
        assert sorted(alone_of(made)) == formed.lone


def logged_names():
    """Return every file name in the person's logs, by folder."""
    folders = {}
    for path in LOGS.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                for cell in row:
                    try:
                        found = json.loads(cell.replace("'", '"')) if "[" in cell else [cell]
                    except ValueError:
                        continue
                    for one in found:
                        folder, _, name = str(one).rpartition("/")
                        if folder and name.endswith(".png"):
                            folders.setdefault(folder.split("/")[-1], set()).add(name)
    return folders


@pytest.mark.shared
@pytest.mark.skipif(not LOGS.is_dir(), reason="the real logs are not beside the project")
def test_the_names_in_the_real_logs_form_exactly_the_sets_of_the_stages():
    folders = logged_names()
    assert sum(map(len, folders.values())) > 5000
    for number, (_, found) in enumerate(sorted(folders.items())):
        files = sorted(found)
        formed = form_sets(files)
        random.Random(number).shuffle(files)
        made = form_groups(pictures(*files), SetRule(), sources())
        assert sorted(map(tuple, sets_of(made))) == sorted(formed.sets)
        assert sorted(alone_of(made)) == formed.lone


def test_other_stage_words_rise_in_the_stated_order():
    files = ["20250101_000000_draft.png", "20250101_000100_inked.png", "20250101_000200_draft.png"]
    rule = SetRule(name="stages", stages=("draft", "inked"))
    made = group_by_stage(pictures(*files), rule)
    assert sets_of(made) == [files[:2]]
    assert alone_of(made) == {files[2]: "no higher or lower stage beside it"}


def test_a_name_without_a_stage_is_told_the_form():
    made = group_by_stage(pictures("holiday.png"), SetRule(name="stages"))
    assert "YYYYMMDD_HHMMSS_STAGE" in alone_of(made)["holiday.png"]


def test_more_stages_than_a_set_may_have_break_at_the_longest_pause():
    words = tuple(f"w{i}" for i in range(5))
    times = (0, 1, 2, 30, 31)
    files = [f"20250101_0000{at:02}_{word}.png" for at, word in zip(times, words, strict=True)]
    made = group_by_stage(pictures(*files), SetRule(name="stages", stages=words, most=3))
    assert sets_of(made) == [files[:3], files[3:]]
