"""Forward mode within forward mode, for functions with their own derivatives.

torch.func runs the `jvp` of a custom Function with forward mode off, lest a tangent be taken twice
in one direction, and an outer transform then counts what the tangent depends on as a constant: x³
in a Function has the second derivative 0 by jacfwd(jacfwd(f)), without an error (torch 2.13,
pytorch#197867). Here a `jvp` leaves its own transform first, as an operator of torch does, and
keeps forward mode on.
"""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch._functorch.pyfunctorch import temporarily_pop_interpreter_stack
from torch.autograd import forward_ad
from torch.utils._pytree import tree_map_only

FUNCTORCH: Any = torch._C._functorch  # type: ignore[attr-defined]


class Context:
    """The context of a Function, with its saved tensors as they are outside of a transform."""

    def __init__(self, ctx: Any, saved_tensors: tuple[Tensor, ...]) -> None:
        self.ctx, self.saved_tensors = ctx, saved_tensors

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ctx, name)


def lowered(jvp: Callable[..., Any]) -> Callable[..., Any]:
    """A `jvp` computed outside of the torch.func.jvp that asks for it."""

    @torch.compiler.disable  # it would trace what reads the stack of transforms
    @functools.wraps(jvp)
    def within(ctx: Any, *tangents: Any) -> Any:
        transform = FUNCTORCH.peek_interpreter_stack()
        if transform is None or transform.key() != FUNCTORCH.TransformType.Jvp:
            return jvp(ctx, *tangents)
        level = transform.level()
        saved, tangents = mapped(FUNCTORCH._unwrap_for_grad, (ctx.saved_tensors, tangents), level)
        with temporarily_pop_interpreter_stack(), forward_ad._set_fwd_grad_enabled(mode=True):
            result = jvp(Context(ctx, saved), *tangents)
        return mapped(FUNCTORCH._wrap_for_grad, result, level)

    return within


def mapped(function: Callable[[Tensor, int], Tensor], tensors: Any, level: int) -> Any:
    """`function(a, level)` for every tensor a of nested tuples."""
    return tree_map_only(Tensor, lambda a: function(a, level), tensors)
