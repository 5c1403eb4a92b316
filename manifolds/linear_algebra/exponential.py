"""The matrix exponential and its Fréchet derivative, by products of matrices only.

Note [Derivatives of every order]
L(A, E) = d/dt exp(A + tE) is computed by the same products on the pairs (A, E), which multiply as
(A, E)(B, F) = (AB, AF + EB). Its adjoint in E is L(Aᴴ, ·); its derivative in A in direction F is
the upper right block of L([[A, E], [0, A]], diag(F, F)). So the derivative of L is L itself, to any
order (Higham 2008, theorem 3.6 and section 10.6).

Note [Cost of the exponential]
On a CPU, with π the products of the polynomial, 0 at A = 0 and up to 5, 4 for skew A in float32,
and s squarings (Note [Scaling and squaring]): π + s forward, 2 (π + s) backward, since the factors
of the polynomial and what is squared are kept; of many squarings not all, which backward squares
anew. A GPU takes the last polynomial and every squaring, π + s and 3 (π + s), rather than wait for
‖A‖, and keeps A alone.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import add_identity
from manifolds.linear_algebra.either_layout import layout_of
from manifolds.linear_algebra.scaling_and_squaring import (
    exponential_shapes,
    laid_derivative,
    laid_exponential,
)
from manifolds.operators.differentiable import differentiable
from manifolds.operators.opaque import opaque, shaped_like_the_first


@opaque("exponential", lambda a, _: (shaped_like_the_first(a), *exponential_shapes(a)))
def exponential_operator(a: Tensor, skew: bool) -> tuple[Tensor, Tensor, Tensor]:  # noqa: FBT001
    """exp(A) - I, what a CPU keeps, and its plan (*batch, 2), as one operator."""
    on, batch = layout_of(a), a.shape[:-2]
    y, kept, plans = laid_exponential(on.laid(a), batch, on, skew=skew)
    return on.out(y, batch), kept, plans


def derivative(a: Tensor, e: Tensor, kept: Tensor, plans: Tensor, *, skew: bool) -> Tensor:
    """L(A, E), contiguous, maybe E itself."""
    on = layout_of(a)
    return on.out(laid_derivative(on.laid(a), on.laid(e), kept, plans, on, skew=skew), a.shape[:-2])


@opaque("exponential_derivative")
def derivative_operator(
    a: Tensor,
    e: Tensor,
    kept: Tensor,
    plans: Tensor,
    skew: bool,  # noqa: FBT001
) -> Tensor:
    """L(A, E) as one opaque operator."""
    d = derivative(a, e, kept, plans, skew=skew)
    return d.clone(memory_format=torch.contiguous_format) if d is e else d


def second_derivative(a: Tensor, e: Tensor, f: Tensor) -> Tensor:
    """d/dt L(A + tF, E), symmetric in E and F; Note [Derivatives of every order].

    It is linear in E, of norm 1 in the block matrix: the digits of a small E would be lost.
    """
    n = a.shape[-1]
    size = e.abs().sum((-2, -1), keepdim=True) / max(n, 1)
    size = torch.where(size > 0, size, 1)
    e = e / size
    zero = torch.zeros_like(a)
    upper = torch.cat([torch.cat([a, e], -1), torch.cat([zero, a], -1)], -2)
    direction = torch.cat([torch.cat([f, zero], -1), torch.cat([zero, f], -1)], -2)
    return size * exponential_derivative(upper, direction)[..., :n, n:]


class Exponential(Function):
    """exp(A) - I, (*batch, n, n) -> (*batch, n, n), and what its derivative needs."""

    @staticmethod
    def forward(a: Tensor, skew: bool) -> tuple[Tensor, Tensor, Tensor]:  # noqa: FBT001
        """exp(A) - I, the kept factors and the plan."""
        return exponential_operator(a, skew)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, bool], output: tuple[Tensor, ...]) -> None:
        """Memory: A, on a CPU SLOTS matrices more."""
        a, ctx.skew = inputs
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*output[1:])
        ctx.save_for_backward(a, *output[1:])
        ctx.save_for_forward(a, *output[1:])

    @staticmethod
    def backward(ctx: Any, g: Tensor | None, *_: None) -> tuple[Tensor | None, None]:
        """L(Aᴴ, G)."""
        a, kept, plans = ctx.saved_tensors
        return None if g is None else kept_derivative(a.mH, g, kept.mH, plans, ctx.skew), None

    @staticmethod
    def jvp(ctx: Any, da: Tensor, _: None) -> tuple[Tensor, None, None]:
        """L(A, dA)."""
        a, kept, plans = ctx.saved_tensors
        return kept_derivative(a, da, kept, plans, ctx.skew), None, None


class ExponentialDerivative(Function):
    """L(A, E), (*batch, n, n), (*batch, n, n), kept, plan -> (*batch, n, n)."""

    @staticmethod
    def forward(a: Tensor, e: Tensor, kept: Tensor, plans: Tensor, skew: bool) -> Tensor:  # noqa: FBT001
        """L(A, E)."""
        return derivative_operator(a, e, kept, plans, skew)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG004
        """Memory: E, and what the exponential keeps."""
        *tensors, ctx.skew = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        """The adjoints in A and in E."""
        a, e, kept, plans = ctx.saved_tensors
        in_e = kept_derivative(a.mH, g, kept.mH, plans, ctx.skew)
        return second_derivative(a.mH, g, e.mH), in_e, None, None, None

    @staticmethod
    def jvp(ctx: Any, da: Tensor, de: Tensor, *_: Any) -> Tensor:
        """Linear in E, second derivative in A."""
        a, e, kept, plans = ctx.saved_tensors
        return second_derivative(a, e, da) + kept_derivative(a, de, kept, plans, ctx.skew)


_exponential, kept_derivative = differentiable(Exponential), differentiable(ExponentialDerivative)


def expm1(a: Tensor, *, skew: bool = False) -> Tensor:
    """exp(A) - I, (*batch, n, n) -> (*batch, n, n), differentiable to every order.

    `skew`: A is skew-Hermitian, which saves products.
    """
    value, _, _ = _exponential(a, skew)
    return value


def exponential(a: Tensor, *, skew: bool = False) -> Tensor:
    """exp(A), (*batch, n, n) -> (*batch, n, n), differentiable to every order."""
    return add_identity(expm1(a, skew=skew))


def exponential_derivative(a: Tensor, e: Tensor, *, skew: bool = False) -> Tensor:
    """L(A, E) = d/dt exp(A + tE) at 0, differentiable to every order."""
    batch, n = a.shape[:-2], a.shape[-1]
    plans = a.new_zeros(*batch, 2, dtype=torch.int64)
    return kept_derivative(a, e, a.new_empty(*batch, 0, n, n), plans, skew)
