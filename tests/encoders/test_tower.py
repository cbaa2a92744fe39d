import copy
from types import SimpleNamespace

import numpy as np
import pytest

from prefml.encoders.tower import (
    OPENAI_MEAN,
    embed,
    embed_with_patches,
    pooled,
    tower_has_patches,
    tower_spec,
    weights_digest,
)
from prefml.exceptions import EncoderError


class Tensor(np.ndarray):
    """An array with the methods by which a tensor becomes one."""

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return np.asarray(self)


def tensor(values, dtype=np.float32):
    return np.array(values, dtype).view(Tensor)


def tower(image_size=224, **state):
    weights = {"a": tensor([1, 2]), "b": tensor([[3]])} | state
    return SimpleNamespace(image_size=image_size, state_dict=lambda: weights)


def test_a_spec_is_that_of_openais_clip_unless_the_entry_says_otherwise():
    spec = tower_spec("ViT", 8, tower(), {}, "a test")
    assert (spec.id, spec.dim, spec.size, spec.source) == ("open_clip/ViT", 8, 224, "a test")
    assert (spec.resize, spec.crop, spec.interpolation) == ("shortest-side", "center", "bicubic")
    assert spec.mean == OPENAI_MEAN
    entry = {"resize_mode": "squash", "interpolation": "bilinear", "mean": [0.5, 0.4, 0.3]}
    other = tower_spec("ViT", 8, tower(), entry, "a test")
    assert (other.resize, other.crop, other.interpolation) == ("stretch", "none", "bilinear")
    assert other.mean == (0.5, 0.4, 0.3)


def test_a_square_may_be_given_by_both_sides():
    assert tower_spec("ViT", 8, tower((96, 96)), {}, "a test").size == 96


def test_a_tower_that_wants_no_square_is_refused():
    with pytest.raises(EncoderError, match=r"wants \(224, 336\) pixels"):
        tower_spec("wide", 8, tower((224, 336)), {}, "a test")
    with pytest.raises(EncoderError, match=r"wants \(224,\) pixels, longest"):
        tower_spec("odd", 8, tower(), {"resize_mode": "longest"}, "a test")


def test_the_digest_does_not_depend_on_the_order_of_the_weights():
    state = tower().state_dict()
    backwards = SimpleNamespace(state_dict=lambda: dict(reversed(state.items())))
    assert weights_digest(backwards) == weights_digest(tower())


@pytest.mark.parametrize(
    "change",
    [
        {"a": tensor([1, 3])},
        {"a": tensor([[1, 2]])},
        {"a": tensor([1, 2], np.float16)},
        {"c": tensor([0])},
    ],
    ids=["value", "shape", "format", "name"],
)
def test_the_digest_follows_names_shapes_formats_and_values(change):
    assert weights_digest(tower(**change)) != weights_digest(tower())


def test_the_pooled_vector_is_the_first_of_several_results():
    assert pooled(("vector", "tokens")) == pooled("vector") == "vector"


TRANSFORMER = {"attn_pool": None, "proj": object(), "pool_type": "tok", "grid_size": (7, 7)}


@pytest.mark.parametrize(
    ("change", "has"),
    [
        ({}, True),
        ({"pool_type": "avg"}, True),
        ({"pool_type": "none"}, False),
        ({"proj": None}, False),
        ({"attn_pool": object()}, False),
    ],
)
def test_only_transformers_whose_tokens_are_projected_have_patches(change, has):
    assert tower_has_patches(SimpleNamespace(**TRANSFORMER | change)) is has


def test_a_network_of_another_kind_has_no_patches():
    assert not tower_has_patches(SimpleNamespace(image_size=224))


@pytest.fixture
def pixels(tiny):
    import torch

    return torch.randn((3, 3, 64, 64), generator=torch.Generator().manual_seed(0))


@pytest.mark.torch
@pytest.mark.parametrize("pool", ["tok", "avg"])
def test_the_embedding_is_the_towers_own(tiny, pixels, pool):
    network = copy.deepcopy(tiny.tower)
    network.pool_type = pool
    np.testing.assert_allclose(embed(network, pixels), network(pixels), atol=1e-5)


@pytest.mark.torch
def test_blocks_of_another_kind_are_run_whole(tiny, pixels):
    network = copy.deepcopy(tiny.tower)

    class Other(type(network.transformer.resblocks[-1])):
        """A block that may compute something else."""

    network.transformer.resblocks[-1].__class__ = Other
    np.testing.assert_array_equal(embed(network, pixels), network(pixels))


@pytest.mark.torch
def test_patches_are_cosines_of_projected_tokens_to_the_embedding(tiny, pixels):
    import torch

    vectors, patches = embed_with_patches(tiny.tower, pixels)
    np.testing.assert_allclose(vectors, tiny.tower(pixels), atol=1e-5)
    network = copy.deepcopy(tiny.tower)
    network.output_tokens = True
    expected, tokens = network(pixels)
    tokens = tokens if not network.final_ln_after_pool else network.ln_post(tokens)
    cosine = torch.nn.functional.cosine_similarity(tokens @ network.proj, expected[:, None], -1)
    np.testing.assert_allclose(patches.flatten(1), cosine, atol=1e-5)


@pytest.mark.torch
def test_the_tower_is_left_as_it_was_even_after_an_error(tiny):
    network = copy.deepcopy(tiny.tower)
    for before in (False, True):
        network.output_tokens = before
        with pytest.raises(TypeError):
            embed_with_patches(network, None)
        assert network.output_tokens is before
