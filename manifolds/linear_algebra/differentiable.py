"""A function with its own derivatives in both modes, under vmap and under torch.compile."""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function


def differentiable(function: type[Function]) -> Callable[..., Any]:
    """Turn a `Function` with `setup_context`, `backward` and `jvp` into a plain callable.

    Its tensors carry leading batch dimensions, so that vmap is one more of them. torch.compile
    refuses a Function that defines `jvp` (torch 2.13: "Unsupported custom jvp"), so that inside a
    compiled region a twin without it is applied.
    """
    reverse_only = type(
        function.__name__ + "ReverseOnly", (function,), {"jvp": staticmethod(Function.jvp)}
    )

    def apply(*arguments: Any) -> Any:
        chosen: Any = reverse_only if torch.compiler.is_compiling() else function
        return chosen.apply(*arguments)

    def vmap(info: Any, in_dims: tuple[int | None, ...], *arguments: Any) -> tuple[Any, Any]:
        outputs = apply(*leading(info, in_dims, *arguments))
        return outputs, 0 if isinstance(outputs, Tensor) else (0,) * len(outputs)

    # `apply` binds its arguments to this, and without it would make it anew in every call: 10 µs
    function.forward.__signature__ = inspect.signature(function.forward)  # type: ignore[attr-defined]
    function.vmap = staticmethod(vmap)  # type: ignore[method-assign]
    apply.__name__, apply.__doc__ = function.__name__, function.__doc__
    return apply


def leading(info: Any, in_dims: tuple[int | None, ...], *arguments: Any) -> list[Any]:
    """Bring the dimension that vmap maps to the front of each argument, expanding where none is.

    What works on leading batch dimensions then needs no other rule for vmap.
    """
    return [
        a
        if not isinstance(a, Tensor)
        else a.expand(info.batch_size, *a.shape)
        if dim is None
        else a.movedim(dim, 0)
        for dim, a in zip(in_dims, arguments, strict=True)
    ]
