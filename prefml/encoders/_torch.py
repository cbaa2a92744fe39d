"""Declare the parts of torch and open_clip that are used, as protocols, and import neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, Self, TypeAlias, TypedDict

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ImageTower",
    "ModelZoo",
    "Network",
    "OpenClip",
    "PretrainedConfig",
    "Tensor",
    "VisionTransformer",
]

# Inside the classes, `float` is a method.
_Number: TypeAlias = float


class Tensor(Protocol):
    """The operations of `torch.Tensor` that are used."""

    @property
    def dtype(self) -> object:
        """Number format."""

    def __getitem__(self, index: object, /) -> Self: ...
    def __add__(self, other: Tensor, /) -> Self: ...
    def __mul__(self, other: Tensor, /) -> Self: ...
    def __truediv__(self, other: Tensor, /) -> Self: ...
    def __matmul__(self, other: Tensor, /) -> Self: ...

    def norm(self, *, dim: int, keepdim: bool) -> Self:
        """Return the Euclidean norm along a dimension."""

    def clamp_min(self, least: _Number, /) -> Self:
        """Replace lower values by a bound."""

    def sum(self, *, dim: int) -> Self:
        """Sum along a dimension."""

    def unsqueeze(self, dim: int, /) -> Self:
        """Insert a dimension of size 1."""

    def unflatten(self, dim: int, sizes: tuple[int, int], /) -> Self:
        """Split a dimension into two."""

    def to(self, target: object, /) -> Self:
        """Convert to a device or a number format."""

    def detach(self) -> Self:
        """Return it without its gradient."""

    def cpu(self) -> Self:
        """Move it to the CPU."""

    def float(self) -> Self:
        """Convert to float32."""

    def numpy(self) -> NDArray[np.generic]:
        """Return the same values as an array."""


Layer: TypeAlias = Callable[[Tensor], Tensor]


class Block(Protocol):
    """A residual attention block of open_clip's transformer."""

    ln_1: Layer
    ls_1: Layer
    ln_2: Layer
    ls_2: Layer
    mlp: Layer

    def attention(self, *, q_x: Tensor, k_x: Tensor, v_x: Tensor) -> Tensor:
        """Return what queries attend to."""

    def __call__(self, tokens: Tensor, /) -> Tensor: ...


class Transformer(Protocol):
    """The blocks of a vision transformer."""

    resblocks: Sequence[Block]
    batch_first: bool


class ImageTower(Protocol):
    """An image tower of open_clip, which is a `torch.nn.Module`."""

    image_size: int | tuple[int, int]

    def __call__(self, pixels: Tensor, /) -> Tensor | tuple[Tensor, ...]: ...

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return weights and buffers by name."""

    def parameters(self) -> Iterator[Tensor]:
        """Yield the weights."""

    def to(self, target: object, /) -> Self:
        """Move it to a device."""

    def half(self) -> Self:
        """Convert its weights to float16."""

    def float(self) -> Self:
        """Convert its weights to float32."""

    def eval(self) -> Self:
        """Set layers such as dropout to inference."""

    def requires_grad_(self, requires_grad: bool, /) -> Self:
        """Record gradients of its weights, or none."""


class VisionTransformer(ImageTower, Protocol):
    """An `open_clip.transformer.VisionTransformer`."""

    transformer: Transformer
    ln_post: Layer
    proj: Tensor
    grid_size: tuple[int, int]
    pool_type: str
    final_ln_after_pool: bool
    output_tokens: bool

    def _embeds(self, pixels: Tensor, /) -> Tensor: ...
    def _pool(self, tokens: Tensor, /) -> tuple[Tensor, Tensor]: ...


class PretrainedConfig(TypedDict, total=False):
    """Entry of open_clip for pretrained weights, as far as it is read."""

    url: str
    hf_hub: str
    quick_gelu: bool
    mean: Sequence[float]
    std: Sequence[float]
    interpolation: str
    resize_mode: str


class ModelConfig(TypedDict, total=False):
    """Entry of open_clip for a model, as far as it is read."""

    embed_dim: int
    quick_gelu: bool


class ModelZoo(Protocol):
    """The names of models and weights that the library open_clip knows."""

    def list_models(self) -> Sequence[str]:
        """Return the names of all models."""

    def list_pretrained_tags_by_model(self, model: str, /) -> Sequence[str]:
        """Return the names of a model's pretrained weights."""

    def get_model_config(self, model_name: str, /) -> ModelConfig:
        """Return the entry of a model."""

    def get_pretrained_cfg(self, model: str, tag: str, /) -> PretrainedConfig:
        """Return the entry of a model's pretrained weights; empty if there are none."""


class Network(Protocol):
    """A model of open_clip: an image and a text tower."""

    visual: ImageTower

    def load_state_dict(self, state: Mapping[str, Tensor], /) -> object:
        """Take weights over."""


class OpenClip(ModelZoo, Protocol):
    """The library open_clip."""

    def create_model(self, model_name: str, /, *, load_weights: bool) -> Network:
        """Build a model."""

    def load_checkpoint(self, model: Network, checkpoint_path: str, /) -> object:
        """Load weights from a file into a model."""
