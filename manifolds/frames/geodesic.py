"""X = B exp(A) with A = (P - Pᴴ)/2 for square B, polished, with its derivative.

It is B + B (exp(A) - I) of the clipped, skew P, all in one operator: of many small matrices a pass
over the entries costs as much as a product, and of one small matrix every node of a graph does.
Entries of P are clipped at `angle_limit`: only if they come near it a CPU does that at all.

Note [Adjoint of the adjoint]
The gradient in P is skew(L(Aᴴ, BᴴG)) (Note [Derivatives of every order]), and L(Aᴴ, E) is
L(A, Eᴴ)ᴴ: it is -skew(L(A, GᴴB)), of the kept factors of A as they lie in memory (Note [Transposed
right factors]).
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import broadcast, times
from manifolds.linear_algebra.either_layout import layout_of
from manifolds.linear_algebra.exponential import exponential, kept_derivative
from manifolds.linear_algebra.range import (
    angle_limit,
    clipped,
    clipped_angles,
    masked,
    norm_if_readable,
    through_clip,
)
from manifolds.linear_algebra.scaling_and_squaring import (
    exponential_shapes,
    laid_derivative,
    laid_exponential,
)
from manifolds.linear_algebra.symmetry import skew
from manifolds.operators.differentiable import differentiable, is_last_derivative
from manifolds.operators.opaque import opaque, shaped_like_the_first

SKEW = True
"""What A is."""


def _shaped(b: Tensor, p: Tensor) -> tuple[Tensor, ...]:
    return shaped_like_the_first(b), shaped_like_the_first(p), *exponential_shapes(p)


@opaque("geodesic", _shaped)
def geodesic_operator(b: Tensor, p: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """X, A, and of exp(A) what a CPU keeps and the plan."""
    p, size = clipped_angles(p)
    on, batch = layout_of(p), p.shape[:-2]
    base, a = on.laid(b), on.skew_multiple(on.laid(p), 1 / 2)
    y, kept, plans = laid_exponential(a, batch, on, skew=SKEW)
    x = on.plus_product(base, base, y) if size else base.clone()
    return on.polished(x, batch), on.out(a, batch), kept, plans


@opaque("geodesic_adjoint")
def adjoint_operator(  # noqa: PLR0917 -- what the forward has, and G
    g: Tensor, b: Tensor, p: Tensor, a: Tensor, kept: Tensor, plans: Tensor
) -> Tensor:
    """The gradient in P; Note [Adjoint of the adjoint]."""
    on = layout_of(p)
    e = on.product(on.adjoint(on.laid(g)), on.laid(b))
    d = laid_derivative(on.laid(a), e, kept, plans, on, skew=SKEW)
    gp = on.out(on.skew_multiple(d, -1 / 2), p.shape[:-2])
    return through_clip(gp, p, norm_if_readable(p))


def angles(p: Tensor) -> Tensor:
    """A of P, differentiable."""
    return skew(clipped(p, angle_limit(p)))


class Geodesic(Function):
    """X = B exp(A), and A, what exp(A) kept and its plan; (*batch, n, n), same -> X, …."""

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
        last = is_last_derivative()
        a = a if last else angles(p)
        gb = times(g, exponential(a, skew=SKEW).mH) if ctx.needs_input_grad[0] else None
        if last:
            return gb, adjoint_operator(g, b, p, a, kept, plans)
        d = kept_derivative(a, times(g.mH, b), kept, plans, SKEW)
        return gb, masked(-skew(d), p, angle_limit(p))

    @staticmethod
    def jvp(ctx: Any, db: Tensor | None, dp: Tensor | None) -> tuple[Tensor | None, ...]:
        """DB exp(A) + B L(A, dA)."""
        b, p, kept, plans = ctx.saved_tensors
        a, dx = angles(p), torch.zeros_like(b)
        if db is not None:
            dx = dx + times(db, exponential(a, skew=SKEW))
        if dp is not None:
            da = skew(masked(dp, p, angle_limit(p)))
            dx = dx + times(b, kept_derivative(a, da, kept, plans, SKEW))
        return dx, None, None, None


_geodesic = differentiable(Geodesic)


def rotated(b: Tensor, p: Tensor) -> Tensor:
    """B exp((P - Pᴴ)/2) polished; (*batch, n, n) -> (*batch, n, n), differentiable."""
    b, p = broadcast(b, p)
    x, *_ = _geodesic(b, p)
    return x
