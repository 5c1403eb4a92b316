"""The unitary polar factor of a matrix with singular values >= 1, with its derivative.

Note [Near the base]
X = YR with R = (YᴴY)^(-1/2) = (I + S)^(-1/2), a series near the base (Note [Inverse square root]).

Note [Far from the base]
Newton's iteration leads there (Note [Bounded spectra]), for tall Y on a triangular factor. Of
I + A, A skew, all iterates have a positive Hermitian part, and are inverted without pivots up to
the same ‖A‖ as in Note [Inverse by blocks].

Note [Derivative of the polar factor]
Y = X H with XᴴX = I and H ≻ 0. Differentiating and multiplying by Xᴴ gives dX = XΩ + (I - XXᴴ) dY
H⁻¹ with Ω skew and HΩ + ΩH = XᴴdY - dYᴴX (Kenney & Laub, SIAM J. Sci. Stat. Comput. 1991, theorem
3.1). This linear map dY -> dX is self-adjoint, so it serves forward and reverse mode; it is written
in differentiable pieces, so it has every derivative.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import add_identity, readable, times
from manifolds.linear_algebra.bounded_newton import halved, largest_bound, size_of, steps_to
from manifolds.linear_algebra.inverse import accretive_inverse, by_lapack
from manifolds.linear_algebra.inverse_root import cheap, fitting, inverse_root_minus_identity
from manifolds.linear_algebra.orthonormalize import orthonormality_error
from manifolds.linear_algebra.qr import loss_allowed, triangle_of
from manifolds.linear_algebra.spectral_norm import symmetric_norm
from manifolds.linear_algebra.sylvester import sylvester
from manifolds.linear_algebra.symmetry import skew, sym
from manifolds.operators.differentiable import differentiable
from manifolds.operators.opaque import opaque


def from_afar(x: Tensor, bound: float, inverse: Callable[[Tensor], Tensor] = by_lapack) -> Tensor:
    """Polar factor of square X with singular values in [1, bound]; ∞ or NaN: nobody knows."""
    dtype, known = x.dtype, math.isfinite(bound)
    own: float | Tensor = bound if known else size_of(x)
    most = bound if known else largest_bound(x.shape[-1], dtype)
    steps, last = steps_to(most, lambda b: fitting(0, b**2 - 1, dtype) is not None)
    for _ in range(steps):
        x = x / own**0.5
        # torch.compile runs operators below the lazy conjugate of .mH and drops it (torch 2.13)
        x = x.add_(inverse(x).mT.conj_physical()).div_(2)
        own = halved(own)
    s, _ = orthonormality_error(x)
    return times(x, inverse_root_minus_identity(s, 0, last**2 - 1)).add_(x)


def factors(y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """X, R = H⁻¹ and H - I of Y = XH, YᴴY >= I, without derivatives."""
    s, _ = orthonormality_error(y)
    if not y.numel():
        return y.clone(), s, s.clone()
    high = symmetric_norm(s, cheap(s.dtype)) if readable(s) else math.inf
    if fitting(0, high, s.dtype):
        z = inverse_root_minus_identity(s, 0, high)
        return times(y, z).add_(y), add_identity(z), (z @ s).add_(z).add_(s)
    is_mild = 1 + high <= loss_allowed(s.shape[-1])  # Note [Factors by Cholesky's method]
    q, t = (None, triangle_of(add_identity(s))) if is_mild else torch.linalg.qr(y)
    u = from_afar(t, (1 + high) ** 0.5)
    r = torch.linalg.solve_triangular(t, u, upper=True).contiguous()
    return times(y, r) if q is None else times(q, u), r, add_identity(sym(times(u.mH, t)), -1)


@opaque("polar")
def polar_operator(y: Tensor) -> Tensor:
    """X of Y = XH as one opaque operator: what it does depends on the data."""
    x, _, _ = factors(y)
    return x


class Polar(Function):
    """X of Y = XH, H >= I; (*batch, n, k) -> (*batch, n, k), n >= k."""

    @staticmethod
    def forward(y: Tensor) -> Tensor:
        """The polar factor."""
        return polar_operator(y)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        """Memory: two n×k matrices."""
        ctx.save_for_backward(inputs[0], output)
        ctx.save_for_forward(inputs[0], output)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        """Self-adjoint; Note [Derivative of the polar factor]."""
        y, x = ctx.saved_tensors
        return polar_derivative(y, x, g)

    @staticmethod
    def jvp(ctx: Any, dy: Tensor) -> Tensor:
        """Note [Derivative of the polar factor]."""
        y, x = ctx.saved_tensors
        return polar_derivative(y, x, dy)


_polar = differentiable(Polar)


def polar(y: Tensor) -> Tensor:
    """The nearest orthonormal matrix to Y, YᴴY >= I, differentiable to every order."""
    return _polar(y)


def polar_derivative(y: Tensor, x: Tensor, dy: Tensor) -> Tensor:
    """dX = XΩ + (I - XXᴴ) dY H⁻¹; see Note [Derivative of the polar factor]."""
    h, b = sym(times(x.mH, y)), times(x.mH, dy)
    omega = sylvester(add_identity(h, -1), 2 * skew(b))
    if y.shape[-2] == y.shape[-1]:
        return x @ omega
    r = accretive_inverse(h)
    return times(dy, r) + times(x, omega - times(b, r))
