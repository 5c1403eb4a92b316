"""A map (B, P) -> X of frames as one operator, and the adjoint of its derivative as another.

Step by step a map is a dozen nodes of a graph, each with passes over n×k of its own. Here the value
is one operator, and so is the gradient in P; whatever else is asked for, a gradient in B, forward
mode, derivatives of gradients, is that of the map composed of differentiable steps.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import broadcast
from manifolds.operators.differentiable import differentiable, is_last_derivative, stepwise

Operator = Callable[..., Any]


def fused(
    name: str, operator: Operator, adjoint: Operator, composed: Callable[[Tensor, Tensor], Tensor]
) -> Callable[[Tensor, Tensor], Tensor]:
    """X of `operator(b, p) -> X, *kept`, with the gradient `adjoint(g, b, p, *kept)` in P.

    `composed(b, p)` is the same X, differentiable to every order.
    """

    class Fused(Function):
        """X, and what the operator kept; (*batch, n, k), same -> X, …."""

        @staticmethod
        def forward(b: Tensor, p: Tensor) -> tuple[Tensor, ...]:
            """X and the rest."""
            return operator(b, p)  # type: ignore[no-any-return]

        @staticmethod
        def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, ...]) -> None:
            """Memory: what the operator kept, and B and P that live anyway."""
            ctx.set_materialize_grads(False)
            ctx.mark_non_differentiable(*output[1:])
            ctx.save_for_backward(*inputs, *output[1:])

        @staticmethod
        def backward(ctx: Any, g: Tensor | None, *_: None) -> tuple[Tensor | None, ...]:
            """The adjoint; where it is to be differentiated or B has a gradient, step by step."""
            if g is None:
                return None, None
            b, p, *kept = ctx.saved_tensors
            if is_last_derivative() and not ctx.needs_input_grad[0]:
                return None, adjoint(g, b, p, *kept)
            pull: Any = torch.func.vjp(composed, b, p)[1]
            return pull(g)  # type: ignore[no-any-return]

    named = type(name.title().replace("_", ""), (Fused,), {"__doc__": Fused.__doc__})
    function = differentiable(named)

    def apply(b: Tensor, p: Tensor) -> Tensor:
        b, p = broadcast(b, p)
        return composed(b, p) if stepwise() else function(b, p)[0]

    apply.__name__ = apply.__qualname__ = name
    apply.__module__, apply.__doc__ = composed.__module__, composed.__doc__
    return apply
