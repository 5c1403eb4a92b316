"""Algebraic counterparts of exp and tanh, whose condition numbers are bounded.

Note [Algebraic charts]
exp amplifies a rounding of its argument p by |p|, and so do softplus and the logistic function
near their ends: x = 1e-30 comes back from log x with an error of 69 eps. A square root does not:
    u(p) = p/2 + √(1 + p²/4)      R -> (0, ∞),   inverse p = u - 1/u,
    s(q) = q / (1 + √(1 + q²))    R -> (-1, 1),  inverse q = 2s / ((1 - s) (1 + s)),
are e^y at p = 2 sinh y and tanh(y/2) at q = sinh y. The condition numbers |p u'/u| and |q s'/s|
are at most 1, that of 1 - |s| at most 1 too: a point is recovered to a few eps, however near to
an end. u is the squareplus function (Barron, Squareplus: A softplus-like algebraic rectifier,
arXiv 2112.11687, 2021) with b = 4.

Note [Derivatives of algebraic charts]
u' = u / 2√(1 + p²/4), and s' = 1 / √(1 + q²) (1 + √(1 + q²)) wherever the value is taken from. By
the formulas, which choose, forward and backward took eight times as long (65536 numbers, measured:
a choice by random signs costs thirty additions).
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.operators.differentiable import differentiable


def hypotenuse(q: Tensor) -> Tensor:
    """√(1 + q²), elementwise, without overflow."""
    return torch.hypot(q, torch.ones_like(q))


class Squareplus(Function):
    """u(p), elementwise."""

    @staticmethod
    def forward(p: Tensor) -> Tensor:
        """max(p, 0) + 1 / u(|p|), which does not cancel."""
        return p.clamp_min(0) + (p.abs() / 2 + hypotenuse(p / 2)).reciprocal()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        """Memory: p and u."""
        ctx.save_for_backward(*inputs, output)
        ctx.save_for_forward(*inputs, output)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        """G u'; Note [Derivatives of algebraic charts]."""
        p, u = ctx.saved_tensors
        return g * (u / (2 * hypotenuse(p / 2)))

    @staticmethod
    def jvp(ctx: Any, dp: Tensor) -> Tensor:
        """The same."""
        return Squareplus.backward(ctx, dp)


squareplus = differentiable(Squareplus)


def inverse_squareplus(x: Tensor) -> Tensor:
    """p = x - 1/x, elementwise, for x > 0."""
    return x - 1 / x


class Between(Function):
    """m + r s(q), elementwise, centre m and radius r; from the nearer end beyond |q| = 1.

    1 - |s(q)| = 2 / (1 + |q| + √(1 + q²)) does not cancel there.
    """

    @staticmethod
    def forward(q: Tensor, low: float, high: float) -> Tensor:
        """The number in (low, high)."""
        centre, radius = low / 2 + high / 2, high / 2 - low / 2
        size, h = q.abs(), hypotenuse(q)
        gap = radius * (2 / (1 + (size + h)))
        outer = torch.where(q < 0, low + gap, high - gap)
        return torch.where(size <= 1, centre + radius * (q / (1 + h)), outer)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG004
        """Memory: q."""
        q, low, high = inputs
        ctx.radius = high / 2 - low / 2
        ctx.save_for_backward(q)
        ctx.save_for_forward(q)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None, None]:
        """G r s'; Note [Derivatives of algebraic charts]."""
        return Between.jvp(ctx, g), None, None

    @staticmethod
    def jvp(ctx: Any, dq: Tensor, *_: None) -> Tensor:
        """r s' dq."""
        (q,) = ctx.saved_tensors
        h = hypotenuse(q)
        return dq * (ctx.radius / h / (1 + h))


between = differentiable(Between)
