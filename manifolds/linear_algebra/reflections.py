"""A product of Householder reflections about a frame B in compact form, with its derivative.

H₁ ⋯ H_k = I - V R⁻¹ Vᴴ for Hᵢ = I - vᵢvᵢᴴ / (‖vᵢ‖²/2 + ihᵢ), R = ½(VᴴV) + i diag h, where ½S is
the upper triangle of S with half of its diagonal (see `manifolds.maps.householder`). The frame is

    X = -H₁ ⋯ H_k B = V Nᴴ - B, N = L R⁻ᴴ, L = BᴴV,

and V = B + F, with F and h linear in the parameters P: about the frame B F = P - B diag(d),
dᵢ = bᵢᴴpᵢ, h = Im d, and L = I + BᴴP - diag(d); without one B = [I; 0], F = tril(P, -1) and
h = Im diag P. Always ‖vᵢ‖ >= 1, and X = B at P = 0.

Note [Derivative of a product of reflections]
dR = ½(VᴴdV + dVᴴV) + i diag dh and dN = (dL - N dRᴴ) R⁻ᴴ. For the adjoint of X take G: then
Y = GᴴV R⁻¹, R̄ = -YᴴN, h̄ = Im diag R̄, and with the strict upper triangle T of R̄
V̄ = GN + V(T + Tᴴ + Re diag R̄) + BY. Products n k², forward and backward: three (BᴴP, FᴴF, VNᴴ) and
four about a frame, two and three without, with k×k work of two triangular solves and a product; for
square frames V and N are lower triangular, which `staircase_product` uses: 0.8 and 1.7, with two
solves of 0.6. The solves are from the right, in a CPU's order of the entries: from the left they
take twice as long (measured, k = 128: 115 µs, not 58). Memory: P, V, R, N.

Note [Digits of the Gram matrix]
VᴴV = I + BᴴF + FᴴB + FᴴF has the rounding of F, which is small near the base. That of a product
VᴴV grows with n: it left ‖XᴴX - I‖ = 14 √k eps for P of 1e-6 and n×k = 1000×10, this leaves 1.4
(measured), and a polish begins at 8. It is for large P: dependent vᵢ leave 50, and 150 at k = 1024.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import add_identity, diagonal, identity_like
from manifolds.linear_algebra.differentiable import differentiable
from manifolds.linear_algebra.opaque import opaque, shaped_like_the_first
from manifolds.linear_algebra.orthonormalize import orthonormalized
from manifolds.linear_algebra.staircase import FULL, LOWER, UPPER, staircase_product


def inner(b: Tensor, p: Tensor) -> Tensor:
    """bᵢᴴpᵢ; (*batch, n, k), (*batch, n, k) -> (*batch, 1, k)."""
    return (b.conj() * p).sum(-2, keepdim=True)


def half(s: Tensor) -> Tensor:
    """½S: the upper triangle with half of the diagonal; (*batch, k, k) -> (*batch, k, k)."""
    return (s.triu() + s.triu(1)) / 2


def turned(r: Tensor, d: Tensor) -> Tensor:
    """R + i diag(Im d), (*batch, k, k), (*batch, k); R itself where real."""
    return r + torch.diag_embed(1j * d.imag) if r.is_complex() else r


def plus(a: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """A + XY, which may overwrite A: a pass less where it is one product."""
    # a compiler is to see the product: it may be told to compute it exactly
    return a + x @ y if a.ndim > 2 or torch.compiler.is_compiling() else a.addmm_(x, y)


def padded(a: Tensor, like: Tensor) -> Tensor:
    """[A; 0]; (*batch, k, k), (*batch, n, k) -> (*batch, n, k)."""
    return torch.nn.functional.pad(a, (0, 0, 0, like.shape[-2] - a.shape[-2]))


def directions(p: Tensor, b: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """F, BᴴF and d, linear in P; (*batch, n, k) -> same, (*batch, k, k), (*batch, k)."""
    if b is None:
        f = p.tril(-1)
        return f, f[..., : f.shape[-1], :], diagonal(p)
    bp = b.mH @ p
    d = diagonal(bp).contiguous()  # a strided row costs a product at k = 64 (measured)
    f = torch.addcmul(p, b, d.unsqueeze(-2), value=-1)
    return f, bp - torch.diag_embed(d), d


def directions_adjoint(vbar: Tensor, rbar: Tensor, b: Tensor | None) -> Tensor:
    """P̄ of F̄ = V̄ and h̄ = Im diag R̄."""
    hbar = turned(torch.zeros_like(rbar), diagonal(rbar))
    if b is None:
        return vbar.tril(-1) + padded(hbar, vbar) if vbar.is_complex() else vbar.tril(-1)
    return torch.addcmul(vbar, b, diagonal(hbar).unsqueeze(-2) - inner(b, vbar))


def compact(p: Tensor, b: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """V, R, N; |p| <= 1 / (n eps), as of every chart's parameters, keeps ‖v‖² from overflow."""
    f, bf, d = directions(p, b)
    l = add_identity(bf)
    if b is None:
        v = f + identity_like(f)
        s = staircase_product(v.mH, v, UPPER, LOWER, UPPER)
    else:
        v = f + b
        s = plus(l + bf.mH, f.mH, f)
    r = turned(half(s), d)
    return v, r, torch.linalg.solve_triangular(r.mH, l, upper=False, left=False)


