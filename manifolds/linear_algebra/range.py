"""The range of a dtype: beyond it a product is ∞ - ∞ = NaN, so factors are clipped within."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import largest_norm, readable, total_norm
from manifolds.operators.differentiable import differentiable, recorded


def largest_factor(n: int, dtype: torch.dtype) -> float:
    """√(max / 2n): a product of two n×n matrices with entries up to this stays finite.

    Complex: √(max / 8n). Its parts are sums of 2n products, and where three real products of sums
    make a complex one, (a + b)(c + d) is four times as large.
    """
    return math.sqrt(torch.finfo(dtype).max / ((8 if dtype.is_complex else 2) * max(n, 1)))


def angle_limit(p: Tensor) -> float:
    """1/(n eps) for n×k parameters: at ‖A‖ = 1/eps no digit of an angle is left."""
    return 1 / (max(*p.shape[-2:], 1) * torch.finfo(p.dtype).eps)


def norm_if_readable(a: Tensor) -> float:
    """‖A‖ in the Frobenius norm, of the whole batch, where the host may read it; else ∞."""
    return total_norm(a).item() if readable(a) else math.inf


def clipped_angles(p: Tensor) -> tuple[Tensor, float]:
    """P clipped at `angle_limit`, and a bound of its Frobenius norms, ∞ where it is not known.

    The host looks first whether an entry can be so large: a norm is a cheaper pass.
    """
    limit = angle_limit(p)
    size = largest_norm(p) if readable(p) and p.numel() else math.inf
    return (p, size) if size <= limit else (clipped(p, limit), math.inf)


def through_clip(g: Tensor, p: Tensor, size: float) -> Tensor:
    """The gradient through `clipped_angles`, ‖P‖ <= size; no derivative of its own."""
    limit = angle_limit(p)
    return g if size < limit else within(g, p, limit)


WORTH = 2**14
"""Entries from which `Clip` is faster than torch.clamp. Measured with the derivative, in µs: 64×64
30 against 22, 128×128 33 against 35, 1000×128 62 against 161."""


class Clip(Function):
    """torch.clamp whose derivative takes one pass, not five."""

    @staticmethod
    def forward(a: Tensor, limit: float) -> Tensor:
        """Entries clipped to ±limit."""
        return a.clamp(-limit, limit)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, float], output: Tensor) -> None:  # noqa: ARG004
        """Memory: none beside the argument."""
        a, ctx.limit = inputs
        ctx.save_for_backward(a)
        ctx.save_for_forward(a)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None]:
        """0 where clipped."""
        (a,) = ctx.saved_tensors
        if recorded():  # of the kernel torch 2.13 has no forward derivative
            return masked(g, a, ctx.limit), None
        return within(g, a, ctx.limit), None

    @staticmethod
    def jvp(ctx: Any, da: Tensor, _: None) -> Tensor:
        """0 where clipped."""
        (a,) = ctx.saved_tensors
        return masked(da, a, ctx.limit)


def masked(g: Tensor, a: Tensor, limit: float) -> Tensor:
    """G where |A| < limit, else 0, real and imaginary parts each; differentiable."""
    if a.is_complex():
        g, a = g.resolve_conj(), a.resolve_conj()  # vmap has no imaginary part of a lazy conjugate
        return torch.complex(masked(g.real, a.real, limit), masked(g.imag, a.imag, limit))
    return torch.where(a.abs() < limit, g, 0)


def within(g: Tensor, a: Tensor, limit: float) -> Tensor:
    """The same in one pass, without a derivative."""
    if a.is_complex():
        g, a = (torch.view_as_real(t.resolve_conj()) for t in (g, a))
        return torch.view_as_complex(within(g, a, limit))
    return torch.ops.aten.hardtanh_backward(g, a, -limit, limit)


clip = differentiable(Clip)


def clipped(a: Tensor, limit: float) -> Tensor:
    """Entries clipped to ±limit, real and imaginary parts each."""
    if a.is_complex():
        return torch.view_as_complex(clipped(torch.view_as_real(a.resolve_conj()), limit))
    few = not torch.compiler.is_compiling() and a.numel() < WORTH  # or the batch would be bounded
    return a.clamp(-limit, limit) if few else clip(a, limit)


def clipped_factors(g: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
    """G and H clipped where G Hᴴ would leave the range; (*batch, n, r), (*batch, k, r) -> same.

    Nothing is clipped where the product of their largest entries is up to l², l = `largest_factor`;
    else the larger one at l² over the other's, or both at l. A constant to derivatives.
    """
    if not g.numel() or not h.numel():
        return g, h
    limit = largest_factor(g.shape[-1], g.dtype)
    rooms = [limit * (limit / largest_entry(a.detach())).clamp_min(1) for a in (h, g)]
    return between(g, rooms[0]), between(h, rooms[1])


def largest_entry(a: Tensor) -> Tensor:
    """max |a_ij| over real and imaginary parts, 0 without entries; -> (*batch, 1, 1)."""
    if a.is_complex():
        pairs = torch.view_as_real(a.resolve_conj()).abs()
        return pairs.amax((-3, -2, -1)).unsqueeze(-1).unsqueeze(-1)
    a = a.abs()
    return a.amax((-2, -1), keepdim=True) if a.numel() else a.sum((-2, -1), keepdim=True)


def between(a: Tensor, limit: Tensor) -> Tensor:
    """Entries clipped to ± a limit (*batch, 1, 1), real and imaginary parts each."""
    if a.is_complex():
        real = torch.view_as_real(a.resolve_conj())
        return torch.view_as_complex(between(real, limit.unsqueeze(-1)))
    return a.clamp(-limit, limit)


def clamped(a: Tensor, limit: float) -> Tensor:
    """The same without a derivative of its own, for use within that of another function."""
    if a.is_complex():
        return torch.view_as_complex(clamped(torch.view_as_real(a.resolve_conj()), limit))
    return a.clamp(-limit, limit)
