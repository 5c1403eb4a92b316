"""X = qf(B + U) for tall B, U of the parameters P projected at B, polished, with its derivative.

Y = B + BA + N is P + B (I - sym C) with C = BᴴP, A = skew(C) and N = P - BC. YᴴY = I + UᴴU is well
conditioned where U is not large: R is found by Cholesky's method there (Note [Factors by Cholesky's
method]), X = Y R⁻¹.

Note [Derivative of the tall QR map]
By Note [Derivative of the orthonormal factor], with W = XᴴG,
    Ȳ = G R⁻ᴴ + X (Ω*(W) - W) R⁻ᴴ,    P̄ = Ȳ - B sym(BᴴȲ).
Products n k²: forward BᴴP, B sym C, YᴴY and YR⁻¹, backward five; at P = 0 none and two. X = B and
R = I give G - B sym(BᴴG) there, as Ω*(W) and W have the same skew part. A copy of X is kept, since
the point may be changed in place.
"""

import torch
from torch import Tensor

from manifolds.frames.fused import fused
from manifolds.linear_algebra.basics import (
    add_product,
    gram,
    identity,
    plus_product,
    readable,
    times,
)
from manifolds.linear_algebra.near_identity import is_zero
from manifolds.linear_algebra.orthonormalize import orthonormalize, orthonormalized
from manifolds.linear_algebra.qr import (
    adjoint_rotation,
    loss_allowed,
    orthonormal_columns,
    over,
    positive_qr,
    triangle_of,
)
from manifolds.linear_algebra.range import clipped_angles, norm_if_readable, through_clip
from manifolds.linear_algebra.symmetry import sym, tangent, tangential
from manifolds.operators.opaque import opaque, shaped_like_the_first, square_of


def _shaped(b: Tensor, p: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return shaped_like_the_first(b), shaped_like_the_first(b), square_of(p)


@opaque("tall_qr", _shaped)
def tall_qr_operator(b: Tensor, p: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """X, a copy and R⁻¹."""
    p, size = clipped_angles(p)
    x, t = b.clone(memory_format=torch.contiguous_format), square_of(p).zero_()  # 0 says so
    if size:
        y = plus_product(p, b, sym(times(b.mH, p)), -1).add_(b)
        x, t = factors(y, size)
    x = orthonormalized(x).contiguous()
    return x, x.clone(), t


def factors(y: Tensor, size: float) -> tuple[Tensor, Tensor]:
    """Q and R⁻¹ of Y, ‖YᴴY‖ <= 1 + size²."""
    k = y.shape[-1]
    one = identity(k, k, y).expand(*y.shape[:-2], k, k)
    if 1 + size**2 > loss_allowed(k):
        q, r = positive_qr(y)
        return q, over(one, r).contiguous()
    t = over(one, triangle_of(gram(y))).contiguous()
    return times(y, t), t


@opaque("tall_qr_adjoint")
def adjoint_operator(g: Tensor, b: Tensor, p: Tensor, x: Tensor, t: Tensor) -> Tensor:
    """P̄ of Note [Derivative of the tall QR map]."""
    if readable(t) and is_zero(t):
        return tangential(b, g)
    w, adjoint = times(x.mH, g), t.mH.contiguous()  # Note [Transposed right factors]
    ybar = times(g, adjoint).contiguous()
    add_product(ybar, x, times(adjoint_rotation(w).sub_(w), adjoint))
    return through_clip(tangential(b, ybar), p, norm_if_readable(p))


def composed(b: Tensor, p: Tensor) -> Tensor:
    """qf(B + U) polished; (*batch, n, k) -> (*batch, n, k), differentiable to every order."""
    a, normal = tangent(b, p)
    return orthonormalize(orthonormal_columns(b + times(b, a) + normal))


tall_qr = fused("tall_qr", tall_qr_operator, adjoint_operator, composed)
