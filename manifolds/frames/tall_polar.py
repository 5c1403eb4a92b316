"""X = polar(B + U) for tall B, U of the parameters P projected at B, polished, with its derivative.

Y = B + BA + N is P + B (I - sym C) with C = BᴴP, A = skew(C) and N = P - BC. YᴴY = I + S, and
R = (I + S)^(-1/2) is a series near the base (Note [Near the base]); X = YR and H = R⁻¹. Further off
X = YR with R = T⁻¹ polar(T), TᴴT = I + S (Notes [Factors by Cholesky's method], [Far from the
base]).

Note [Derivative of the tall polar map]
By Note [Derivative of the polar factor], with T = XᴴG and HΩ + ΩH = T - Tᴴ,
    Ȳ = G R + X (Ω - TR),    P̄ = Ȳ - B sym(BᴴȲ).
Products n k²: forward BᴴP, B sym C, YᴴY and YR, backward five; at P = 0 none and two. Y is kept,
since the point may be changed in place.
"""

from torch import Tensor

from manifolds.frames.fused import fused
from manifolds.linear_algebra.basics import add_product, plus_product, readable, times
from manifolds.linear_algebra.near_identity import is_zero
from manifolds.linear_algebra.orthonormalize import (
    orthonormalize,
    orthonormalized,
)
from manifolds.linear_algebra.polar import factors, polar
from manifolds.linear_algebra.range import clipped_angles, norm_if_readable, through_clip
from manifolds.linear_algebra.sylvester import sylvester_operator
from manifolds.linear_algebra.symmetry import skew_multiple, sym, tangent, tangential
from manifolds.operators.opaque import opaque, shaped_like_the_first, square_of


def _shaped(b: Tensor, p: Tensor) -> tuple[Tensor, ...]:
    return shaped_like_the_first(b), shaped_like_the_first(p), square_of(p), square_of(p)


@opaque("tall_polar", _shaped)
def tall_polar_operator(b: Tensor, p: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """X, Y, R and H - I."""
    p, size = clipped_angles(p)
    if not size:  # R = 0 says so
        x, y, r, e = _shaped(b, p)
        return orthonormalized(x.copy_(b)).contiguous(), y, r.zero_(), e
    y = plus_product(p, b, sym(times(b.mH, p)), -1).add_(b)
    x, r, e = factors(y)
    return orthonormalized(x).contiguous(), y, r, e


@opaque("tall_polar_adjoint")
def adjoint_operator(  # noqa: PLR0917 -- what the forward has, and G
    g: Tensor, b: Tensor, p: Tensor, y: Tensor, r: Tensor, e: Tensor
) -> Tensor:
    """P̄ of Note [Derivative of the tall polar map]."""
    if readable(r) and is_zero(r):
        return tangential(b, g)
    t = times(r, times(y.mH, g))
    omega = sylvester_operator(e, skew_multiple(t, 1))
    ybar = times(g, r).contiguous()
    add_product(ybar, y, times(r, omega - times(t, r)))
    return through_clip(tangential(b, ybar), p, norm_if_readable(p))


def composed(b: Tensor, p: Tensor) -> Tensor:
    """polar(B + U) polished; (*batch, n, k) -> (*batch, n, k), differentiable to every order."""
    a, normal = tangent(b, p)
    return orthonormalize(polar(b + times(b, a) + normal))


tall_polar = fused("tall_polar", tall_polar_operator, adjoint_operator, composed)
