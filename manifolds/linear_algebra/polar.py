"""The unitary polar factor of a full-rank matrix, with its derivative.

Note [Near the base]
X = YR with R = (YᴴY)^(-1/2) = (I + S)^(-1/2). With the eigenvalues of S in [a, b] and c = 1 +
(a + b)/2, S = c (I + T) - I and R = c^(-1/2) (I + T)^(-1/2), ‖T‖ <= t = (b - a) / 2c.
Σ (-1/2 over j) Tʲ to degree d leaves less than |(-1/2 over d + 1)| t^(d+1) / (1 - t). Paterson &
Stockmeyer's scheme (Higham 2008, section 4.2) takes m - 1 + r products to degree m (r + 1). In
float32 degree 1 serves up to ‖S‖ = 6e-4, degree 12 of S >= 0 up to 0.9. All is done on R - I and
X - Y, whose rounding vanishes with S.

Note [Far from the base]
Newton's iteration X <- (μX + (μX)⁻ᴴ)/2 (Higham 2008, (8.24)-(8.25)), for tall Y on a triangular
factor. Singular values in [1, b] are taken to [1, (b^(1/2) + b^(-1/2))/2] by μ = b^(-1/2), 3 to
1.15, 30 to 2.8 and that to 1.14, whence the series goes on. Of I + A, A skew, all iterates have a
positive Hermitian part, and are inverted without pivots up to the same ‖A‖ as in Note [Inverse by
blocks].

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
from manifolds.linear_algebra.inverse import accretive_inverse, by_lapack
from manifolds.linear_algebra.orthonormalize import orthonormality_error
from manifolds.linear_algebra.sylvester import size_of, sylvester
from manifolds.linear_algebra.symmetry import skew, sym
from manifolds.operators.differentiable import differentiable
from manifolds.operators.opaque import opaque

STEPS = 12
"""Scaled Newton needs 9 steps up to condition number 1e16 (Higham 2008, section 8.9). Beyond, where
rounding decides, it took 10 at 1e100 and 1e300 (64×64, measured). A CPU stops on arrival."""
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


def fitting(low: float, high: float, dtype: torch.dtype) -> tuple[int, int] | None:
    """m and r of the shortest series for eigenvalues in [low, high], None far from 0."""
    t = (high - low) / (2 + low + high)
    places = [place for place in range(len(SCHEMES)) if t <= reach(place, dtype)]
    return SCHEMES[places[0]] if places else None


def inverse_root_minus_identity(s: Tensor, low: float, high: float) -> Tensor:
    """(I + S)^(-1/2) - I for Hermitian S with eigenvalues in [low, high] near 0."""
    middle, c = (low + high) / 2, 1 + (low + high) / 2
    m, r = fitting(low, high, s.dtype) or SCHEMES[-1]
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


def newton(x: Tensor, inverse: Callable[[Tensor], Tensor] = by_lapack) -> Tensor:
    """Polar factor of square X; Note [Far from the base]."""
    for _ in range(STEPS):
        # torch.compile runs operators below the lazy conjugate of .mH and drops it (torch 2.13)
        y = inverse(x).mT.conj_physical()
        mu = torch.sqrt(size_of(y) / size_of(x))
        step = (mu * x + y / mu) / 2
        moved = (step - x).abs().amax() if x.numel() else x.abs().sum()
        x = step
        if readable(x) and moved <= torch.finfo(x.dtype).eps ** 0.5:  # NaN in a batch goes on
            break  # convergence is quadratic: the next step would move by eps
    return x


def newton_within(x: Tensor, largest: float, inverse: Callable[[Tensor], Tensor]) -> Tensor:
    """The same on a CPU, of X with singular values in [1, largest]."""
    if not math.isfinite(largest):  # NaN in a batch
        return newton(x, inverse)
    while not fitting(0, largest**2 - 1, x.dtype):
        y, root = inverse(x).mT.conj_physical(), largest**0.5
        x = (x / root).add_(y, alpha=root).div_(2)
        largest = (root + 1 / root) / 2
    s, _ = orthonormality_error(x)
    return times(x, inverse_root_minus_identity(s, 0, largest**2 - 1)).add_(x)


@opaque("polar")
def polar_operator(y: Tensor) -> Tensor:
    """X of Y = XH as one opaque operator: what it does depends on the data."""
    if readable(y) and y.numel() and y.shape[-1] > 1:
        s, sizes = orthonormality_error(y)
        size = sizes.max().item()
        if fitting(-size, size, y.dtype):
            return times(y, inverse_root_minus_identity(s, -size, size)).add_(y)
    return far_from_base(y)


def far_from_base(y: Tensor) -> Tensor:
    """X of Y = XH; Note [Far from the base]."""
    if y.shape[-1] == 1:
        return y / torch.linalg.vector_norm(y, dim=-2, keepdim=True)
    if y.shape[-2] == y.shape[-1]:
        return newton(y).contiguous()
    q, r = torch.linalg.qr(y)
    return q @ newton(r)


class Polar(Function):
    """X of Y = XH; (*batch, n, k) -> (*batch, n, k), n >= k."""

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
    """The nearest orthonormal matrix to a full-rank Y, differentiable to every order."""
    return _polar(y)


def polar_derivative(y: Tensor, x: Tensor, dy: Tensor) -> Tensor:
    """dX = XΩ + (I - XXᴴ) dY H⁻¹; see Note [Derivative of the polar factor]."""
    h, b = sym(times(x.mH, y)), times(x.mH, dy)
    omega = sylvester(add_identity(h, -1), 2 * skew(b))
    if y.shape[-2] == y.shape[-1]:
        return x @ omega
    r = accretive_inverse(h)
    return times(dy, r) + times(x, omega - times(b, r))
