"""The one tolerance of the toolkit: c · n · eps(dtype) · scale.

Note [Tolerance]
A product or a factorization of n×n matrices carries a normwise relative error of at most a small
multiple of n · eps (Higham, Accuracy and Stability of Numerical Algorithms, 2002, (3.13) and
theorem 19.4). The multiple 8 leaves room for a handful of such steps in a row. A relative
violation above 1/8 is not rounding in any dtype, so the tolerance never exceeds it: in bfloat16
8 · n · eps passes 1 at n = 16 and would accept everything.
"""

import math

import torch
from torch import Tensor

from manifolds.linear_algebra.basics import norm

ROUNDING_STEPS = 8
LARGEST_VIOLATION = 1 / 8


def tolerance(n: int, dtype: torch.dtype, scale: float = 1.0) -> float:
    """min(8 n eps(dtype), 1/8) · scale; see Note [Tolerance]."""
    return min(ROUNDING_STEPS * max(n, 1) * torch.finfo(dtype).eps, LARGEST_VIOLATION) * scale


def is_rounding(
    change: Tensor, x: Tensor, dtype: torch.dtype, size: tuple[int, ...], tolerated: float
) -> bool:
    """Whether x, rounded to `dtype`, moves by what that and a projection off the boundary do.

    Projections go two tolerances inside, from where a point may lie one outside: with one for
    their own rounding, four. Rounding to `dtype` moves each entry by eps/2 of itself and singular
    values by as much of the norm, the way back by the same; 2 eps leave a factor two. Below the
    smallest normal number, rounding is absolute.
    """
    rounding, dims = torch.finfo(dtype), len(size)
    few = 4 * tolerated + 2 * rounding.eps
    limit = few * norm(x, dims) + rounding.tiny * math.prod(size) ** 0.5
    return bool((norm(change, dims) <= limit).all())
