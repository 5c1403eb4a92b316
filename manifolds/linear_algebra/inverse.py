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

from manifolds.linear_algebra import many
from manifolds.linear_algebra.basics import add_identity, diagonal, readable
from manifolds.linear_algebra.differentiable import differentiable
from manifolds.linear_algebra.opaque import opaque

LEAF = 16
"""Up to this size LAPACK inverts. Measured on a CPU, in products: one of 1024×1024 takes 1.2 with
16, 32 and 64, LAPACK alone 3.6."""


def by_blocks(s: Tensor) -> Tensor:
    """S⁻¹ without pivots; Note [Inverse by blocks]."""
    n, number = s.shape[-1], s.shape[:-2].numel()
    if many.are_many(s):
        return by_elimination(s)
    if number < many.MANY and n <= LEAF:
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


def by_elimination(s: Tensor) -> Tensor:
    """S⁻¹ of many small matrices without pivots."""
    m, inverse = many.batch_last(s), many.kept_like(s)
    m.diagonal().sub_(1)
    change = many.batch_last(inverse)
    many.inverse_change(m, out=change)
    change.diagonal().add_(1)
    return inverse.contiguous()


def needs_pivots(m: Tensor, scale: float = 1.0) -> bool:
    """Whether ‖I + sM‖² may pass 1/√eps, or is NaN; read on a CPU."""
    size = scale * torch.linalg.vector_norm(m, dim=(-2, -1)).max().item()
    return not (1 + size) ** 2 <= torch.finfo(m.dtype).eps ** -0.5


def inverse_change(m: Tensor) -> Tensor:
    """(I + M)⁻¹ - I for M + Mᴴ >= 0, contiguous; M is lost.

    The method depends on the numbers, which only a CPU may read.
    """
    few = m.shape[-1] <= LEAF and m.shape[:-2].numel() < many.MANY
    by_lapack = few or not readable(m) or not m.numel() or needs_pivots(m)
    diagonal(m).add_(1)
    w = (torch.linalg.inv_ex(m).inverse if by_lapack else by_blocks(m)).contiguous()
    diagonal(w).sub_(1)
    return w


@opaque("accretive_inverse")
def accretive_inverse_operator(s: Tensor) -> Tensor:
    """S⁻¹ as one opaque operator."""
    return add_identity(inverse_change(add_identity(s, -1)))


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
