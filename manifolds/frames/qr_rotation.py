"""X = B qf(I + A) with A = (P - Pᴴ)/2 for square B, polished, with its derivative.

I + A = QR, and RᴴR = (I + A)ᴴ(I + A) = I + AᴴA is well conditioned where A is not large: R is found
by Cholesky's method there (Note [Factors by Cholesky's method]), and the step is
V = Q - I = (I + A - R) R⁻¹, X = B + BV. Far from the base I + A takes reflections.

Note [Derivative of the QR rotation]
dQ = QΩ(M), M = QᴴdA R⁻¹ (Note [Derivative of the orthonormal factor]). With W = XᴴG the gradient in
A is QΩ*(W)R⁻ᴴ, and its skew part that in P. In products: forward AᴴA, BV, a Cholesky factorization
and a triangular solve, backward XᴴG, VΩ*(W)R⁻ᴴ and a solve; at P = 0 none and one. A copy of X is
kept, since the point may be changed in place.
"""

import torch
from torch import Tensor

from manifolds.frames.fused import fused
from manifolds.linear_algebra.basics import add_identity, gram, plus_product, readable, times
from manifolds.linear_algebra.near_identity import is_zero
from manifolds.linear_algebra.orthonormalize import orthonormalize, orthonormalized
from manifolds.linear_algebra.qr import (
    adjoint_rotation,
    loss_allowed,
    orthonormal_columns,
    over,
    over_adjoint,
    positive_qr,
    triangle_of,
)
from manifolds.linear_algebra.range import (
    angle_limit,
    clipped,
    clipped_angles,
    norm_if_readable,
    through_clip,
)
from manifolds.linear_algebra.symmetry import skew, skew_multiple
from manifolds.linear_algebra.transpose import transposed
from manifolds.operators.opaque import opaque, shaped_like_the_first


def _shaped(b: Tensor, p: Tensor) -> tuple[Tensor, ...]:
    return tuple(shaped_like_the_first(t) for t in (b, b, p, p))


@opaque("qr_rotation", _shaped)
def qr_rotation_operator(b: Tensor, p: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """X, a copy, V and R."""
    p, size = clipped_angles(p)
    x = b.clone(memory_format=torch.contiguous_format)
    if size:
        v, r = step(skew_multiple(p, 1 / 2), size)
        x = plus_product(x, b, v)
    else:  # R = 0 says so
        v, r = torch.zeros_like(x), torch.zeros_like(x)
    x = orthonormalized(x).contiguous()
    return x, x.clone(), v, r


def step(a: Tensor, size: float) -> tuple[Tensor, Tensor]:
    """V = qf(I + A) - I and R, ‖A‖ <= size."""
    if 1 + size**2 > loss_allowed(a.shape[-1]):
        q, r = positive_qr(add_identity(a))
        return add_identity(q, -1).contiguous(), r.contiguous()
    r = triangle_of(add_identity(gram(a)))
    v = over(add_identity(a).sub_(r), r)
    return transposed(v.mT), r.contiguous()  # LAPACK's columns lie in memory one by one


@opaque("qr_rotation_adjoint")
def adjoint_operator(  # noqa: PLR0917 -- what the forward has, and G
    g: Tensor,
    b: Tensor,  # noqa: ARG001 -- X has it
    p: Tensor,
    x: Tensor,
    v: Tensor,
    r: Tensor,
) -> Tensor:
    """P̄ of Note [Derivative of the QR rotation]."""
    w = times(x.mH, g)
    if readable(r) and is_zero(r):
        return skew_multiple(w, 1 / 2)
    e = over_adjoint(adjoint_rotation(w), r)
    return through_clip(skew_multiple(plus_product(e, v, e), 1 / 2), p, norm_if_readable(p))


def composed(b: Tensor, p: Tensor) -> Tensor:
    """B qf(I + A) polished; (*batch, n, n) -> (*batch, n, n), differentiable to every order."""
    a = skew(clipped(p, angle_limit(p)))
    return orthonormalize(times(b, orthonormal_columns(add_identity(a))))


qr_rotated = fused("qr_rotation", qr_rotation_operator, adjoint_operator, composed)
