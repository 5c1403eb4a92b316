"""Log-Cholesky coordinates: L = tril(Z, -1) + diag exp(z_ii) <-> Z (Lin 2019)."""

import math

import torch
from torch import Tensor

from manifolds.linear_algebra.basics import diagonal
from manifolds.linear_algebra.range import clipped, largest_factor
from manifolds.linear_algebra.symmetry import sym


def factor(z: Tensor) -> Tensor:
    """Z -> L, the lower triangle of Z being read; clipped so that L Lᴴ stays finite."""
    return factor_of(z, diagonal(z).real)


def factor_of(z: Tensor, logarithm: Tensor) -> Tensor:
    """The strict lower triangle of Z and log diag L -> L; (*batch, n, n), (*batch, n)."""
    bound = largest_factor(z.shape[-1], z.dtype)
    logarithm = logarithm.clamp(-math.log(bound), math.log(bound))
    return clipped(z.tril(-1), bound) + torch.diag_embed(logarithm.exp())


def coordinates(l: Tensor) -> Tensor:
    """L with a positive diagonal -> Z."""
    return l.tril(-1) + torch.diag_embed(diagonal(l).real.log())


def exists(x: Tensor) -> Tensor:
    """(*batch, n, n) -> (*batch,) of bool: X = L Lᴴ with l_ii² above rounding, n eps x_ii.

    The computed L is that of X + E with |e_ii| <= n eps x_ii (Higham, Accuracy and Stability of
    Numerical Algorithms, 2002, theorem 10.3): a smaller l_ii² may be that of a singular matrix.
    """
    l, info = torch.linalg.cholesky_ex(sym(x))
    rounding = x.shape[-1] * torch.finfo(x.dtype).eps * diagonal(x).real
    return (info == 0) & (diagonal(l).real.square() > rounding).all(-1)
