"""Operators that take rounding off a point: derivatives of every order are the identity's."""

import functools
from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.autograd import Function

from manifolds.operators.differentiable import differentiable


def polishing(operator: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The operator as the identity of whoever differentiates it; (*batch, n, k) -> (*batch, n, k).

    For one that leaves points of the manifold where they are: along it the identity's derivative
    is the operator's own.
    """

    class Polish(Function):
        """X with a rounding error -> the point next to it."""

        @staticmethod
        def forward(x: Tensor) -> Tensor:
            """The operator."""
            return operator(x)

        @staticmethod
        def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
            """Memory: none."""

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Tensor:  # noqa: ARG004 -- autograd's signature
            """The identity."""
            return g

        @staticmethod
        def jvp(ctx: Any, dx: Tensor) -> Tensor:  # noqa: ARG004 -- autograd's signature
            """The identity, in memory of its own."""
            return dx.clone()

    return functools.wraps(operator)(differentiable(Polish))
