"""tanh of a Hermitian matrix, by doubling.

tanh x = x / (1 + x² / (3 + x² / (5 + …))) (Abramowitz & Stegun 1964, (4.5.70)), cut off after m,
is x p(x²) / q(x²) with a relative error below x^(m+1) / (m!!)² / (m + 2): rounding for m = 13 up to
|x| = 1/2 in float64 and 2.1 in float32, for m = 17, two products more of the eleven that a doubling
takes, up to 1.09 and 3.3. From there tanh 2S = 2 tanh S (I + tanh² S)⁻¹, whose matrices to
invert are Hermitian and >= I, where exp(2S) would overflow. The relative derivative of each
doubling, (1 - t²) / (1 + t²), is at most 1.

Note [Derivative of the doubling]
With T = tanh S and W = (I + T²)⁻¹, which commute, d(2TW) = 2W (dT - T dT T) W. The derivative of
p and q comes from d(S²) = SE + (SE)ᴴ, and higher powers alike. All is self-adjoint in dS: one
function serves both modes. On a CPU ‖S⁶‖^(1/6) decides how many doublings there are, most often
none in float32, and the derivative goes on from what the value kept; on a GPU to read a norm is to
wait, and all steps are taken, as in derivatives of the derivative.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import add_identity, norm, readable
from manifolds.linear_algebra.inverse import accretive_inverse
from manifolds.linear_algebra.saturation import saturated
from manifolds.linear_algebra.symmetry import sym
from manifolds.operators.differentiable import differentiable, recorded
from manifolds.operators.opaque import opaque, shaped_like_the_first

SLOTS = 5

Kept = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Cut:
    """The fraction up to `last`, p and q without their ones at 0."""

    last: int
    p: tuple[float, ...]
    q: tuple[float, ...]

    def radius(self, dtype: torch.dtype) -> float:
        """|x| up to which it is tanh to rounding."""
        error = (self.last + 2) * double_factorial(self.last) ** 2 * torch.finfo(dtype).eps
        return float(error ** (1 / (self.last + 1)))


def double_factorial(m: int) -> int:
    """m!! = 1 · 3 ⋯ m, both polynomials' value at 0."""
    return math.prod(range(1, m + 1, 2))


def cut(last: int, p: Sequence[int], q: Sequence[int]) -> Cut:
    """Of the integers over m!!."""
    whole = double_factorial(last)
    return Cut(last, *(tuple(c / whole for c in each) for each in (p, q)))


CUTS = (
    cut(13, (17325, 378, 1), (62370, 3150, 28)),
    cut(17, (4729725, 135135, 990, 1), (16216200, 945945, 13860, 45)),
)


def largest(dtype: torch.dtype) -> float:
    """eps^(-1/2): beyond it the rounding of S takes half the digits of an eigenvalue 1.

    2896 in float32, 7e7 in float64; tanh is 1 to rounding from 9 or 19 on.
    """
    return torch.finfo(dtype).eps ** -0.5


def doublings(size: float, radius: float) -> int:
    """From `radius` to `size`; none for NaN, which tanh keeps."""
    if not math.isfinite(size):
        return 0
    return max(math.ceil(math.log2(max(size / radius, 1))), 0)


def plan_for(size: float, dtype: torch.dtype) -> tuple[int, int]:
    """The fewest doublings, and the place of the shortest of `CUTS` that needs no more."""
    return min((doublings(size, c.radius(dtype)), place) for place, c in enumerate(CUTS))


def combined(coefficients: tuple[float, ...], even: Sequence[Tensor]) -> Tensor:
    """c₁ X² + c₂ X⁴ + …."""
    total = coefficients[0] * even[0]
    for c, power in zip(coefficients[1:], even[1:], strict=True):
        total = torch.add(total, power, alpha=c)
    return total


def fraction(x: Tensor, even: Sequence[Tensor], chosen: Cut) -> Kept:
    """X², X⁴, p, q⁻¹ and tanh X."""
    p = add_identity(combined(chosen.p, even))
    w = accretive_inverse(add_identity(combined(chosen.q, even)))
    return even[0], even[1], p, w, x @ p @ w


def powers(x: Tensor) -> list[Tensor]:
    """X², X⁴, X⁶."""
    x2 = x @ x
    x4 = x2 @ x2
    return [x2, x4, x2 @ x4]


def for_cut(even: list[Tensor], chosen: Cut) -> list[Tensor]:
    """And X⁸ where p has it."""
    return even if len(chosen.p) == len(even) else [*even, even[1] @ even[1]]


def twice(a: Tensor) -> Tensor:
    """A + Aᴴ.

    The transpose is copied first: a sum across rows is slow, and loses a pending conjugation where
    a dispatch mode hides it.
    """
    return a + a.mH.resolve_conj().contiguous()


