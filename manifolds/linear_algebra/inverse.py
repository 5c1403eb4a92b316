"""The inverse of a matrix with Hermitian part >= I, by products of its blocks.

Note [Inverse by blocks]
S = [[S₁, P], [R, S₂]] with S + Sᴴ >= 2I has S₁ + S₁ᴴ >= 2I, and so has the Schur complement
C = S₂ - R S₁⁻¹ P: no pivots are needed, and halving all the way costs (3/4) Σ 4^-j = 1 product of
n×n matrices, where LAPACK's LU and inverse take the time of three. The growth is bounded by
1 + ‖S‖ (Golub & Van Loan, Matrix Computations, 2013, section 4.3.2), so that rounding is eps ‖S‖²
where pivoting leaves eps ‖S‖; a large S is therefore inverted with pivots.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import diagonal, readable
from manifolds.linear_algebra.differentiable import differentiable
from manifolds.linear_algebra.opaque import opaque

LEAF = 16
"""Up to this size LAPACK inverts. Measured on a CPU, in products: one of 1024×1024 takes 1.2 with
16, 32 and 64, LAPACK alone 3.6."""
SMALL_LEAF, MANY = 8, 128
"""Up to this size, and from so many matrices on, elimination over the whole batch is faster: 1000
of 8×8 take 0.24 ms, LAPACK 0.59 ms, one product 0.09 ms (measured)."""


def by_elimination(s: Tensor) -> Tensor:
    """S⁻¹ by Gauss-Jordan elimination without pivots, all matrices at once; (b, n, n)."""
    m = s.permute(1, 2, 0).clone(memory_format=torch.contiguous_format)  # (n, n, b), also at n = 1
    for j in range(len(m)):
        pivot = m[j, j].reciprocal()
        row, column = m[j] * pivot, m[:, j].clone()
        row[j] = pivot
        m[:, j] = 0
        m.addcmul_(column.unsqueeze(1), row.unsqueeze(0), value=-1)
        m[j] = row
    return m.permute(2, 0, 1).contiguous()


def by_blocks(s: Tensor) -> Tensor:
    """S⁻¹ without pivots; Note [Inverse by blocks]."""
    n, many = s.shape[-1], s.shape[:-2].numel() >= MANY
    if many and n <= SMALL_LEAF:
        return by_elimination(s.reshape(-1, n, n)).reshape(s.shape)
    if not many and n <= LEAF:
        return torch.linalg.inv_ex(s).inverse
    h = n // 2
    p, r, inverse = s[..., :h, h:], s[..., h:, :h], torch.empty_like(s)
    w = by_blocks(s[..., :h, :h])
    rw = r @ w
    c = by_blocks(s[..., h:, h:] - rw @ p)
    wpc = w @ p @ c
    torch.add(w, wpc @ rw, out=inverse[..., :h, :h])
    torch.neg(wpc, out=inverse[..., :h, h:])
    torch.neg(c @ rw, out=inverse[..., h:, :h])
    inverse[..., h:, h:] = c
    return inverse


def inverse_of_accretive(s: Tensor) -> Tensor:
    """S⁻¹, contiguous; the method depends on ‖S‖ <= 1 + ‖S - I‖, which only a CPU may read."""
    if readable(s) and s.numel():
        n, trace = s.shape[-1], diagonal(s).real.sum(-1)
        away = torch.linalg.matrix_norm(s) ** 2 - 2 * trace + n
        if (1 + away.max().clamp_min(0).sqrt()) ** 2 <= torch.finfo(s.dtype).eps ** -0.5:
            return by_blocks(s).contiguous()
    return torch.linalg.inv_ex(s).inverse.contiguous()


@opaque("accretive_inverse")
def accretive_inverse_operator(s: Tensor) -> Tensor:
    """S⁻¹ as one opaque operator."""
    return inverse_of_accretive(s)


class AccretiveInverse(Function):
    """W = S⁻¹; (*batch, n, n) -> (*batch, n, n)."""

    @staticmethod
    def forward(s: Tensor) -> Tensor:
        """S⁻¹."""
        return accretive_inverse_operator(s)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:  # noqa: ARG004
        """Memory: W."""
        ctx.save_for_backward(output)
        ctx.save_for_forward(output)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        """-Wᴴ G Wᴴ."""
        (w,) = ctx.saved_tensors
        return -(w.mH @ g @ w.mH)

    @staticmethod
    def jvp(ctx: Any, ds: Tensor) -> Tensor:
        """-W dS W."""
        (w,) = ctx.saved_tensors
        return -(w @ ds @ w)


_accretive_inverse = differentiable(AccretiveInverse)


def accretive_inverse(s: Tensor) -> Tensor:
    """S⁻¹ for S + Sᴴ >= 2I, (*batch, n, n) -> (*batch, n, n), differentiable to every order."""
    return _accretive_inverse(s)
