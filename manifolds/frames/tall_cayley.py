"""X = Cay(Ω) B for tall B, Ω of the parameters P projected at B, polished, with its derivative.

With C = BᴴP, N = P - BC, K = NᴴN and W = (I + M)⁻¹, M = (K - C + Cᴴ)/4, it is the Cayley transform
of A = skew(C) and N (`manifolds.frames.cayley`), all in one operator: the projection, the
Gram matrix and the clip by themselves are passes over n×k and nodes of a graph, each with its own
derivative. Entries of P are clipped at `angle_limit`: only if they come near it a CPU does that.

Note [Derivative of the tall Cayley transform]
X = YW - B with Y = 2B + N, and X + B = YW. With Ȳ = GWᴴ, U = BᴴȲ, Z = NᴴȲ and T = Wᴴ(2U + Z),
minus the gradient in M,
    N̄ = Ȳ - N (T + Tᴴ)/4,    C̄ = (T - Tᴴ)/4,    P̄ = N̄ + B (C̄ - U),
since BᴴN = 0. Products n k²: forward BᴴP, BC, NᴴN and YW, backward five; at P = 0 none and two,
P̄ = G - B sym(BᴴG). Where N is taken as a multiple sN (Note [Lost small eigenvalues]), N̄ is s times
as large and so is U in P̄.
"""

import torch
from torch import Tensor

from manifolds.frames.cayley import cayley_transform, polished_quotient
from manifolds.frames.fused import fused
from manifolds.linear_algebra.basics import (
    add_identity,
    add_product,
    identity,
    readable,
    times,
)
from manifolds.linear_algebra.near_identity import is_zero
from manifolds.linear_algebra.orthonormalize import orthonormalized
from manifolds.linear_algebra.range import clipped_angles, norm_if_readable, through_clip
from manifolds.linear_algebra.symmetry import split, tangent, tangential
from manifolds.operators.opaque import opaque, shaped_like_the_first, square_of


def _shaped(b: Tensor, p: Tensor) -> tuple[Tensor, ...]:
    s = p.real.new_empty(*p.shape[:-2], 1, 1)
    return shaped_like_the_first(b), square_of(p), shaped_like_the_first(p), s


@opaque("tall_cayley", _shaped)
def tall_cayley_operator(b: Tensor, p: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """X, W, N and its factor s."""
    p, size = clipped_angles(p)
    if not size:
        w = identity(p.shape[-1], p.shape[-1], p).expand(*p.shape[:-2], -1, -1).clone()
        x = orthonormalized(b.clone(memory_format=torch.contiguous_format)).contiguous()
        return x, w, p.new_zeros(p.shape), p.real.new_ones(*p.shape[:-2], 1, 1)
    c, n, k, s = split(b, p)
    m = k.sub_(c).add_(c.mH).div_(4)
    x, w = polished_quotient(b, torch.add(n, b, alpha=2), m)
    return x, w, n, s


@opaque("tall_cayley_adjoint")
def adjoint_operator(  # noqa: PLR0917 -- what the forward has, and G
    g: Tensor, b: Tensor, p: Tensor, w: Tensor, n: Tensor, s: Tensor
) -> Tensor:
    """P̄ of Note [Derivative of the tall Cayley transform]."""
    size = norm_if_readable(p)
    if not size and is_zero(n) and is_zero(add_identity(w, -1)):  # P may be another by now
        return tangential(b, g)
    y = times(g, w.mH.contiguous()).contiguous()  # Note [Transposed right factors]
    u = times(b.mH, y)
    t = times(w.mH, torch.add(times(n.mH, y), u, alpha=2))
    h, turn = (t + t.mH).div_(-4), (t - t.mH).div_(4)
    if not readable(s) or not s.numel() or s.amin().item() < 1:
        y, u, h = s * y, s * u, s * h
    add_product(y, n, h)
    add_product(y, b, turn - u)
    return through_clip(y, p, size)


def composed(b: Tensor, p: Tensor) -> Tensor:
    """Cay(Ω) B polished; (*batch, n, k) -> (*batch, n, k), differentiable to every order."""
    return cayley_transform(b, *tangent(b, p))


tall_cayley = fused("tall_cayley", tall_cayley_operator, adjoint_operator, composed)
