"""Decompositions of LAPACK, where those of complex64 fail.

MKL's complex64 SVD and QR return NaN, or an error, for some finite matrices with entries near the
end of the range, 1 and 1e-30 beside each other or all below 1e-25 (1 in 100 of such, torch 2.13 on
a CPU; none in the other dtypes). So complex64 is decomposed in complex128, where the range of
complex64 is the middle.

Note [Correction of singular vectors]
LAPACK's U diag(σ) Vᴴ is up to 70 eps off X in its largest entry (MKL, 3000 matrices of sizes 4 to 6
in float64 with spectra (2, 2, 1), (4, 3, 2, 1) and (1, 1e-5, 1e-10, 1e-10)), which is more than a
round trip may miss. With T = UᴴXV - diag(s), U(I + F) and V(I + G), F and G skew, satisfy
F diag(s) - diag(s) G = T to first order where (s_j - s_i)(f + g)_ij = (T + Tᴴ)_ij and
(s_j + s_i)(f - g)_ij = (T - Tᴴ)_ij; what X has outside their spans turns them by (I - UUᴴ) X V / s
and its like. One step leaves 6 eps. Rotations that are not small are left alone: equal values do
not tell their vectors apart, and the vectors of 0 are arbitrary.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from manifolds.linear_algebra.orthonormalize import BASE_ROUNDING, orthonormalized

LARGEST_ROTATION = 1 / 8
"""Beyond it the terms of second order are no small part of those of first."""


def svd(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """U, σ descending, Vᴴ; (*batch, n, k) -> (*batch, n, r), (*batch, r), (*batch, r, k)."""
    u, s, vh = _widely(lambda y: torch.linalg.svd(y, full_matrices=False), x)
    return u, s, vh


def polar_factor(x: Tensor) -> Tensor:
    """U Vᴴ of X = U diag(σ) Vᴴ, the nearest frame (Fan & Hoffman 1955); -> the shape of X.

    For X of any rank; `polar.polar` has the derivatives of that of full rank, and no SVD.
    """
    u, _, vh = svd(x)
    return u @ vh


def qr(x: Tensor) -> tuple[Tensor, Tensor]:
    """Q, R; (*batch, n, k) -> (*batch, n, r), (*batch, r, k)."""
    q, r = _widely(torch.linalg.qr, x)
    return q, r


def singular_values(x: Tensor) -> Tensor:
    """σ descending; (*batch, n, k) -> (*batch, min(n, k))."""
    (s,) = _widely(lambda y: (torch.linalg.svdvals(y),), x)
    return s


def _widely(function: Callable[[Tensor], Sequence[Tensor]], x: Tensor) -> list[Tensor]:
    if x.dtype != torch.complex64:
        return list(function(x))
    narrow = {torch.float64: torch.float32, torch.complex128: torch.complex64}
    return [part.to(narrow[part.dtype]) for part in function(x.to(torch.complex128))]


def corrected(x: Tensor, u: Tensor, s: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """U and V with X = U diag(s) Vᴴ to a few eps ‖X‖; Note [Correction of singular vectors].

    (*batch, n, k), (*batch, n, r), (*batch, r), (*batch, k, r) -> the shapes of U and V.
    """
    xv, xu = x @ v, x.mH @ u
    inner, column, row = u.mH @ xv, s.unsqueeze(-1), s.unsqueeze(-2)
    total = _rotation(inner - inner.mH, row + column)
    difference = _rotation(inner + inner.mH - 2 * torch.diag_embed(s), row - column)
    du = u @ (difference + total) / 2 + _rotation(xv - u @ inner, row)
    dv = v @ (difference - total) / 2 + _rotation(xu - v @ inner.mH, row)
    return orthonormalized(u + du, BASE_ROUNDING), orthonormalized(v + dv, BASE_ROUNDING)


def _rotation(residual: Tensor, gap: Tensor) -> Tensor:
    """residual / gap where that is small, 0 elsewhere."""
    small = residual.abs() < LARGEST_ROTATION * gap.abs()
    return torch.where(small, residual / torch.where(small, gap, 1), 0)
