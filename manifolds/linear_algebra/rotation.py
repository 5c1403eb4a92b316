"""cos √s and sin √s / √s, smooth at s = 0 where √s is not.

Both are entire: cos √s = Σ (-s)^j / (2j)!, sin √s / √s = Σ (-s)^j / (2j+1)!. The series serves
s <= 1, where ten terms leave a remainder below 1/20! < eps(float64) in value and first two
derivatives alike; beyond, √s is smooth.
"""

import math

import torch
from torch import Tensor

TERMS = 10


def _entire(s: Tensor, shift: int) -> Tensor:
    """Σ_{j < TERMS} (-s)^j / (2j + shift)! by Horner's rule."""
    total = torch.zeros_like(s)
    for j in reversed(range(TERMS)):
        total = 1 / math.factorial(2 * j + shift) - s * total
    return total


def cosine_of_root(s: Tensor) -> Tensor:
    """cos √s for s >= 0, elementwise."""
    near = s <= 1
    root = torch.sqrt(torch.where(near, 1, s))  # √ of 1 where unused: its derivative at 0 is NaN
    return torch.where(near, _entire(torch.where(near, s, 0), 0), torch.cos(root))


def sine_of_root_over_root(s: Tensor) -> Tensor:
    """sin √s / √s for s >= 0, elementwise."""
    near = s <= 1
    root = torch.sqrt(torch.where(near, 1, s))
    return torch.where(near, _entire(torch.where(near, s, 0), 1), torch.sin(root) / root)
