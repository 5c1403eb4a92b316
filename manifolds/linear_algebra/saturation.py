"""A scaled down to norm l where a bound of ‖A‖₂ exceeds l; below nothing changes.

Note [A bound by even powers]
‖A‖₂ <= σ = (tr H⁸)^(1/16) <= n^(1/16) ‖A‖₂, H = AᴴA. For n = 128 that is at most 1.35 ‖A‖₂, and
1.09 ‖A‖₂ of normal entries, where ‖A‖_F is 5.7 ‖A‖₂ and √(‖A‖₁ ‖A‖∞) 5.4 ‖A‖₂ (measured). It takes
three products, and a CPU none where ‖A‖_F <= l. Divided by its largest entry and then by ‖A‖_F, A
has n⁻⁷ <= tr H⁸ <= 1: in range for every n that fits a memory.

With V = A / σ the value is l V, and dσ = Re⟨V (VᴴV)⁷, dA⟩, so that its derivative is
l/σ (dA - Re⟨V (VᴴV)⁷, dA⟩ V): what is saturated has none along A itself.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import frobenius, readable
from manifolds.linear_algebra.range import clamped
from manifolds.operators.differentiable import differentiable, recorded
from manifolds.operators.opaque import opaque, shaped_like_the_first

Sizes = tuple[Tensor, Tensor, Tensor]
POWER = 16
"""σ^16 = tr H⁸; Note [A bound by even powers]."""


def inner(a: Tensor, b: Tensor) -> Tensor:
    """Re⟨A, B⟩; (*batch, n, k), (*batch, n, k) -> (*batch, 1, 1)."""
    product = a.conj() * b
    return (product.real if a.is_complex() else product).sum((-2, -1), keepdim=True)


def unit_and_sizes(a: Tensor) -> tuple[Tensor, Sizes]:
    """V = A / σ, and σ as a product of three (*batch, 1, 1): the largest entry and two more.

    Two of them are constants to derivatives, V being the same for every multiple of A. A matrix of
    zeros has V = 0.
    """
    dtype = torch.finfo(a.dtype)
    a = clamped(a, dtype.max / 2)  # of infinite entries; |a_ij| of complex ones is finite too
    entries = a.detach().abs()
    top = entries.amax((-2, -1), keepdim=True)
    top = torch.where(top > 0, top, 1)
    frobenius = torch.linalg.matrix_norm(entries / top, keepdim=True).clamp_min(1)
    u = a / top / frobenius
    h = u.mH @ u
    h = h @ h
    h = h @ h
    rest = inner(h, h).clamp_min(dtype.tiny) ** (1 / POWER)
    return u / rest, (top, frobenius, rest)


def room(b: Tensor | None, limit: float) -> float | Tensor:
    """l over the bound of ‖B‖₂, which counts as at least 1 and is a constant to derivatives."""
    if b is None:
        return limit
    _, (top, frobenius, rest) = unit_and_sizes(b.detach())
    return limit / (top * frobenius * rest).clamp_min(1)


def gradient_of_bound(v: Tensor) -> Tensor:
    """V H⁷, H = VᴴV."""
    h = v.mH @ v
    square = h @ h
    return v @ h @ square @ (square @ square)


def exceed(sizes: Sizes, limit: float | Tensor) -> Tensor:
    """Whether σ > l; (*batch, 1, 1)."""
    top, frobenius, rest = sizes
    return top * frobenius * rest > limit


def divided(a: Tensor, sizes: Sizes, limit: float | Tensor) -> Tensor:
    """A l/σ, also where σ is beyond the range of the dtype."""
    top, frobenius, rest = sizes
    return a * (limit / rest / frobenius / top)


def value(a: Tensor, b: Tensor | None, limit: float) -> tuple[Tensor, Tensor]:
    """A or l V, and whether it is l V; (*batch, n, k), (*batch,)."""
    v, sizes = unit_and_sizes(a)
    l = room(b, limit)
    over = exceed(sizes, l)
    return torch.where(over, l * v, a), over[..., 0, 0]


def pulled_back(a: Tensor, b: Tensor | None, g: Tensor, limit: float) -> Tensor:
    """The gradient in A, differentiable itself."""
    v, sizes = unit_and_sizes(a)
    l = room(b, limit)
    d = g - inner(v, g) * gradient_of_bound(v)
    return torch.where(exceed(sizes, l), divided(d, sizes, l), g)


def pushed_forward(a: Tensor, b: Tensor | None, da: Tensor, limit: float) -> Tensor:
    """The derivative along dA, differentiable itself."""
    v, sizes = unit_and_sizes(a)
    l = room(b, limit)
    d = da - inner(gradient_of_bound(v), da) * v
    return torch.where(exceed(sizes, l), divided(d, sizes, l), da)


def surely_within(a: Tensor, b: Tensor | None, limit: float) -> bool:
    """Whether the Frobenius norms, read on a CPU, say so."""
    if not readable(a):
        return False
    size = frobenius(a)
    if b is not None:
        size = size * frobenius(b).clamp_min(1)
    return size.max().item() <= limit


def _shaped(a: Tensor, b: Tensor | None, limit: float) -> tuple[Tensor, Tensor]:  # noqa: ARG001
    return shaped_like_the_first(a), a.new_empty(a.shape[:-2], dtype=torch.bool)


@opaque("saturated", _shaped)
def saturated_operator(a: Tensor, b: Tensor | None, limit: float) -> tuple[Tensor, Tensor]:
    """A or l V, and whether it is l V, as one operator."""
    if surely_within(a, b, limit):
        never = torch.zeros(a.shape[:-2], dtype=torch.bool, device=a.device)
        return a.clone(memory_format=torch.contiguous_format), never
    x, over = value(a, b, limit)
    return x.contiguous(), over.clone()


@opaque("saturated_derivative", lambda a, *_: shaped_like_the_first(a))
def derivative_operator(
    a: Tensor, b: Tensor | None, over: Tensor, g: Tensor, limit: float
) -> Tensor:
    """The gradient as one operator; a CPU looks first whether it is G."""
    if readable(a) and not over.any():
        return g.clone(memory_format=torch.contiguous_format)
    return pulled_back(a, b, g, limit).contiguous()


class Saturated(Function):
    """A or l V, (*batch, n, k) -> (*batch, n, k), and whether it is l V."""

    @staticmethod
    def forward(a: Tensor, b: Tensor | None, limit: float) -> tuple[Tensor, Tensor]:
        """B, which may be None, is a constant."""
        return saturated_operator(a, b, limit)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        """Memory: A and B."""
        a, b, ctx.limit = inputs
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(a, b, output[1])
        ctx.save_for_forward(a, b)

    @staticmethod
    def backward(ctx: Any, g: Tensor | None, _: None) -> tuple[Tensor | None, None, None]:
        """See the note."""
        a, b, over = ctx.saved_tensors
        if g is None:
            return None, None, None
        if recorded():  # of this derivative a derivative may be asked for
            return pulled_back(a, b, g, ctx.limit), None, None
        return _derivative(a, b, over, g, ctx.limit), None, None

    @staticmethod
    def jvp(ctx: Any, da: Tensor, *_: None) -> tuple[Tensor, None]:
        """See the note."""
        a, b = ctx.saved_tensors
        return pushed_forward(a, b, da, ctx.limit), None


class SaturatedDerivative(Function):
    """The gradient, itself without a derivative."""

    @staticmethod
    def forward(a: Tensor, b: Tensor | None, over: Tensor, g: Tensor, limit: float) -> Tensor:
        """In A."""
        return derivative_operator(a, b, over, g, limit)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        """Memory: none."""


_saturated, _derivative = differentiable(Saturated), differentiable(SaturatedDerivative)


def saturated(a: Tensor, limit: float, beside: Tensor | None = None) -> Tensor:
    """A, or its multiple with a bound of ‖A‖₂ at `limit` where that is larger; any batch.

    `beside` is a constant B of as many batch dimensions: ‖A‖₂ max(‖B‖₂, 1) is bounded instead. The
    derivative is that of the function, the scale's included.
    """
    return _saturated(a, beside, limit)[0] if a.numel() else a
