"""tanh of a Hermitian matrix, by doubling.

tanh x = x / (1 + x² / (3 + x² / (5 + …))) (Abramowitz & Stegun 1964, (4.5.70)), cut off after 13,
has a relative error below x^14 / (13!!)² / 15: rounding of float64 for |x| <= 1/2. From there
tanh 2S = 2 tanh S (I + tanh² S)⁻¹, whose matrices to invert are Hermitian and >= I, where exp(2S)
would overflow. The relative derivative of each doubling, (1 - t²) / (1 + t²), is at most 1.
"""

import math

import torch
from torch import Tensor

from manifolds.linear_algebra.basics import add_identity, sym
from manifolds.linear_algebra.inverse import accretive_inverse
from manifolds.linear_algebra.range import saturated

DOUBLINGS = 6
"""From norm 1/2 to 32, where tanh is 1 to rounding: 1 - tanh 32 = 3e-28."""
NUMERATOR = (135135.0, 17325.0, 378.0, 1.0)
DENOMINATOR = (135135.0, 62370.0, 3150.0, 28.0)
"""Coefficients of x^0, x², x⁴, x⁶: the continued fraction as x p(x²) / q(x²)."""


def hyperbolic_tangent(s: Tensor) -> Tensor:
    """tanh S for Hermitian S, scaled down to Frobenius norm 32 √n; (*batch, n, n) -> same.

    S with every eigenvalue up to 32 is within: the scale changes only what is saturated.
    """
    doublings = DOUBLINGS + math.ceil(math.log2(max(s.shape[-1], 1)) / 2)
    x = saturated(s, math.ldexp(0.5, doublings)) * 2.0**-doublings
    t = x @ polynomial(NUMERATOR, x) @ accretive_inverse(polynomial(DENOMINATOR, x))
    for _ in range(doublings):
        t = sym(t)
        t = 2 * t @ accretive_inverse(add_identity(t @ t))
    return sym(t)


def polynomial(coefficients: tuple[float, ...], x: Tensor) -> Tensor:
    """Σ c_j X^(2j) / c_0 by Horner's rule."""
    square = x @ x
    total = torch.zeros_like(x)
    for c in reversed(coefficients):
        total = add_identity(square @ total, c / coefficients[0])
    return total
