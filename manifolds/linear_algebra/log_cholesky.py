"""Log-Cholesky coordinates: L = tril(Z, -1) + diag exp(z_ii) <-> Z (Lin 2019)."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import diagonal
from manifolds.linear_algebra.range import clipped, largest_factor, masked
from manifolds.linear_algebra.symmetry import by_formula, sym
from manifolds.operators.differentiable import differentiable


def formula(z: Tensor, logarithm: Tensor, scale: Tensor) -> Tensor:
    """s (tril(Z, -1) + diag exp d), clipped; (*batch, n, n), (*batch, n), (*batch, 1, 1)."""
    bound = largest_factor(z.shape[-1], z.dtype)
    logarithm = logarithm.clamp(-math.log(bound), math.log(bound))
    return clipped(scale * (z.tril(-1) + torch.diag_embed(logarithm.exp())), bound)


class Factor(Function):
    """L by the formula: dL = s tril(dZ, -1) + L diag(dd), 0 where clipped; s is a constant."""

    @staticmethod
    def forward(z: Tensor, logarithm: Tensor, scale: Tensor) -> Tensor:
        """L."""
        return formula(z, logarithm, scale)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """Memory: L, of which a product keeps nothing else, d and s."""
        ctx.save_for_backward(*inputs[1:], output)
        ctx.save_for_forward(*inputs[1:], output)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor, None]:
        """s tril(G, -1) and Re g_ii l_ii."""
        logarithm, scale, l = ctx.saved_tensors
        gz = scale * masked(g, l, largest_factor(l.shape[-1], l.dtype)).tril(-1)
        return gz, slope(logarithm, l) * diagonal(g).real, None

    @staticmethod
    def jvp(ctx: Any, dz: Tensor | None, dd: Tensor | None, _: None) -> Tensor:
        """s tril(dZ, -1) + diag l_ii dd_i."""
        logarithm, scale, l = ctx.saved_tensors
        dz = torch.zeros_like(l) if dz is None else dz
        dl = scale * masked(dz, l, largest_factor(l.shape[-1], l.dtype)).tril(-1)
        return dl if dd is None else dl + torch.diag_embed(slope(logarithm, l) * dd)


def slope(logarithm: Tensor, l: Tensor) -> Tensor:
    """l_ii, 0 where it is clipped."""
    bound, entries = largest_factor(l.shape[-1], l.dtype), diagonal(l).real
    free = (logarithm.abs() < math.log(bound)) & (entries < bound)
    return torch.where(free, entries, 0)


_factor = differentiable(Factor)


def factor(z: Tensor, scale: Tensor | None = None) -> Tensor:
    """Z -> L, the lower triangle of Z being read; clipped so that L Lᴴ stays finite."""
    return factor_of(z, diagonal(z).real, scale)


def factor_of(z: Tensor, logarithm: Tensor, scale: Tensor | None = None) -> Tensor:
    """The strict lower triangle of Z and log diag L -> L, times a scale > 0 if there is one.

    (*batch, n, n), (*batch, n), (*batch, 1, 1) -> first.
    """
    scale = logarithm.new_ones(1, 1) if scale is None else scale
    batch = torch.broadcast_shapes(z.shape[:-2], scale.shape[:-2])
    z, scale = (t.expand(*batch, *t.shape[-2:]) for t in (z, scale))
    logarithm = logarithm.expand(*batch, logarithm.shape[-1])
    if by_formula(z):
        return formula(z, logarithm, scale)
    return _factor(z, logarithm, scale)  # type: ignore[no-any-return]


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
