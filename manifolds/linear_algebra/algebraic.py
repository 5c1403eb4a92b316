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
"""

import torch
from torch import Tensor


def hypotenuse(q: Tensor) -> Tensor:
    """√(1 + q²), elementwise, without overflow."""
    return torch.hypot(q, torch.ones_like(q))


def absolute(q: Tensor) -> Tensor:
    """|q|, with derivative 1 at 0, where torch takes 0."""
    return torch.where(q < 0, -q, q)


def squareplus(p: Tensor) -> Tensor:
    """u(p) = p/2 + √(1 + p²/4) > 0, elementwise; for p < 0 as 1/u(-p), which does not cancel."""
    u = absolute(p) / 2 + hypotenuse(p / 2)
    return torch.where(p < 0, 1 / u, u)


def inverse_squareplus(x: Tensor) -> Tensor:
    """p = x - 1/x, elementwise, for x > 0."""
    return x - 1 / x


def softsign(q: Tensor) -> Tensor:
    """s(q) = q / (1 + √(1 + q²)), elementwise, odd, in (-1, 1)."""
    return q / (1 + hypotenuse(q))


def distance_to_one(q: Tensor) -> Tensor:
    """1 - |s(q)| = 2 / (1 + |q| + √(1 + q²)), elementwise, which does not cancel."""
    return 2 / (1 + (absolute(q) + hypotenuse(q)))
