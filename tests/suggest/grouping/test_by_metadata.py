import pytest

from prefml.decisions.set_rule import SetRule
from prefml.suggest.grouping.by_metadata import group_by_metadata, seeds_mean
from prefml.suggest.grouping.facts import PictureFacts

from .pictures import alone_of, pictures, sets_of


def grouped(facts, **settings):
    images = pictures(*facts)
    told = {image.path: facts[image.filename] for image in images}
    return group_by_metadata(images, SetRule(name="metadata", **settings), told)


def seeds(*values, tool="a1111", prompt="a"):
    return {
        f"{prompt}{i:02}.png": PictureFacts(tool, prompt, seed) for i, seed in enumerate(values)
    }


def sizes(made):
    return sorted(len(one.images) for one in made.sets)


def test_consecutive_seeds_of_one_prompt_are_a_batch():
    assert sizes(grouped(seeds(5, 6, 7, 900, 901))) == [2, 3]


def test_two_prompts_are_two_batches_whatever_their_seeds():
    assert sizes(grouped(seeds(5, 6) | seeds(7, 8, prompt="b"))) == [2, 2]


def test_one_seed_is_a_set_where_seeds_repeat():
    assert sizes(grouped(seeds(5, 5, 5, 77, 77, tool="comfyui"))) == [2, 3]
    assert sizes(grouped(seeds(5, 5, 5, 6, 6, 6, tool="comfyui"))) == [3, 3]


def test_each_graph_of_comfyui_says_what_its_seeds_mean():
    batches = seeds(5, 5, 900, 900, tool="comfyui")
    queued = seeds(40, 80_000, 7_000_000, tool="comfyui", prompt="b")
    assert sizes(grouped(batches | queued)) == [2, 2, 3]


def test_extras_stand_beside_the_batch_that_they_were_made_of():
    assert sizes(grouped(seeds(5, 6, 7, 6, 6))) == [5]


def test_a_prompt_is_a_set_where_seeds_are_drawn_anew():
    told = seeds(5, 1000, 9_000_000) | seeds(40, 80_000, prompt="b")
    assert sizes(grouped(told)) == [2, 3]


def test_a_job_is_a_set():
    told = {f"{i}.png": PictureFacts("midjourney", job=f"j{i // 4}") for i in range(8)}
    assert sizes(grouped(told)) == [4, 4]


def test_a_picture_without_metadata_is_told_so():
    made = grouped({"x.png": PictureFacts()})
    assert alone_of(made) == {"x.png": "no seed, job or prompt in its file"}


def test_a_prompt_that_was_used_all_year_is_broken_where_its_numbers_jump():
    told = {f"{n:05}.png": PictureFacts("a1111", "a", n * 7919 % 10**9)
            for n in [*range(8), *range(500, 508)]}  # fmt: skip
    made = grouped(told)
    assert sets_of(made) == [list(told)[:8], list(told)[8:]]


@pytest.mark.parametrize(
    ("values", "meaning"),
    [((1, 2, 3), "run"), ((1, 1, 900, 900), "same"), ((1, 500, 9000), "nothing"),
     ((1, 1, *range(1000, 10_000, 1000)), "nothing")],
)  # fmt: skip
def test_seeds_mean_what_most_of_them_say(values, meaning):
    assert seeds_mean(list(seeds(*values).values()), 12) == meaning
