"""The matrix exponential and its Fréchet derivative, by products of matrices only.

Note [Scaling and squaring]
exp(A) = exp(A / 2^s)^(2^s), the inner exponential by its Taylor polynomial (Higham, Functions of
Matrices, 2008, section 10.3). All is done on Y = exp(A) - I: squaring reads 2Y + Y², which keeps
the relative accuracy of a small Y, so that a batch may share the s of its largest matrix. With
α = ‖A²‖^(1/2), which does not overestimate a nonnormal A as ‖A‖ does (Al-Mohy & Higham, A new
scaling and squaring algorithm, SIAM J. Matrix Anal. 2009, theorem 4.2), ‖Aⁱ‖ <= α^(i-1) ‖A‖. The
derivative of A^l has l terms Aⁱ E A^(l-1-i), each at most α^(l-3) ‖A‖² ‖E‖, so that degree m
leaves β^m / m! to first order, β^m = α^(m-2) ‖A‖². It also bounds the remainder of Y relative to
A. The bound must not be α^m: A = [[0, E], [0, 0]] has α = 0, and a derivative that degree 1 misses.
‖A‖ is ‖A‖_F or, where much is to be done, the bound of Note [Powers of probes]: both norms are
submultiplicative and bounds of ‖A‖₂, and for a large skew A, α = ‖A‖₂, it saves two squarings.
The degree and s are those of the fewest products and then squarings: the derivative pays more.

Note [Derivatives of every order]
L(A, E) = d/dt exp(A + tE) is computed by the same products on the pairs (A, E), which multiply as
(A, E)(B, F) = (AB, AF + EB). Its adjoint in E is L(Aᴴ, ·); its derivative in A in direction F is
the upper right block of L([[A, E], [0, A]], diag(F, F)). So the derivative of L is L itself, to any
order (Higham 2008, theorem 3.6 and section 10.6).

Note [Cost of the exponential]
On a CPU, with π the products of the Taylor polynomial, 0 at A = 0 and up to 5: π + s products
forward, 2π + 3s - 1 backward (2π where s = 0), since the factors of the polynomial and its value
are kept and the squarings are not. A GPU takes π = 5 and every squaring, π + s and 3 (π + s),
rather than wait for ‖A‖, and keeps A alone.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import add_identity, readable
from manifolds.linear_algebra.differentiable import differentiable
from manifolds.linear_algebra.opaque import opaque, shaped_like_the_first
from manifolds.linear_algebra.spectral_norm import WORTH, spectral_norm_bound
from manifolds.linear_algebra.taylor import CHEAP, SCHEMES, add_product, cost, longest, plan

SLOTS = len(SCHEMES[-1].products)
"""Matrices kept on a CPU: A² and the next factors, then Y before it is squared."""


def one_norm(a: Tensor) -> Tensor:
    """‖A‖₁ = max over columns of the sum of |a_ij|, the largest of the batch; -> ()."""
    return a.abs().sum(-2).max() if a.numel() else a.abs().sum()


def exponential_minus_identity(a: Tensor, kept: Tensor) -> tuple[Tensor, tuple[int, int]]:
    """exp(A) - I and its plan on a CPU; A², factors, Y are written to `kept` (SLOTS, *batch, n, n).

    ‖A‖ decides before A² is known whether there is anything to do, and whether A² would overflow.
    """
    size = torch.linalg.matrix_norm(a).max().item() if a.numel() else 0.0
    place, times = plan(size, size, a.dtype)
    if a.shape[-1] >= WORTH and cost(place, times) > CHEAP:
        size = min(size, spectral_norm_bound(a))
    if place == 0 and not times:
        return a.clone(memory_format=torch.contiguous_format), (place, times)
    shift = max(math.frexp(size)[1], 0) if size > 1 / torch.finfo(a.dtype).eps else 0
    a = a * 2.0**-shift if shift else a
    square = torch.matmul(a, a, out=kept[0])
    alpha = min(one_norm(square).item() ** 0.5 * 2.0**shift, size)
    place, times = plan(alpha, size, a.dtype)
    if times != shift:
        a, square = a * 2.0 ** (shift - times), square.mul_(4.0 ** (shift - times))
    scheme = SCHEMES[place]
    y = scheme.value(scheme.factors(a, square, kept[1:-1]))
    if times:
        kept[-1].copy_(y)
    for _ in range(min(times, longest(a.dtype))):
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


def derivative_of(a: Tensor, e: Tensor, kept: Tensor, place: int, times: int) -> Tensor:
    """L(A, E) on a CPU from what `exponential_minus_identity` kept of A."""
    scheme, scale = SCHEMES[place], 2.0**-times
    a, e = (a * scale, e * scale) if times else (a, e)
    d = scheme.derivative([a, *kept[: len(scheme.products) - 1]], e)
    y, last = kept[-1], min(times, longest(a.dtype)) - 1
    for i in range(last + 1):
        y, d = squared(y) if i < last else y, squared_derivative(y, d)
    return d


def without_reading(a: Tensor, e: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """exp(A) - I and L(A, E) by operations that do not depend on A: reading would stop a GPU."""
    scheme = SCHEMES[-1]
    unit = torch.exp2(-torch.ceil(torch.log2(one_norm(a).clamp_min(1))))  # A² must not overflow
    alpha = torch.sqrt(one_norm(a * unit @ (a * unit))) / unit
    size, m = one_norm(a), scheme.degree
    beta = torch.minimum(alpha, size) ** (1 - 2 / m) * size ** (2 / m)
    times = torch.ceil(torch.log2(beta / scheme.largest(a.dtype))).clamp_min(0)
    a = a * torch.exp2(-times)
    factors = scheme.factors(a, a @ a)
    y = scheme.value(factors)
    d = None if e is None else scheme.derivative(factors, e * torch.exp2(-times))
    for i in range(longest(a.dtype)):
        d = None if d is None else torch.where(i < times, squared_derivative(y, d), d)
        y = torch.where(i < times, squared(y), y)
    return y, d


def _shaped(a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    kept = a.new_empty(SLOTS if readable(a) else 0, *a.shape).movedim(0, -3)
    return shaped_like_the_first(a), kept, a.new_empty(*a.shape[:-2], 2, dtype=torch.int64)


@opaque("exponential", _shaped)
def exponential_operator(a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """exp(A) - I, what a CPU keeps (*batch, SLOTS, n, n), its plan (*batch, 2), as one operator."""
    on_cpu = readable(a)
    kept = a.new_empty(SLOTS if on_cpu else 0, *a.shape)
    y, found = (
        exponential_minus_identity(a, kept) if on_cpu else (without_reading(a, None)[0], None)
    )
    plans = torch.zeros(*a.shape[:-2], 2, dtype=torch.int64, device=a.device)
    if found:
        plans += torch.tensor(found)
    return y.contiguous(), kept.movedim(0, -3), plans


@opaque("exponential_derivative")
def derivative_operator(a: Tensor, e: Tensor, kept: Tensor, plans: Tensor) -> Tensor:
    """L(A, E) as one opaque operator, from scratch where nothing was kept."""
    if not readable(a):
        _, d = without_reading(a, e)
        return d.contiguous()  # type: ignore[union-attr] # e is given
    if kept.shape[-3] and plans.numel():
        slots, (place, times) = kept.movedim(-3, 0), plans.reshape(-1, 2)[0].tolist()
    else:
        slots = a.new_empty(SLOTS, *a.shape)
        _, (place, times) = exponential_minus_identity(a, slots)
    return derivative_of(a, e, slots, place, times).clone(memory_format=torch.contiguous_format)


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
    def forward(a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """exp(A) - I, the kept factors and the plan."""
        return exponential_operator(a)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: tuple[Tensor, ...]) -> None:
        """Memory: A, on a CPU as many matrices as products, one more where it squares."""
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*output[1:])
        ctx.save_for_backward(*inputs, *output[1:])
        ctx.save_for_forward(*inputs, *output[1:])

    @staticmethod
    def backward(ctx: Any, g: Tensor | None, *_: None) -> Tensor | None:
        """L(Aᴴ, G)."""
        a, kept, plans = ctx.saved_tensors
        return None if g is None else _derivative(a.mH, g, kept.mH, plans)

    @staticmethod
    def jvp(ctx: Any, da: Tensor) -> tuple[Tensor, None, None]:
        """L(A, dA)."""
        a, kept, plans = ctx.saved_tensors
        return _derivative(a, da, kept, plans), None, None


class ExponentialDerivative(Function):
    """L(A, E), (*batch, n, n), (*batch, n, n), kept, plan -> (*batch, n, n)."""

    @staticmethod
    def forward(a: Tensor, e: Tensor, kept: Tensor, plans: Tensor) -> Tensor:
        """L(A, E)."""
        return derivative_operator(a, e, kept, plans)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:  # noqa: ARG004
        """Memory: E, and what the exponential keeps."""
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """The adjoints in A and in E."""
        a, e, kept, plans = ctx.saved_tensors
        in_e = _derivative(a.mH, g, kept.mH, plans)
        return second_derivative(a.mH, g, e.mH), in_e, None, None

    @staticmethod
    def jvp(ctx: Any, da: Tensor, de: Tensor, *_: Any) -> Tensor:
        """Linear in E, second derivative in A."""
        a, e, kept, plans = ctx.saved_tensors
        return second_derivative(a, e, da) + _derivative(a, de, kept, plans)


_exponential, _derivative = differentiable(Exponential), differentiable(ExponentialDerivative)


def expm1(a: Tensor) -> Tensor:
    """exp(A) - I, (*batch, n, n) -> (*batch, n, n), differentiable to every order."""
    value, _, _ = _exponential(a)
    return value


def exponential(a: Tensor) -> Tensor:
    """exp(A), (*batch, n, n) -> (*batch, n, n), differentiable to every order."""
    return add_identity(expm1(a))


def exponential_derivative(a: Tensor, e: Tensor) -> Tensor:
    """L(A, E) = d/dt exp(A + tE) at 0, differentiable to every order."""
    batch, n = a.shape[:-2], a.shape[-1]
    plans = a.new_zeros(*batch, 2, dtype=torch.int64)
    return _derivative(a, e, a.new_empty(*batch, 0, n, n), plans)
