"""The hyperboloid over R^n, (√(1 + ‖p‖²), p), and its views in the unit ball.

With r = √(1 + ‖p‖²) the view from (-κ, 0) is x = p / (κ + r), κ = 0 or 1. Its derivative
    dx = φ dp - x ⟨x,dp⟩ / r,    φ = 1 / (κ + r),
is self-adjoint; that of the time coordinate is ⟨p,dp⟩ / r. These are elementwise passes only, five
forward and four backward for a view, six and one for the hyperboloid.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import dot
from manifolds.operators.differentiable import differentiable, recorded


def unit_of(p: Tensor) -> Tensor:
    """1/c for c = max(1, ‖p‖∞), not differentiated; (*batch, n) -> (*batch, 1)."""
    p = p.detach()
    if not p.shape[-1]:
        return 1 + p.sum(-1, keepdim=True)
    size = torch.maximum(p.amax(-1, keepdim=True), -p.amin(-1, keepdim=True))
    return size.clamp_min(1).reciprocal()


def lifted(p: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """p / c, √(1/c² + ‖p/c‖²) and 1/c for c = max(1, ‖p‖∞): free of overflow.

    What is homogeneous in the three does not depend on c, so that c counts as a constant in its
    derivatives of every order. (*batch, n) -> (*batch, n), (*batch, 1), (*batch, 1).
    """
    unit = unit_of(p)
    u = p * unit
    return u, torch.sqrt(unit.square() + dot(u, u)), unit


class View(Function):
    """p -> x, φ and 1/r; (*batch, n) and (*batch, 1)."""

    @staticmethod
    def forward(p: Tensor, kappa: int) -> tuple[Tensor, Tensor, Tensor]:
        """X, written over p / c."""
        unit = unit_of(p)
        x = p * unit
        time = torch.hypot(unit, torch.linalg.vector_norm(x, dim=-1, keepdim=True))
        scale = (kappa * unit + time).reciprocal_()
        return x.mul_(scale), unit * scale, unit / time

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Memory: two numbers beside argument and value."""
        p, ctx.kappa = inputs
        ctx.mark_non_differentiable(*output[1:])
        ctx.save_for_backward(p, *output)
        ctx.save_for_forward(p)

    @staticmethod
    def backward(ctx: Any, g: Tensor, *_rows: Tensor) -> tuple[Tensor, None]:
        """Self-adjoint."""
        p, x, phi, inverse = ctx.saved_tensors
        if recorded():  # of this derivative a derivative may be asked for
            return along(p, ctx.kappa, g), None
        return moved(x, phi, inverse, g), None

    @staticmethod
    def jvp(ctx: Any, dp: Tensor, _: None) -> tuple[Tensor, None, None]:
        """Along dP."""
        (p,) = ctx.saved_tensors
        return along(p, ctx.kappa, dp), None, None


def moved(x: Tensor, phi: Tensor, inverse: Tensor, v: Tensor) -> Tensor:
    """φ v - x ⟨x,v⟩ / r."""
    return torch.addcmul(phi * v, x, inverse * dot(x, v), value=-1)


def along(p: Tensor, kappa: int, v: Tensor) -> Tensor:
    """The derivative of the view along v, itself differentiable."""
    u, time, unit = lifted(p)
    scale = 1 / (kappa * unit + time)
    return moved(u * scale, unit * scale, unit / time, v)


class Hyperbola(Function):
    """p -> (r, p), r; (*batch, n) -> (*batch, 1 + n), (*batch, 1)."""

    @staticmethod
    def forward(p: Tensor) -> tuple[Tensor, Tensor]:
        """P clipped where r leaves the range of the dtype.

        The derivative is also there that of the map without the clip.
        """
        end = torch.finfo(p.dtype).max / (2 * (p.shape[-1] + 1))
        x = p.new_empty(*p.shape[:-1], 1 + p.shape[-1])
        space = x[..., 1:].copy_(p).clamp_(-end, end)
        unit = unit_of(space)
        size = torch.linalg.vector_norm(space * unit, dim=-1, keepdim=True)
        r = torch.hypot(unit, size).div_(unit)
        x[..., :1].copy_(r)
        return x, r

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: tuple[Tensor, Tensor]) -> None:
        """Memory: none beside argument and value."""
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, g: Tensor, _: Tensor) -> Tensor:
        """The space part, and p / r times the time part."""
        (p,) = ctx.saved_tensors
        u, time, _ = lifted(p)
        return torch.addcmul(g[..., 1:], u, g[..., :1] / time)

    @staticmethod
    def jvp(ctx: Any, dp: Tensor) -> tuple[Tensor, None]:
        """⟨p,dP⟩ / r and dP."""
        (p,) = ctx.saved_tensors
        u, time, _ = lifted(p)
        return torch.cat([dot(u / time, dp), dp], dim=-1), None


_view, _hyperbola = differentiable(View), differentiable(Hyperbola)


def view(p: Tensor, kappa: int) -> Tensor:
    """p / (κ + √(1 + ‖p‖²)), differentiable to every order; (*batch, n) -> (*batch, n)."""
    return _view(p, kappa)[0]


def hyperbola(p: Tensor) -> Tensor:
    """(√(1 + ‖p‖²), p), differentiable to every order; (*batch, n) -> (*batch, 1 + n)."""
    return _hyperbola(p)[0]
