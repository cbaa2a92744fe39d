"""Describe, hash and run an open_clip image tower that is in memory, without importing torch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeGuard

import numpy as np

from prefml.encoders._torch import ImageTower, PretrainedConfig, Tensor, VisionTransformer
from prefml.encoders.spec import EncoderSpec
from prefml.exceptions import EncoderError

__all__ = [
    "embed",
    "embed_with_patches",
    "pooled",
    "tower_has_patches",
    "tower_spec",
    "weights_digest",
]

# Mean and spread of the colours in the pictures that OpenAI trained CLIP on.
OPENAI_MEAN = (0.48145466, 0.4578275, 0.40821073)
OPENAI_STD = (0.26862954, 0.26130258, 0.27577711)
_RESIZE = {"shortest": "shortest-side", "squash": "stretch"}


def tower_spec(
    model: str, dim: int, tower: ImageTower, preprocess: PretrainedConfig, origin: str
) -> EncoderSpec:
    """Describe an image tower.

    Parameters
    ----------
    model : str
        The model, with the activation that is used.
    dim : int
        Length of its vectors.
    tower : torch.nn.Module
        Its image tower.
    preprocess : mapping
        open_clip's entry for the weights; what is not there is as for OpenAI's CLIP.
    origin : str
        Where the weights come from.

    Returns
    -------
    EncoderSpec

    Raises
    ------
    EncoderError
        If the preprocessing is one that prefml cannot repeat.
    """
    sides = tower.image_size if isinstance(tower.image_size, tuple) else (tower.image_size,)
    mode = preprocess.get("resize_mode", "shortest")
    if len(set(sides)) != 1 or mode not in _RESIZE:
        raise EncoderError(f"{model} wants {sides} pixels, {mode}", "a square, shortest or squash")
    return EncoderSpec(
        id=f"open_clip/{model}",
        dim=dim,
        size=int(sides[0]),
        resize=_RESIZE[mode],
        interpolation=preprocess.get("interpolation", "bicubic"),
        crop="center" if mode == "shortest" else "none",
        mean=_channels(preprocess.get("mean", OPENAI_MEAN)),
        std=_channels(preprocess.get("std", OPENAI_STD)),
        normalize="l2",
        sha256=weights_digest(tower),
        source=origin,
    )


def _channels(values: Sequence[float]) -> tuple[float, float, float]:
    red, green, blue = values
    return red, green, blue


def weights_digest(tower: ImageTower) -> str:
    """Hash the weights of a tower, whatever file they came from.

    Parameters
    ----------
    tower : torch.nn.Module
        The image tower.

    Returns
    -------
    str
        SHA-256 of names, shapes, number formats and values, 64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(tower.state_dict().items()):
        array = np.ascontiguousarray(tensor.detach().cpu().numpy())
        digest.update(f"{name} {array.shape} {array.dtype}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def tower_has_patches(tower: ImageTower) -> TypeGuard[VisionTransformer]:
    """Tell whether a tower is a vision transformer whose tokens share the embedding's space.

    Parameters
    ----------
    tower : torch.nn.Module
        The image tower.

    Returns
    -------
    bool
    """
    plain = getattr(tower, "attn_pool", "") is None and getattr(tower, "proj", None) is not None
    pooled_token = getattr(tower, "pool_type", None) in ("tok", "avg")
    return plain and pooled_token and hasattr(tower, "grid_size")


def embed(tower: ImageTower, pixels: Tensor) -> Tensor:
    """Return a tower's embedding, without computing what does not reach it.

    Where only the class token is read in the end, the last block needs the others for its keys and
    values alone: its queries, output and perceptron are computed for that one token.

    Parameters
    ----------
    tower : torch.nn.Module
        The image tower.
    pixels : torch.Tensor of shape (n, 3, size, size)
        Network input.

    Returns
    -------
    torch.Tensor of shape (n, dim)
        The tower's own result, up to rounding.
    """
    if not _reads_class_token(tower):
        return pooled(tower(pixels))
    *blocks, last = tower.transformer.resblocks
    tokens = tower._embeds(pixels)
    for block in blocks:
        tokens = block(tokens)
    normed = last.ln_1(tokens)
    attended = last.attention(q_x=normed[:, :1], k_x=normed, v_x=normed)
    token = tokens[:, :1] + last.ls_1(attended)
    token = token + last.ls_2(last.mlp(last.ln_2(token)))
    return tower._pool(token)[0] @ tower.proj


def pooled(result: Tensor | tuple[Tensor, ...]) -> Tensor:
    """Return the pooled vector of a tower's result; some towers give their tokens beside it.

    Parameters
    ----------
    result : torch.Tensor or tuple of torch.Tensor
        Result of a tower.

    Returns
    -------
    torch.Tensor of shape (n, dim)
    """
    return result[0] if isinstance(result, tuple) else result


def _reads_class_token(tower: ImageTower) -> TypeGuard[VisionTransformer]:
    if not tower_has_patches(tower) or tower.pool_type != "tok":
        return False
    plain = type(tower.transformer.resblocks[-1]).__name__ == "ResidualAttentionBlock"
    return plain and tower.transformer.batch_first


def embed_with_patches(tower: VisionTransformer, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Return a transformer's embedding, and the cosine of each projected patch token to it.

    Every token goes through the final norm and projection that the class token goes through, as in
    CLIP's use for dense prediction (C. Zhou, C. C. Loy, B. Dai, "Extract Free Dense Labels from
    CLIP", ECCV 2022).

    Parameters
    ----------
    tower : open_clip.transformer.VisionTransformer
        The image tower.
    pixels : torch.Tensor of shape (n, 3, size, size)
        Network input.

    Returns
    -------
    pooled : torch.Tensor of shape (n, dim)
    patches : torch.Tensor of shape (n, rows, columns)
    """
    before, tower.output_tokens = tower.output_tokens, True
    try:
        result = tower(pixels)
    finally:
        tower.output_tokens = before
    assert isinstance(result, tuple), "the pooled vector, and all tokens"
    vector, tokens = result
    normed = tower.ln_post(tokens) if tower.final_ln_after_pool else tokens
    directions = _normalized(normed @ tower.proj)
    likeness = (directions * _normalized(vector).unsqueeze(1)).sum(dim=-1)
    return vector, likeness.unflatten(1, tower.grid_size)


def _normalized(vectors: Tensor) -> Tensor:
    return vectors / vectors.norm(dim=-1, keepdim=True).clamp_min(1e-12)
