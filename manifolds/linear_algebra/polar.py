"""The unitary polar factor of a matrix with singular values >= 1, with its derivative.

Note [Near the base]
X = YR with R = (YᴴY)^(-1/2) = (I + S)^(-1/2). With the eigenvalues of S in [0, b] and
c = 1 + b/2, I + S = c (I + T) and R = c^(-1/2) (I + T)^(-1/2), ‖T‖ <= t = b / 2c.
Σ (-1/2 over j) Tʲ to degree d leaves less than |(-1/2 over d + 1)| t^(d+1) / (1 - t). Paterson &
Stockmeyer's scheme (Higham 2008, section 4.2) takes m - 1 + r products to degree m (r + 1). In
float32 degree 1 serves up to ‖S‖ = 6e-4, degree 12 of S >= 0 up to 0.9. All is done on R - I and
X - Y, whose rounding vanishes with S.

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

from manifolds.linear_algebra.basics import add_identity, diagonal, readable, times
from manifolds.linear_algebra.bounded_newton import halved, largest_bound, size_of, steps_to
from manifolds.linear_algebra.inverse import accretive_inverse, by_lapack
from manifolds.linear_algebra.orthonormalize import orthonormality_error
from manifolds.linear_algebra.qr import loss_allowed, triangle_of
from manifolds.linear_algebra.spectral_norm import symmetric_norm
from manifolds.linear_algebra.sylvester import sylvester
from manifolds.linear_algebra.symmetry import skew, sym
from manifolds.operators.differentiable import differentiable
from manifolds.operators.opaque import opaque

SCHEMES = ((1, 0), (2, 0), (2, 1), (3, 1), (3, 2), (4, 2))
"""m and r of Note [Near the base]: degrees 1, 2, 4, 6, 9, 12 by 0, 1, 2, 3, 4, 5 products."""
COEFFICIENTS = [math.prod((0.5 - i) / i for i in range(1, j + 1)) for j in range(14)]
"""(-1/2 over j)."""


def reach(place: int, dtype: torch.dtype) -> float:
    """The t, at most 1/2, up to which a scheme leaves less than eps; Note [Near the base]."""
    m, r = SCHEMES[place]
    degree = m * (r + 1)
    half = torch.finfo(dtype).eps / 2
    return float((half / abs(COEFFICIENTS[degree + 1])) ** (1 / (degree + 1)))


def cheap(dtype: torch.dtype) -> float:
    """‖S‖ up to which a sharper bound would hardly make the series shorter: degree 2."""
    return reach(1, dtype)


def fitting(high: float, dtype: torch.dtype) -> tuple[int, int] | None:
    """m and r of the shortest series for eigenvalues in [0, high], None far from 0."""
    places = [i for i in range(len(SCHEMES)) if high / (2 + high) <= reach(i, dtype)]
    return SCHEMES[places[0]] if places else None


def inverse_root_minus_identity(s: Tensor, high: float) -> Tensor:
    """(I + S)^(-1/2) - I for Hermitian S with eigenvalues in [0, high] near 0."""
    m, r = fitting(high, s.dtype) or SCHEMES[-1]
    middle, c = high / 2, 1 + high / 2
    t = s / c
    diagonal(t).sub_(middle / c)
    powers = [t]
    for _ in range(m - 1):
        powers.append(t @ powers[-1])
    value = _combined(powers, m * r)
    for block in reversed(range(r)):
        value = _combined(powers, m * block).add_(powers[-1] @ value)
    value.mul_(c**-0.5)
    diagonal(value).add_(math.expm1(-math.log1p(middle) / 2))
    return value


def _combined(powers: list[Tensor], start: int) -> Tensor:
    """Σ (-1/2 over start + j) Tʲ, j = 1, ..., m."""
    total = COEFFICIENTS[start + 1] * powers[0]
    for j, power in enumerate(powers[1:], start=2):
        total.add_(power, alpha=COEFFICIENTS[start + j])
    return total


def from_afar(x: Tensor, bound: float, inverse: Callable[[Tensor], Tensor] = by_lapack) -> Tensor:
    """Polar factor of square X with singular values in [1, bound]; ∞ or NaN: nobody knows."""
    dtype, known = x.dtype, math.isfinite(bound)
    own: float | Tensor = bound if known else size_of(x)
    most = bound if known else largest_bound(x.shape[-1], dtype)
    steps, last = steps_to(most, lambda b: fitting(b**2 - 1, dtype) is not None)
    for _ in range(steps):
        x = x / own**0.5
        # torch.compile runs operators below the lazy conjugate of .mH and drops it (torch 2.13)
        x = x.add_(inverse(x).mT.conj_physical()).div_(2)
        own = halved(own)
    s, _ = orthonormality_error(x)
    return times(x, inverse_root_minus_identity(s, last**2 - 1)).add_(x)


def factors(y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """X, R = H⁻¹ and H - I of Y = XH, YᴴY >= I, without derivatives."""
    s, _ = orthonormality_error(y)
    if not y.numel():
        return y.clone(), s, s.clone()
    high = symmetric_norm(s, cheap(s.dtype)) if readable(s) else math.inf
    if fitting(high, s.dtype):
        z = inverse_root_minus_identity(s, high)
        return times(y, z).add_(y), add_identity(z), (z @ s).add_(z).add_(s)
    few = 1 + high <= loss_allowed(s.shape[-1])  # Note [Factors by Cholesky's method]
    q, t = (None, triangle_of(add_identity(s))) if few else torch.linalg.qr(y)
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
