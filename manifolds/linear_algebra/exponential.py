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

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import add_identity, add_product, readable
from manifolds.linear_algebra.scaling import first_size, longest, one_norm, plan, schemes
from manifolds.linear_algebra.scheme import Scheme
from manifolds.operators.differentiable import differentiable
from manifolds.operators.opaque import opaque, shaped_like_the_first

SLOTS = 6
"""Matrices kept on a CPU: A² and the next factors, four of degree 18, then what is squared: all of
it up to ‖A‖₂ = 20 for skew A in float32."""


def exponential_minus_identity(
    a: Tensor, kept: Tensor, *, skew: bool
) -> tuple[Tensor, tuple[int, int]]:
    """exp(A) - I and its plan on a CPU; `kept` (SLOTS, *batch, n, n) is written.

    ‖A‖ decides before A² is known whether there is anything to do, and whether A² would overflow.
    """
    choices = schemes(a.dtype, skew=skew)
    size = first_size(a, choices, skew=skew)
    place, times = plan(choices, size, size, a.dtype)
    if place == 0 and not times:
        return a.clone(memory_format=torch.contiguous_format), (place, times)
    shift = max(math.frexp(size)[1], 0) if size > 1 / torch.finfo(a.dtype).eps else 0
    a = a * 2.0**-shift if shift else a
    square = torch.matmul(a, a, out=kept[0])
    alpha = min(one_norm(square).item() ** 0.5 * 2.0**shift, size)
    place, times = plan(choices, alpha, alpha if skew else size, a.dtype)
    if times != shift:
        a, square = a * 2.0 ** (shift - times), square.mul_(4.0 ** (shift - times))
    scheme = choices[place]
    y = scheme.value(scheme.factors(a, square, kept[1 : scheme.inner]))
    free = kept[scheme.inner :]
    for i in range(min(times, longest(a.dtype))):
        if i < len(free):
            free[i].copy_(y)
        y = squared(y)
    return y, (place, times)


def squared(y: Tensor) -> Tensor:
    """(I + Y)² - I = 2Y + Y²."""
    return (y @ y).add_(y, alpha=2)


def squared_derivative(y: Tensor, d: Tensor) -> Tensor:
    """2D + YD + DY."""
    total = d @ y
    add_product(total, y, d)
    return total.add_(d, alpha=2)


def derivative_of(a: Tensor, e: Tensor, kept: Tensor, scheme: Scheme, times: int) -> Tensor:
    """L(A, E) on a CPU from what `exponential_minus_identity` kept of A."""
    scale = 2.0**-times
    a, e = (a * scale, e * scale) if times else (a, e)
    d = scheme.derivative([a, *kept[: scheme.inner]], e)
    free = kept[scheme.inner :]
    y = free[0]
    for i in range(min(times, longest(a.dtype))):
        y = free[i] if i < len(free) else squared(y)
        d = squared_derivative(y, d)
    return d


def without_reading(a: Tensor, e: Tensor | None, *, skew: bool) -> tuple[Tensor, Tensor | None]:
    """exp(A) - I and L(A, E) by operations that do not depend on A: reading would stop a GPU."""
    scheme = schemes(a.dtype, skew=skew)[-1]
    unit = torch.exp2(-torch.ceil(torch.log2(one_norm(a).clamp_min(1))))  # A² must not overflow
    alpha = torch.sqrt(one_norm(a * unit @ (a * unit))) / unit
    size, m = one_norm(a), scheme.degree
    beta = torch.minimum(alpha, size)
    beta = beta if skew else beta ** (1 - 2 / m) * size ** (2 / m)
    times = torch.ceil(torch.log2(beta / scheme.reach)).clamp_min(0)
    a = a * torch.exp2(-times)
    factors = scheme.factors(a, a @ a)
    y = scheme.value(factors)
    d = None if e is None else scheme.derivative(factors, e * torch.exp2(-times))
    for i in range(longest(a.dtype)):
        d = None if d is None else torch.where(i < times, squared_derivative(y, d), d)
        y = torch.where(i < times, squared(y), y)
    return y, d


def exponential_shapes(a: Tensor) -> tuple[Tensor, Tensor]:
    """Without numbers: what a CPU keeps of exp(A), and the plan."""
    kept = a.new_empty(SLOTS if readable(a) else 0, *a.shape).movedim(0, -3)
    return kept, a.new_empty(*a.shape[:-2], 2, dtype=torch.int64)


@opaque("exponential", lambda a, _: (shaped_like_the_first(a), *exponential_shapes(a)))
def exponential_operator(a: Tensor, skew: bool) -> tuple[Tensor, Tensor, Tensor]:  # noqa: FBT001
    """exp(A) - I, what a CPU keeps (*batch, SLOTS, n, n), its plan (*batch, 2), as one operator."""
    plans = torch.zeros(*a.shape[:-2], 2, dtype=torch.int64, device=a.device)
    if readable(a):
        kept = a.new_empty(SLOTS, *a.shape)
        y, found = exponential_minus_identity(a, kept, skew=skew)
        plans += torch.tensor(found)
    else:
        kept = a.new_empty(0, *a.shape)
        y, _ = without_reading(a, None, skew=skew)
    return y.contiguous(), kept.movedim(0, -3), plans


def derivative(a: Tensor, e: Tensor, kept: Tensor, plans: Tensor, *, skew: bool) -> Tensor:
    """L(A, E), maybe E itself, from scratch where nothing was kept."""
    if not readable(a):
        _, d = without_reading(a, e, skew=skew)
        return d  # type: ignore[return-value] # e is given
    if kept.shape[-3] and plans.numel():
        slots, (place, times) = kept.movedim(-3, 0), plans.reshape(-1, 2)[0].tolist()
    else:
        slots = a.new_empty(SLOTS, *a.shape)
        _, (place, times) = exponential_minus_identity(a, slots, skew=skew)
    return derivative_of(a, e, slots, schemes(a.dtype, skew=skew)[place], times)


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
    return d.clone(memory_format=torch.contiguous_format) if d is e else d.contiguous()


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