def _shaped(b: Tensor, v: Tensor, n: Tensor) -> Tensor:  # noqa: ARG001 -- the signature
    return shaped_like_the_first(v)


@opaque("reflections", _shaped)
def frame_operator(b: Tensor, v: Tensor, n: Tensor) -> Tensor:
    """V Nᴴ - B polished, as one opaque operator."""
    return orthonormalized(plus(-b, v, n.mH)).contiguous()


def frame(v: Tensor, n: Tensor, b: Tensor | None) -> Tensor:
    """V Nᴴ - B, polished about a frame."""
    if b is None:
        return staircase_product(v, n.mH, LOWER, UPPER, FULL) - identity_like(v)
    return frame_operator(b, v, n)


def adjoint(g: Tensor, v: Tensor, r: Tensor, n: Tensor, b: Tensor | None) -> Tensor:
    """P̄ of Note [Derivative of a product of reflections]; (*batch, n, k) -> (*batch, n, k)."""
    lower = LOWER if b is None else FULL
    gv = staircase_product(g.mH, v, FULL, lower, lower)
    y = torch.linalg.solve_triangular(r, gv, upper=True, left=False)
    rbar = -staircase_product(y.mH, n, FULL, lower, UPPER)
    t = rbar.triu(1)
    s = t + t.mH + torch.diag_embed(diagonal(rbar).real)
    vbar = staircase_product(g, n, FULL, lower, lower)
    if b is None:
        vbar = vbar + staircase_product(v, s, LOWER, FULL, LOWER) + padded(y, v)
    else:
        vbar = plus(plus(vbar, v, s), b, y)
    return directions_adjoint(vbar, rbar, b)


def tangent(p: Tensor, dp: Tensor, b: Tensor | None) -> Tensor:
    """dX in direction dP."""
    v, r, n = compact(p, b)
    dv, dl, dd = directions(dp, b)
    vdv = v.mH @ dv
    dr = turned(half(vdv + vdv.mH), dd)
    dn = torch.linalg.solve_triangular(r.mH, dl - n @ dr.mH, upper=False, left=False)
    return dv @ n.mH + v @ dn.mH


class Reflections(Function):
    """P, and B or None -> X and V, R, N for its derivative; (*batch, n, k)."""

    @staticmethod
    def forward(p: Tensor, b: Tensor | None) -> tuple[Tensor, ...]:
        """X, V, R, N."""
        v, r, n = compact(p, b)
        return frame(v, n, b), v, r, n

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Note [Derivative of a product of reflections]."""
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*output[1:])
        ctx.save_for_backward(*output[1:], *inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, g: Tensor | None, *_: None) -> tuple[Tensor | None, None]:
        """The adjoint; the base is a constant."""
        return None if g is None else _adjoint(g, *ctx.saved_tensors), None

    @staticmethod
    def jvp(ctx: Any, dp: Tensor, _: None) -> tuple[Tensor | None, ...]:
        """The tangent."""
        p, b = ctx.saved_tensors
        return tangent(p, dp, b), None, None, None


class ReflectionsAdjoint(Function):
    """G, V, R, N, P, B -> P̄; its derivatives are those with V, R, N made anew from P and B."""

    @staticmethod
    def forward(g: Tensor, v: Tensor, r: Tensor, n: Tensor, p: Tensor, b: Tensor | None) -> Tensor:  # noqa: ARG004, PLR0917 -- autograd's way of arguments
        """The adjoint."""
        return adjoint(g, v, r, n, b)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG004
        """Memory: G, P and B."""
        g, _, _, _, p, b = inputs
        ctx.save_for_backward(g, p, b)
        ctx.save_for_forward(g, p, b)

    @staticmethod
    def backward(ctx: Any, gp: Tensor) -> tuple[Tensor | None, ...]:
        """By torch."""
        g, p, b = ctx.saved_tensors
        pull: Any = torch.func.vjp(lambda g, p: adjoint(g, *compact(p, b), b), g, p)[1]
        gg, gp = pull(gp)
        return gg, None, None, None, gp, None

    @staticmethod
    def jvp(ctx: Any, dg: Tensor, _v: None, _r: None, _n: None, dp: Tensor, _: None) -> Tensor:
        """By torch."""
        g, p, b = ctx.saved_tensors
        return torch.func.jvp(lambda g, p: adjoint(g, *compact(p, b), b), (g, p), (dg, dp))[1]


_reflections, _adjoint = differentiable(Reflections), differentiable(ReflectionsAdjoint)


def reflected(p: Tensor, b: Tensor | None = None) -> Tensor:
    """-H₁ ⋯ H_k B, (*batch, n, k) -> (*batch, n, k), differentiable to every order in P.

    B, of the same shape, is a constant, and X polished; [I; 0] where none is given, X as it comes.
    """
    x, *_ = _reflections(p, b)
    return x
