"""cos √s, sin √s / √s and twice the derivative of the latter, smooth at s = 0 where √s is not.

With the entire functions e_m = Σ (-s)^j / (2j+m)! these are e₀, e₁ and e₃ - e₂. The series serve
s <= 1, where ten terms leave a remainder below 1/20! < eps(float64) in value and first two
derivatives alike; beyond, √s is smooth.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

TERMS = 10


def _entire(s: Tensor, shift: int) -> Tensor:
    """Σ_{j < TERMS} (-s)^j / (2j + shift)! by Horner's rule."""
    total = torch.zeros_like(s)
    for j in reversed(range(TERMS)):
        total = 1 / math.factorial(2 * j + shift) - s * total
    return total


def _joined(
    s: Tensor, series: Callable[[Tensor], Tensor], far: Callable[[Tensor], Tensor]
) -> Tensor:
    """`series` of s <= 1, `far` of √s elsewhere; neither sees what would give it a NaN."""
    near = s <= 1
    root = torch.sqrt(torch.where(near, 1, s))  # √ of 1 where unused: its derivative at 0 is NaN
    return torch.where(near, series(torch.where(near, s, 0)), far(root))


def cosine_of_root(s: Tensor) -> Tensor:
    """cos √s for s >= 0, elementwise."""
    return _joined(s, lambda s: _entire(s, 0), torch.cos)


def sine_of_root_over_root(s: Tensor) -> Tensor:
    """sin √s / √s for s >= 0, elementwise."""
    return _joined(s, lambda s: _entire(s, 1), lambda r: torch.sin(r) / r)


def sine_slope(s: Tensor) -> Tensor:
    """(cos r - sin r / r) / r², r = √s >= 0, elementwise: the derivative of sin r / r, over r."""
    return _joined(
        s,
        lambda s: _entire(s, 3) - _entire(s, 2),
        lambda r: (torch.cos(r) - torch.sin(r) / r) / (r * r),
    )
