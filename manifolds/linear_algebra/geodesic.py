"""X = B exp(A) with A = (P - Pᴴ)/2 for square B, polished, with its derivative.

It is B + B (exp(A) - I) of the clipped, skew P, all in one operator: of many small matrices a pass
over the entries costs as much as a product, and of one small matrix every node of a graph does.
Entries of P are clipped at `angle_limit`: only if they come near it a CPU does that at all.

Note [Adjoint of the adjoint]
The gradient in P is skew(L(Aᴴ, BᴴG)) (Note [Derivatives of every order]), and L(Aᴴ, E) is
L(A, Eᴴ)ᴴ: it is -skew(L(A, GᴴB)), of the kept factors of A as they lie in memory (Note [Transposed
right factors]).
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import plus_product, readable, times
from manifolds.linear_algebra.differentiable import differentiable, is_last_derivative
from manifolds.linear_algebra.exponential import (
    computed_derivative,
    exponential,
    exponential_operator,
    exponential_shapes,
    kept_derivative,
)
from manifolds.linear_algebra.inverse import largest_norm
from manifolds.linear_algebra.opaque import opaque, shaped_like_the_first
from manifolds.linear_algebra.orthonormalize import orthonormalized
from manifolds.linear_algebra.range import angle_limit, clipped, masked, within
from manifolds.linear_algebra.symmetry import skew_multiple, skew_part


def _shaped(b: Tensor, p: Tensor) -> tuple[Tensor, ...]:
    return shaped_like_the_first(b), shaped_like_the_first(p), *exponential_shapes(p)


@opaque("geodesic", _shaped)
def geodesic_operator(b: Tensor, p: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """X, A, and of exp(A) what a CPU keeps and the plan."""
    limit = angle_limit(p)
    size = largest_norm(p) if readable(p) and p.numel() else math.inf
    a = skew_multiple(p if size <= limit else clipped(p, limit), 1 / 2)
    y, kept, plans = exponential_operator(a, True)  # noqa: FBT003 -- skew
    x = plus_product(b, b, y) if size else b.clone(memory_format=torch.contiguous_format)
    return orthonormalized(x).contiguous(), a, kept, plans


@opaque("geodesic_adjoint")
def adjoint_operator(  # noqa: PLR0917 -- what the forward has, and G
    g: Tensor, b: Tensor, p: Tensor, a: Tensor, kept: Tensor, plans: Tensor
) -> Tensor:
    """The gradient in P; Note [Adjoint of the adjoint]."""
    d = computed_derivative(a, times(g.mH, b), kept, plans, skew=True)
    gp, limit = skew_multiple(d, -1 / 2), angle_limit(p)
    near = not readable(p) or not torch.linalg.vector_norm(p).item() < limit
    return within(gp, p, limit) if near else gp


def angles(p: Tensor) -> Tensor:
    """A of P, differentiable."""
    return skew_part(clipped(p, angle_limit(p)))


class Geodesic(Function):
    """X = B exp(A), and A, what exp(A) kept and its plan; (*batch, k, k), same -> X, …."""

    @staticmethod
    def forward(b: Tensor, p: Tensor) -> tuple[Tensor, ...]:
        """X and the rest."""
        return geodesic_operator(b, p)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, ...]) -> None:
        """Memory: A and what the exponential keeps, and B and P that live anyway."""
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*output[1:])
        ctx.save_for_backward(*inputs, *output[1:])
        ctx.save_for_forward(*inputs, *output[2:])

    @staticmethod
    def backward(ctx: Any, g: Tensor | None, *_: None) -> tuple[Tensor | None, ...]:
        """G exp(A)ᴴ and -skew(L(A, GᴴB)); the operator has no derivative of its own."""
        if g is None:
            return None, None
        b, p, a, kept, plans = ctx.saved_tensors
        gb = times(g, exponential(angles(p), skew=True).mH) if ctx.needs_input_grad[0] else None
        if is_last_derivative():
            return gb, adjoint_operator(g, b, p, a, kept, plans)
        d = kept_derivative(angles(p), times(g.mH, b), kept, plans, skew=True)
        return gb, masked(-skew_part(d), p, angle_limit(p))

    @staticmethod
    def jvp(ctx: Any, db: Tensor | None, dp: Tensor | None) -> tuple[Tensor | None, ...]:
        """DB exp(A) + B L(A, dA)."""
        b, p, kept, plans = ctx.saved_tensors
        a, dx = angles(p), torch.zeros_like(b)
        if db is not None:
            dx = dx + times(db, exponential(a, skew=True))
        if dp is not None:
            da = skew_part(masked(dp, p, angle_limit(p)))
            dx = dx + times(b, kept_derivative(a, da, kept, plans, skew=True))
        return dx, None, None, None


_geodesic = differentiable(Geodesic)


def rotated(b: Tensor, p: Tensor) -> Tensor:
    """B exp((P - Pᴴ)/2) polished; (*batch, n, n) -> (*batch, n, n), differentiable."""
    b, p = torch.broadcast_tensors(b, p) if b.shape != p.shape else (b, p)
    x, *_ = _geodesic(b, p)
    return x
