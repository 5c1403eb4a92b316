"""exp(A) - I and its Fréchet derivative as numbers, by scaling and squaring; no derivatives.

Matrices are laid as a `Layout` lays them. On a CPU the plan depends on ‖A‖ (Note [Scaling and
squaring]) and what the derivative needs is kept; elsewhere reading ‖A‖ would wait.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from manifolds.linear_algebra.basics import one_norm, readable
from manifolds.linear_algebra.either_layout import ONE_BY_ONE, Layout
from manifolds.linear_algebra.scaling import first_size, longest, plan, schemes
from manifolds.linear_algebra.scheme import Scheme

SLOTS = 6
"""Matrices kept on a CPU: A² and the next factors, four of degree 18, then what is squared: all of
it up to ‖A‖₂ = 20 for skew A in float32."""


def exponential_minus_identity(
    a: Tensor, kept: Tensor, on: Layout, *, skew: bool
) -> tuple[Tensor, tuple[int, int]]:
    """exp(A) - I and its plan on a CPU; `kept`, SLOTS matrices like A, is written; all laid.

    ‖A‖ decides before A² is known whether there is anything to do, and whether A² would overflow.
    """
    choices = schemes(a.dtype, skew=skew)
    size = first_size(a, choices, on, skew=skew)
    place, times = plan(choices, size, size, a.dtype)
    if place == 0 and not times:
        return a.clone(memory_format=torch.contiguous_format), (place, times)
    shift = max(math.frexp(size)[1], 0) if size > 1 / torch.finfo(a.dtype).eps else 0
    a = a * 2.0**-shift if shift else a
    square = on.product(a, a, kept[0])
    alpha = min(on.largest_sum(square) ** 0.5 * 2.0**shift, size)
    place, times = plan(choices, alpha, alpha if skew else size, a.dtype)
    if times != shift:
        a, square = a * 2.0 ** (shift - times), square.mul_(4.0 ** (shift - times))
    scheme = choices[place]
    y = scheme.value(scheme.factors(a, square, kept[1 : scheme.inner], on))
    free = kept[scheme.inner :]
    for i in range(min(times, longest(a.dtype))):
        if i < len(free):
            free[i].copy_(y)
        y = squared(y, on)
    return y, (place, times)


def squared(y: Tensor, on: Layout = ONE_BY_ONE) -> Tensor:
    """(I + Y)² - I = 2Y + Y²."""
    return on.product(y, y).add_(y, alpha=2)


def squared_derivative(y: Tensor, d: Tensor, on: Layout = ONE_BY_ONE) -> Tensor:
    """2D + YD + DY."""
    total = on.product(d, y)
    on.add_product(total, y, d)
    return total.add_(d, alpha=2)


def derivative_of(  # noqa: PLR0917 -- what the exponential found
    a: Tensor, e: Tensor, kept: Sequence[Tensor] | Tensor, scheme: Scheme, times: int, on: Layout
) -> Tensor:
    """L(A, E) on a CPU from what `exponential_minus_identity` kept of A; all laid."""
    scale = 2.0**-times
    a, e = (a * scale, e * scale) if times else (a, e)
    d = scheme.derivative([a, *kept[: scheme.inner]], e, on)
    free = kept[scheme.inner :]
    y = a
    for i in range(min(times, longest(a.dtype))):
        y = free[i] if i < len(free) else squared(y, on)
        d = squared_derivative(y, d, on)
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
    """Without numbers: what a CPU keeps of exp(A) (*batch, SLOTS, n, n), and the plan."""
    kept = a.new_empty(SLOTS if readable(a) else 0, *a.shape).movedim(0, -3)
    return kept, a.new_zeros(*a.shape[:-2], 2, dtype=torch.int64)


def laid_exponential(
    a: Tensor, batch: Sequence[int], on: Layout, *, skew: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """exp(A) - I of a laid A, laid, what a CPU keeps, and its plan (*batch, 2)."""
    if not readable(a):
        y, _ = without_reading(a, None, skew=skew)
        return y, *exponential_shapes(a)
    n = a.shape[-2]
    kept = a.new_empty(SLOTS, *batch, n, n)
    slots = on.room(kept, a)
    y, (place, times) = exponential_minus_identity(a, slots, on, skew=skew)
    for i in range(used(place, times, a.dtype, skew=skew)):
        on.store(slots[i], kept[i])
    plans = torch.tensor((place, times)).expand(*batch, 2).clone()
    return y, kept.movedim(0, -3), plans


def used(place: int, times: int, dtype: torch.dtype, *, skew: bool) -> int:
    """How many of the slots a plan fills with what its derivative needs."""
    inner = schemes(dtype, skew=skew)[place].inner
    return min(inner + min(times, longest(dtype)), SLOTS)


def laid_derivative(
    a: Tensor, e: Tensor, kept: Tensor, plans: Tensor, on: Layout, *, skew: bool
) -> Tensor:
    """L(A, E) of laid A and E, laid, maybe E itself; from scratch where nothing was kept."""
    if not readable(a):
        _, d = without_reading(a, e, skew=skew)
        return d  # type: ignore[return-value] # e is given
    if kept.shape[-3] and plans.numel():
        place, times = plans.reshape(-1, 2)[0].tolist()
        filled = kept.movedim(-3, 0)[: used(place, times, a.dtype, skew=skew)]
        slots = [on.laid(matrices) for matrices in filled]
    else:
        room = a.new_empty(SLOTS, *a.shape)
        _, (place, times) = exponential_minus_identity(a, room, on, skew=skew)
        slots = list(room)
    return derivative_of(a, e, slots, schemes(a.dtype, skew=skew)[place], times, on)
