"""C = W R⁻¹ with RᴴR = I + WᴴW, R upper triangular: ‖C‖₂ < 1 for every W.

C is the lower block of the orthonormal factor Q of Y = [I; W] = QR, with diag(R) > 0, and the upper
block is R⁻¹. Householder's reflections find it to rounding for every W. R by Cholesky's method
loses 1 + ‖W‖² times as much and takes half of the time; a CPU sees where that is little.

Note [Derivative of a contraction]
That of Q in Note [Derivative of the orthonormal factor] (`manifolds.linear_algebra.qr`) with
dY = [0; dW]: M = Cᴴ dW R⁻¹, dC = dW R⁻¹ + C (Ω(M) - M), dR = (M - Ω(M)) R. The adjoint takes G and
G' to (G + C (Ω*(Z) - Z)) R⁻ᴴ, Z = CᴴG - G'Rᴴ: two products and a triangular solve, where that of
all of Q takes eight.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import add_identity, gram, identity, readable
from manifolds.linear_algebra.qr import adjoint_turn, over, positive_qr, triangle_of, turn
from manifolds.operators.differentiable import differentiable
from manifolds.operators.opaque import opaque, shaped_like_the_first, square_of

Pair = tuple[Tensor, Tensor]


def by_reflections(w: Tensor) -> Pair:
    """C and R by Householder's QR of [I; W]."""
    k = w.shape[-1]
    one = identity(k, k, w).expand(*w.shape[:-2], k, k)
    q, r = positive_qr(torch.cat([one, w], dim=-2))
    return q[..., k:, :], r


def _shaped(w: Tensor, most: float) -> Pair:  # noqa: ARG001 -- as the operator
    return shaped_like_the_first(w), square_of(w)


@opaque("contraction", _shaped)
def contraction_operator(w: Tensor, most: float) -> Pair:
    """C and R as one opaque operator; by Cholesky's method where ‖S‖₁ <= most."""
    if readable(w) and w.numel() and most:
        s = add_identity(gram(w))
        if s.abs().sum(-1).max().item() <= most:
            r = triangle_of(s)
            return over(w, r).contiguous(), r.contiguous()
    return tuple(t.contiguous() for t in by_reflections(w))  # type: ignore[return-value]


class Contraction(Function):
    """C and R of W; (*batch, n, k) -> (*batch, n, k), (*batch, k, k)."""

    @staticmethod
    def forward(w: Tensor, most: float) -> Pair:
        """C and R."""
        return contraction_operator(w, most)  # type: ignore[no-any-return]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, float], output: Pair) -> None:  # noqa: ARG004
        """Memory: C, which lives anyway, and R."""
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*output)
        ctx.save_for_forward(*output)

    @staticmethod
    def backward(ctx: Any, g: Tensor | None, gr: Tensor | None) -> tuple[Tensor | None, None]:
        """Note [Derivative of a contraction]."""
        c, r = ctx.saved_tensors
        g = torch.zeros_like(c) if g is None else g
        z = c.mH @ g if gr is None else c.mH @ g - gr @ r.mH
        e = g + c @ adjoint_turn(z)
        # from the left: the compiler of torch 2.13 has wrong strides of the other, where complex
        return torch.linalg.solve_triangular(r, e.mH, upper=True).mH, None

    @staticmethod
    def jvp(ctx: Any, dw: Tensor, _: None) -> Pair:
        """The same Note."""
        c, r = ctx.saved_tensors
        e = over(dw, r)
        moved = turn(c.mH @ e)
        return e + c @ moved, -moved @ r


_contraction = differentiable(Contraction)


def contraction(w: Tensor, most: float = 0) -> Tensor:
    """C = W R⁻¹, differentiable to every order; by Cholesky's method where ‖I + WᴴW‖₁ <= most."""
    return _contraction(w, float(most))[0]  # type: ignore[no-any-return]
