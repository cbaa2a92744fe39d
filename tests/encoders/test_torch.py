"""The protocols name what the real classes of torch and open_clip have."""

import pytest

from prefml.encoders import _torch as protocols

pytestmark = pytest.mark.torch


def declared(protocol):
    """Return the methods and attributes that a protocol and its bases declare."""
    bases = [base for base in protocol.__mro__ if base.__module__ == protocols.__name__]
    for base in bases:
        yield from base.__annotations__
        for name, value in vars(base).items():
            function = getattr(value, "fget", value)
            if getattr(function, "__module__", None) == protocols.__name__:
                yield name


def missing(real, protocol):
    return {name for name in declared(protocol) if not hasattr(real, name)}


def test_tensors_have_the_operations(open_clip):
    import torch

    assert missing(torch.zeros(1), protocols.Tensor) == set()


def test_towers_and_their_blocks_have_the_layers(tiny):
    assert missing(tiny.tower, protocols.VisionTransformer) == set()
    assert missing(tiny.tower.transformer, protocols.Transformer) == set()
    assert missing(tiny.tower.transformer.resblocks[-1], protocols.Block) == set()


def test_the_library_and_its_models_have_the_functions(open_clip):
    from .conftest import TINY

    assert missing(open_clip, protocols.OpenClip) == set()
    assert missing(open_clip.create_model(TINY, load_weights=False), protocols.Network) == set()


def test_entries_of_models_and_weights_have_the_names(open_clip):
    config = open_clip.get_pretrained_cfg("ViT-B-32", "openai")
    assert {"url", "hf_hub", "quick_gelu", "mean", "std"} <= set(config)
    assert set(protocols.PretrainedConfig.__annotations__) - set(config) <= {"resize_mode"}
    assert "embed_dim" in open_clip.get_model_config("ViT-B-32")


def test_a_name_that_is_not_there_would_be_noticed():
    assert missing(object(), protocols.Network) == {"visual", "load_state_dict"}
