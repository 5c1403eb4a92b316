"""Putting a manifold on a tensor of a module."""

import copy
from typing import Any, Literal

import torch
from torch import Generator, Tensor, nn

from manifolds.catalogue.flattened import Flattened
from manifolds.interface import Manifold
from manifolds.interface.size import require_shape
from manifolds.rebase import tie
from parametrize import is_parametrized, register_parametrization


def constrain(
    module: nn.Module,
    tensor_name: str,
    manifold: type[Manifold] | Manifold,
    *,
    init: Literal["keep", "random"] = "keep",
    flatten: bool = False,
    generator: Generator | None = None,
    **options: Any,
) -> nn.Module:
    """Keep `module.<tensor_name>` on the manifold from now on; return the module.

        constrain(nn.Linear(64, 32), "weight", manifolds.Orthogonal, map="exponential")

    A class reads its size off the tensor and takes `options`; an instance is copied, so that each
    tensor has its own base point. Leading dimensions are batch: give convolution kernels `flatten`.
    Where the parameters are several tensors (`LowRank`), an optimizer made before needs
    `parametrize.update_optimizer`.
    `init="keep"` keeps a tensor that lies on the manifold and projects one that does not;
    `init="random"` draws a random point with `generator`. `flatten=True` takes a tensor
    (out, in, *kernel) as the matrix (out, in · ∏ kernel). ValueError for a shape that the
    manifold does not have and for NaN or infinite entries; nothing is changed then.
    """
    if init not in ("keep", "random"):
        raise ValueError(f"init must be 'keep' or 'random', got {init!r}")
    tensor = getattr(module, tensor_name, None)
    if not isinstance(tensor, Tensor):
        raise ValueError(f"{type(module).__name__} has no tensor {tensor_name!r} to constrain")
    _require_constrainable(module, tensor_name, tensor, manifold)
    instance = _instance(manifold, tuple(tensor.shape), options, flatten=flatten)
    before = tensor.detach().clone()
    with torch.no_grad(), instance.projecting():
        if init == "random":
            tensor.copy_(_random_point(instance, tensor, generator))
        try:
            register_parametrization(module, tensor_name, instance)
        except BaseException:
            tensor.copy_(before)
            raise
    tie(module, tensor_name)
    return module


def _require_constrainable(module: nn.Module, name: str, tensor: Tensor, manifold: Any) -> None:
    """TypeError unless `manifold` is one, ValueError for a tensor that cannot take it."""
    is_class = isinstance(manifold, type) and issubclass(manifold, Manifold)
    if not (is_class or isinstance(manifold, Manifold)):
        raise TypeError(f"constrain needs a Manifold, a class or an instance, got {manifold!r}")
    chain = module.parametrizations[name] if is_parametrized(module, name) else ()  # type: ignore[index]
    if held := [p for p in chain if isinstance(p, Manifold)]:
        raise ValueError(
            f"{type(module).__name__}.{name} is constrained already, to {held[-1]}; "
            "call parametrize.remove_parametrizations first"
        )
    if isinstance(module, nn.Embedding | nn.EmbeddingBag) and module.sparse:
        raise ValueError(
            f"{type(module).__name__}(sparse=True).{name}: a map has no sparse gradient; "
            "make the module with sparse=False"
        )
    if tensor.is_meta:
        raise ValueError(f"{type(module).__name__}.{name} is on the meta device; materialize it")


def _instance(
    manifold: type[Manifold] | Manifold, shape: tuple[int, ...], options: dict, *, flatten: bool
) -> Manifold:
    """The manifold for a tensor of this shape."""
    if isinstance(manifold, Manifold):
        if options:
            raise TypeError(f"{manifold} is made already; give {sorted(options)} to its class")
        own = copy.deepcopy(manifold)
        made = Flattened(own, *shape) if flatten else own
        require_shape(made, made.size, shape)
        return made
    if not flatten:
        return manifold.for_shape(shape, **options)
    matrix = torch.empty(shape, device="meta").flatten(1).shape
    return Flattened(manifold.for_shape(tuple(matrix), **options), *shape)


def _random_point(manifold: Manifold, like: Tensor, generator: Generator | None) -> Tensor:
    """A random point in the shape, dtype and device of a tensor."""
    batch = like.shape[: like.ndim - len(manifold.size)]
    return manifold.random_point(*batch, generator=generator, dtype=like.dtype, device=like.device)
