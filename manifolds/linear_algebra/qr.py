"""The orthonormal factor of a full-rank matrix, made unique by diag(R) > 0, with its derivative.

Note [Derivative of the orthonormal factor]
Y = QR. With M = Qᴴ dY R⁻¹ = Qᴴ dQ + dR R⁻¹, the first term skew-Hermitian and the second upper
triangular with a real diagonal, Qᴴ dQ = Ω(M) = tril(M, -1) - tril(M, -1)ᴴ + i Im diag(M), and
dQ = dY R⁻¹ + Q (Ω(M) - M) (Walter, Lehmann & Lamour, On evaluating higher-order derivatives of the
QR decomposition, Optim. Methods Softw. 2012, for real Y). The adjoint takes Ω*(W) = tril(W - Wᴴ,
-1) + i Im diag(W), W = QᴴG, for Ω, and R⁻ᴴ after. Both are written in differentiable pieces, so
they have every derivative.

Note [Factors by Cholesky's method]
R from RᴴR = S = YᴴY, and Q = Y R⁻¹, where S >= I: rounding is lost ‖S‖ times, by Householder's
reflections ‖S‖^(1/2) times, which take three times as long or more (Golub & Van Loan, Matrix
Computations, 2013, section 5.3). A CPU sees where that is no more than `loss_allowed`.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import diagonal, phase
from manifolds.linear_algebra.symmetry import skew_multiple
from manifolds.operators.differentiable import differentiable
from manifolds.operators.opaque import opaque

LOSS = 16
"""In eps, by Cholesky's method: the tolerance of a 2×2 matrix."""


def loss_allowed(k: int) -> int:
    """The largest ‖S‖ for Cholesky's method: Q has the digits of k eps, of `LOSS` eps for few."""
    return max(LOSS, k)


def triangle_of(s: Tensor) -> Tensor:
    """R with RᴴR = S, diag(R) > 0; (*batch, k, k) -> (*batch, k, k)."""
    return torch.linalg.cholesky_ex(s, upper=True).L


def over(y: Tensor, r: Tensor) -> Tensor:
    """Y R⁻¹; (*batch, n, k), (*batch, k, k) -> (*batch, n, k)."""
    return torch.linalg.solve_triangular(r, y, upper=True, left=False)


def over_adjoint(y: Tensor, r: Tensor) -> Tensor:
    """Y R⁻ᴴ; (*batch, n, k), (*batch, k, k) -> (*batch, n, k)."""
    return torch.linalg.solve_triangular(r.mH, y, upper=False, left=False)


def positive_qr(y: Tensor) -> tuple[Tensor, Tensor]:
    """Q and R, diag(R) > 0, by Householder reflections."""
    q, r = torch.linalg.qr(y)
    signs = phase(diagonal(r))
    return q * signs.unsqueeze(-2), r * signs.conj().unsqueeze(-1)


@opaque("orthonormal_columns")
def orthonormal_columns_operator(y: Tensor) -> Tensor:
    """Q, by reflections orthonormal to rounding for every Y, unlike Y R⁻¹."""
    return positive_qr(y)[0]


def triangle(y: Tensor, q: Tensor) -> Tensor:
    """R = QᴴY; (*batch, n, k), (*batch, n, k) -> (*batch, k, k)."""
    return (q.mH @ y).triu()


def imaginary_diagonal(m: Tensor) -> Tensor:
    """i Im diag(M) as a matrix; zero for real M."""
    if not m.dtype.is_complex:  # `m.is_complex()` in a derivative stops the compiler of torch 2.6
        return torch.zeros_like(m)
    return torch.diag_embed(1j * diagonal(m).imag)


def adjoint_rotation(w: Tensor) -> Tensor:
    """Ω*(W), without a derivative."""
    k = skew_multiple(w, 1).tril_()
    diagonal(k).div_(2)
    return k


def turn(m: Tensor) -> Tensor:
    """Ω(M) - M."""
    lower = m.tril(-1)
    return lower - lower.mH + imaginary_diagonal(m) - m


def adjoint_turn(w: Tensor) -> Tensor:
    """Ω*(W) - W."""
    return (w - w.mH).tril(-1) + imaginary_diagonal(w) - w


def forward_derivative(y: Tensor, q: Tensor, dy: Tensor) -> Tensor:
    """dY R⁻¹ + Q (Ω(M) - M)."""
    e = over(dy, triangle(y, q))
    return e + q @ turn(q.mH @ e)


def reverse_derivative(y: Tensor, q: Tensor, g: Tensor) -> Tensor:
    """(G + Q (Ω*(W) - W)) R⁻ᴴ."""
    z = g + q @ adjoint_turn(q.mH @ g)
    return over_adjoint(z, triangle(y, q))


class OrthonormalColumns(Function):
    """Q of Y = QR, diag(R) > 0; (*batch, n, k) -> (*batch, n, k), n >= k."""

    @staticmethod
    def forward(y: Tensor) -> Tensor:
        """Q."""
        return orthonormal_columns_operator(y)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        """Memory: two n×k matrices."""
        ctx.save_for_backward(inputs[0], output)
        ctx.save_for_forward(inputs[0], output)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        """Note [Derivative of the orthonormal factor]."""
        y, q = ctx.saved_tensors
        return reverse_derivative(y, q, g)

    @staticmethod
    def jvp(ctx: Any, dy: Tensor) -> Tensor:
        """Note [Derivative of the orthonormal factor]."""
        y, q = ctx.saved_tensors
        return forward_derivative(y, q, dy)


_orthonormal_columns = differentiable(OrthonormalColumns)


def orthonormal_columns(y: Tensor) -> Tensor:
    """Q of Y = QR with diag(R) > 0 for a full-rank Y, differentiable to every order."""
    return _orthonormal_columns(y)
