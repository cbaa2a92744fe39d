"""What holds of every rule, whatever the pictures are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions.set_rule import SetRule
from prefml.suggest.grouping import form_groups
from prefml.suggest.grouping.facts import PictureFacts
from prefml.workspace import RULES

from .pictures import alone_of, picture, pictures, sets_of, sources
from .test_by_likeness import Rows

JOB = "0f8fad5b-d9cb-469f-a165-7086772895{:02x}"
stems = st.one_of(
    st.builds("{}-{}".format, st.integers(10**4, 10**4 + 40), st.integers(0, 60)),
    st.builds(
        "20250101_0000{:02}_{}".format,
        st.integers(0, 59),
        st.sampled_from(["stage1_generated", "stage2_upscaled", "draft", "001", "002"]),
    ),
    st.builds("a_{}_{}".format, st.integers(0, 3).map(JOB.format), st.integers(0, 3)),
    st.builds("IMG_{}{}".format, st.integers(0, 20), st.sampled_from(["", "-Edit", "_4x", "-2"])),
    st.builds("PXL_20250101_0000{:05}".format, st.integers(0, 59_999)),
    st.sampled_from(["grid-0001", "x-mask", "ab", "cd"]),
)
files = st.lists(
    st.tuples(st.sampled_from(["", "a/", "b/", "2025-01-01/"]), stems, st.sampled_from("pq")),
    max_size=40,
    unique=True,
)
FACTS = st.builds(
    PictureFacts,
    st.sampled_from(["", "a1111", "comfyui"]),
    st.sampled_from("xy"),
    st.none() | st.integers(0, 30),
    st.sampled_from(["", "", "j"]),
    st.none() | st.integers(0, 10**7),
)
rules = st.builds(
    SetRule,
    name=st.sampled_from(RULES),
    most=st.integers(2, 12),
    max_gap=st.none() | st.floats(0.001, 100),
    table=st.just("t.csv"),
)  # fmt: skip


@given(named=files, rule=rules, data=st.data())
def test_a_partition_that_hangs_on_nothing_but_the_pictures(named, rule, data):
    images = [picture(f"{folder}{stem}.png", project) for folder, stem, project in named]
    facts = {image.filename: data.draw(FACTS) for image in images}
    steps = {image.filename: [float(i % 7), 1.0, i % 2] for i, image in enumerate(images)}
    rows = [(str(i % 5), image.path) for i, image in enumerate(images)]
    told = sources(facts, Rows(steps) if steps else None, rows)
    made = form_groups(images, rule, told)
    paths = [image.path for one in made.sets for image in one.images]
    paths += [lone.image.path for lone in made.alone]
    assert sorted(paths) == sorted(image.path for image in images)
    assert all(2 <= len(one.images) <= rule.most for one in made.sets)
    assert all({image.project for image in one.images} == {one.project} for one in made.sets)
    assert all(lone.reason for lone in made.alone)
    assert form_groups(data.draw(st.permutations(images)), rule, told) == made


@pytest.mark.parametrize("name", ["folder", "name", "metadata", "burst", "similar", "auto"])
def test_by_products_are_no_variants(name):
    facts = {
        stem: PictureFacts("a1111", "x", 1, taken=1)
        for stem in ("f/1.png", "f/2.png", "f/3-mask.png")
    }
    made = form_groups(pictures(*facts), SetRule(name=name), sources(facts))
    assert alone_of(made)["f/3-mask.png"] == "a by-product: a mask"
    assert not any("mask" in image for one in sets_of(made) for image in one)


def test_a_folder_no_rule_is_sure_of_is_told_the_command():
    made = form_groups(pictures("p.png", "q.png"), SetRule(), sources())
    assert set(alone_of(made).values()) == {
        "no rule is sure for its folder; run: prefml sets --rule folder"
    }
    assert made.folders[0].rule == ""


def test_fifty_thousand_files_of_one_second_are_a_counted_remainder():
    images = pictures(*(f"20250101_000000-{i:05}.png" for i in range(50_000)))
    made = form_groups(images, SetRule(name="burst"), sources())
    assert (len(made.sets), made.reasons.total(), len(made.reasons)) == (0, 50_000, 1)