def fraction_derivative(x: Tensor, e: Tensor, kept: Kept, chosen: Cut) -> Tensor:
    """The derivative of tanh X along E."""
    x2, x4, p, w, t = kept
    d2 = twice(x @ e)
    d4 = twice(x2 @ d2)
    even = [d2, d4, x2 @ d4 + d2 @ x4]
    if len(chosen.p) > len(even):
        even.append(twice(x4 @ d4))
    dp, dq = combined(chosen.p, even), combined(chosen.q, even)
    return (e @ p + x @ dp - t @ dq) @ w


def doubled(t: Tensor, d: Tensor | None, times: int) -> tuple[Tensor, Tensor | None]:
    """tanh X and its derivative -> those of 2^times X; Note [Derivative of the doubling]."""
    for _ in range(times):
        t = twice(t / 2)
        w = accretive_inverse(add_identity(t @ t))
        d = None if d is None else 2 * w @ (d - t @ d @ t) @ w
        t = 2 * t @ w
    return twice(t / 2), None if d is None else twice(d / 2)


def by_all_steps(s: Tensor, e: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """tanh S and its derivative along E without reading a number, differentiable themselves."""
    times, place = plan_for(largest(s.dtype), s.dtype)
    chosen = CUTS[place]
    x, e = s * 2.0**-times, None if e is None else e * 2.0**-times
    kept = fraction(x, for_cut(powers(x), chosen), chosen)
    d = None if e is None else fraction_derivative(x, e, kept, chosen)
    return doubled(kept[-1], d, times)


def _shaped(s: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    kept = s.new_empty(*s.shape[:-2], SLOTS if readable(s) else 0, *s.shape[-2:])
    return shaped_like_the_first(s), kept, s.new_empty(s.shape[:-2], dtype=torch.int64)


@opaque("hyperbolic_tangent", _shaped)
def tangent_operator(s: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """tanh S; what a CPU keeps, (*batch, SLOTS, n, n), and its plan as one number, (*batch,)."""
    plan = torch.zeros(s.shape[:-2], dtype=torch.int64, device=s.device)
    if not readable(s):
        return by_all_steps(s, None)[0].contiguous(), s.new_empty(_shaped(s)[1].shape), plan
    found = powers(s)
    size = norm(found[-1], 2).max().item() ** (1 / 6) if s.numel() else 0.0  # squares overflow
    times, place = plan_for(size, s.dtype)
    even = for_cut([a * 4.0 ** (-j * times) for j, a in enumerate(found, 1)], CUTS[place])
    kept = fraction(s * 2.0**-times, even, CUTS[place])
    plan += times * len(CUTS) + place
    return doubled(kept[-1], None, times)[0].contiguous(), torch.stack(kept, -3), plan


@opaque("hyperbolic_tangent_derivative")
def derivative_operator(s: Tensor, e: Tensor, kept: Tensor, plan: Tensor) -> Tensor:
    """The derivative along E as one opaque operator."""
    if not readable(s) or not s.numel():
        return by_all_steps(s, e)[1].contiguous()  # type: ignore[union-attr] # E is given
    times, place = divmod(int(plan.flatten()[0]), len(CUTS))
    x2, x4, p, w, t = kept.unbind(-3)
    d = fraction_derivative(s * 2.0**-times, e * 2.0**-times, (x2, x4, p, w, t), CUTS[place])
    return doubled(t, d, times)[1].contiguous()  # type: ignore[union-attr] # D is given


class HyperbolicTangent(Function):
    """tanh S, (*batch, n, n) -> (*batch, n, n), and what its derivative needs."""

    @staticmethod
    def forward(s: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """tanh S, kept matrices and the number of doublings."""
        return tangent_operator(s)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: tuple[Tensor, ...]) -> None:
        """Memory: S, on a CPU five matrices more."""
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*output[1:])
        ctx.save_for_backward(*inputs, *output[1:])
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, g: Tensor | None, *_: None) -> Tensor | None:
        """Self-adjoint on Hermitian matrices."""
        s, kept, plan = ctx.saved_tensors
        if g is None:
            return None
        if recorded():  # of this derivative a derivative may be asked for
            return by_all_steps(s, sym(g))[1]
        return _derivative(s, sym(g), kept, plan)

    @staticmethod
    def jvp(ctx: Any, ds: Tensor) -> tuple[Tensor | None, None, None]:
        """Along dS."""
        (s,) = ctx.saved_tensors
        return by_all_steps(s, sym(ds))[1], None, None


class HyperbolicTangentDerivative(Function):
    """The derivative from what the value kept, itself without one."""

    @staticmethod
    def forward(s: Tensor, e: Tensor, kept: Tensor, plan: Tensor) -> Tensor:
        """Along E."""
        return derivative_operator(s, e, kept, plan)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """Memory: none."""


_tangent = differentiable(HyperbolicTangent)
_derivative = differentiable(HyperbolicTangentDerivative)


def hyperbolic_tangent(s: Tensor) -> Tensor:
    """tanh S for Hermitian S, scaled down where ‖S‖₂ exceeds `largest`; (*batch, n, n) -> same."""
    return _tangent(saturated(s, largest(s.dtype)))[0]
