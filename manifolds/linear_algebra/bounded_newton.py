"""Newton's iterations for sign and polar factor, whose steps are known beforehand.

Note [Bounded spectra]
x -> (x/√b + √b/x)/2 takes [1, b] to [1, (√b + 1/√b)/2]: 3 to 1.15, 30 to 2.8 and that to 1.14, 1e8
in four steps to 1.2. So a bound b of the singular values of X, or of the eigenvalues of H >= I,
which are at least 1, says how many steps of X <- (X/√b + (X/√b)⁻ᴴ)/2 lead next to an orthonormal X,
or next to I (Byers & Xu, A new scaling for Newton's iteration for the polar decomposition and its
backward stability, SIAM J. Matrix Anal. Appl. 2008; Higham, Functions of Matrices, 2008, section
8.6): nobody looks at an iterate. Where nobody may look at b either, as many steps are taken as the
largest parameters need, which are clipped at ‖P‖ = 1/eps, each matrix scaled by its own b.
"""

from collections.abc import Callable

import torch
from torch import Tensor

IsNear = Callable[[float], bool]


def halved(bound: float | Tensor) -> float | Tensor:
    """The bound after a step; its logarithm is about half."""
    root = bound**0.5
    return (root + 1 / root) / 2


def steps_to(bound: float, is_near: IsNear) -> tuple[int, float]:
    """How many steps lead from a bound to a near one, and that."""
    steps = 0
    while not is_near(bound):
        bound, steps = float(halved(bound)), steps + 1
    return steps, bound


def largest_bound(k: int, dtype: torch.dtype) -> float:
    """Of `size_of` k×k matrices of clipped parameters: √k ‖X‖, and more."""
    return max(k, 2) / torch.finfo(dtype).eps


def size_of(x: Tensor) -> Tensor:
    """(‖X‖₁ ‖X‖∞)^(1/2) >= ‖X‖₂; (*batch, k, k) -> (*batch, 1, 1)."""
    if not x.numel():
        return x.real.new_ones(*x.shape[:-2], 1, 1)
    columns, rows = x.abs().sum(-2).amax(-1), x.abs().sum(-1).amax(-1)
    return torch.sqrt(columns * rows)[..., None, None]
