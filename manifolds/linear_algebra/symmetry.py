"""The parts of a matrix and its Gram matrix, each with a derivative as cheap as itself.

A part is linear and its own adjoint, so that its derivative in both modes is itself; autograd
would transpose and add twice. d(AᴴA) = T + Tᴴ with T = AᴴdA, and the adjoint is A (G + Gᴴ): one
product each, where autograd takes two. Transposes of large matrices are copied first, in tiles:
reading 4 MB across rows in an addition takes eight times as long (measured: 4.2 ms, not 0.5).

Note [Lost small eigenvalues]
K = NᴴN is rounded. Where it is singular (dependent columns of N), eigenvalues that should be 0 are
found at -c eps ‖N‖_F² and more, c = 9 for 65536×2, 33 for ×8, 1.5 from 32 columns on, a sixth of
that for n = 4096 (float32, measured). Where they pass -1, cos √K overflows as the cosh of their
roots, I + K/4 is singular, and derivatives are infinite or NaN (entries of 1e4, k = 4). So N is
taken as its multiple with (2 + 64/k) eps ‖N‖_F² = 1 there, a constant to its derivative. In float32
that is ‖N‖_F = 1800 for k = 128; 380 columns of norm 100 are below it, whose values keep their
digits. One column has no other direction to lose: no bound.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra import basics
from manifolds.linear_algebra.range import angle_limit, clipped
from manifolds.linear_algebra.transpose import is_shuffled, transposed
from manifolds.operators.differentiable import differentiable

TILED, SHUFFLED = 512, 2**14
"""Columns from which a copy of the transpose in tiles is worth its pass, and entries from which one
by a shuffle (Note [Turned by a shuffle]) is. In µs, c (A - Aᵀ) read across and by tiles, 1000 of
32×32 1130 and 1480, 384×384 220 and 240, 512×512 570 and 470, 2048×2048 60 and 18.5 ms; on another
day the better of the two and by a shuffle, 64×64 26 and 32, 128×128 51 and 40, 256×256 141 and 73,
1000 of 8×8 199 and 118, of 32×32 2890 and 2450, 1024×1024 10.3 and 3.5 ms (measured)."""


WORTH = 2**15
"""Entries from which own derivatives of L Lᴴ and of the log-Cholesky factor pay: a step of
`PositiveDefinite` takes 10.6 and 9.4 products of 128×128 with and without, 3.2 and 3.8 of 512×512
(measured)."""


def is_traced() -> bool:
    """Whether a compiler or tracer is looking, which knows more of a formula's derivatives."""
    return torch.compiler.is_compiling() or torch.jit.is_tracing()


def plus_reflected(a: Tensor, scale: float, other: float, *, conjugate: bool = True) -> Tensor:
    """scale A + other Aᴴ, or Aᵀ, contiguous, without a derivative; (*batch, n, n) -> same.

    The scales are ± a power of 2, or what should be skew would not be to the last digit.
    """
    if a._is_zerotensor():  # a tangent that forward mode knows to be 0, and lets nobody write into
        return torch.zeros_like(a, memory_format=torch.contiguous_format)
    reflected = a.conj() if conjugate else a
    if a.shape[-1] < TILED and not (is_shuffled(a) and a.numel() >= SHUFFLED):
        return torch.mul(a, scale).contiguous().add_(reflected.mT, alpha=other)
    total = transposed(reflected)
    return (total if other == 1 else total.mul_(other)).add_(a, alpha=scale)


def skew_multiple(a: Tensor, scale: float) -> Tensor:
    """scale (A - Aᴴ), contiguous, without a derivative; (*batch, n, n) -> (*batch, n, n)."""
    return plus_reflected(a, scale, -scale)


class Part(Function):
    """(A + sign Aᴴ) / 2, or with Aᵀ: linear and its own adjoint; (*batch, n, n) -> same."""

    @staticmethod
    def forward(a: Tensor, sign: int, conjugate: bool) -> Tensor:  # noqa: FBT001 -- of a Function
        """(A ± Aᴴ) / 2, or (A ± Aᵀ) / 2."""
        return plus_reflected(a, 1 / 2, sign / 2, conjugate=conjugate)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG004
        """Memory: none."""
        _, ctx.sign, ctx.conjugate = inputs

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None, None]:
        """Self-adjoint."""
        return part(g, ctx.sign, conjugate=ctx.conjugate), None, None

    @staticmethod
    def jvp(ctx: Any, da: Tensor, *_: None) -> Tensor:
        """Linear."""
        return part(da, ctx.sign, conjugate=ctx.conjugate)


_part = differentiable(Part)


def part(a: Tensor, sign: int, *, conjugate: bool) -> Tensor:
    """(A + sign Aᴴ) / 2, or with Aᵀ, differentiable to every order.

    To a compiler or tracer the formula: they know more of its derivatives (`manifolds.operators`).
    """
    if is_traced():
        return a / 2 + sign * (a.mH if conjugate else a.mT) / 2
    return _part(a, sign, conjugate)  # type: ignore[no-any-return]


def sym(a: Tensor) -> Tensor:
    """(A + Aᴴ) / 2: the nearest Hermitian matrix; (*batch, n, n) -> (*batch, n, n)."""
    return part(a, 1, conjugate=True)


def skew(a: Tensor) -> Tensor:
    """(A - Aᴴ) / 2: the nearest skew-Hermitian matrix; (*batch, n, n) -> (*batch, n, n)."""
    return part(a, -1, conjugate=True)


def plain_sym(a: Tensor) -> Tensor:
    """(A + Aᵀ) / 2, of complex A too: the nearest symmetric matrix."""
    return part(a, 1, conjugate=False)


def plain_skew(a: Tensor) -> Tensor:
    """(A - Aᵀ) / 2, of complex A too: the nearest skew-symmetric matrix."""
    return part(a, -1, conjugate=False)


class GramMatrix(Function):
    """AᴴA; (*batch, n, k) -> (*batch, k, k)."""

    @staticmethod
    def forward(a: Tensor) -> Tensor:
        """AᴴA."""
        return basics.gram(a)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:  # noqa: ARG004
        """Memory: A."""
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        """A (G + Gᴴ)."""
        (a,) = ctx.saved_tensors
        return 2 * basics.times(a, sym(g))

    @staticmethod
    def jvp(ctx: Any, da: Tensor) -> Tensor:
        """AᴴdA and its adjoint."""
        (a,) = ctx.saved_tensors
        t = basics.times(a.mH, da)
        return t + t.mH


_gram_matrix = differentiable(GramMatrix)


def gram_matrix(a: Tensor) -> Tensor:
    """AᴴA, differentiable to every order; to a compiler or tracer the formula, as `part`."""
    if is_traced():
        return basics.gram(a)
    return _gram_matrix(a)  # type: ignore[no-any-return]


def by_formula(a: Tensor) -> bool:
    """Whether an own derivative does not pay: for few entries, or a compiler or tracer."""
    return is_traced() or a.numel() < WORTH


def squared(l: Tensor) -> Tensor:
    """L Lᴴ of square L, differentiable to every order; (*batch, n, n) -> (*batch, n, n)."""
    return l @ l.mH if by_formula(l) else gram_matrix(l.mH)


def bounded_gram(n: Tensor) -> tuple[Tensor, Tensor]:
    """N and NᴴN, or those of a multiple of N; Note [Lost small eigenvalues].

    (*batch, n, k) -> (*batch, n, k), (*batch, k, k).
    """
    k = gram_matrix(n)
    factor = gram_factor(k.detach())
    return torch.sqrt(factor) * n, factor * k


def gram_limit(k: Tensor) -> float:
    """‖N‖² of Note [Lost small eigenvalues]; one column needs no limit."""
    size = k.shape[-1]
    return 1 / ((2 + 64 / size) * torch.finfo(k.dtype).eps) if size > 1 else math.inf


def trace(k: Tensor) -> Tensor:
    """tr K, real; (*batch, k, k) -> (*batch, 1, 1)."""
    return basics.diagonal(k).real.sum(-1)[..., None, None]


def gram_factor(k: Tensor) -> Tensor:
    """The factor <= 1 that brings K within `gram_limit`; (*batch, k, k) -> (*batch, 1, 1)."""
    return (gram_limit(k) / trace(k)).clamp_max(1)


def projected(b: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
    """A = skew(BᴴP) and N = P - B BᴴP; (*batch, n, k) -> (*batch, k, k), (*batch, n, k)."""
    inner = basics.times(b.mH, p)
    return skew(inner), p - basics.times(b, inner)


def tangent(b: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
    """The same of P clipped where no digit of an angle is left: what maps of tall frames take."""
    return projected(b, clipped(p, angle_limit(p)))


def split(b: Tensor, p: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """C = BᴴP, N = s (P - BC), NᴴN and s, without a derivative; Note [Lost small eigenvalues].

    (*batch, n, k), same -> (*batch, k, k), (*batch, n, k), (*batch, k, k), (*batch, 1, 1).
    """
    c = basics.times(b.mH, p)
    n = basics.plus_product(p, b, c, -1)
    k = basics.gram(n)
    if basics.readable(k) and k.numel() and trace(k).amax().item() <= gram_limit(k):
        return c, n, k, k.real.new_ones(*k.shape[:-2], 1, 1)
    s = torch.sqrt(gram_factor(k))
    return c, s * n, s * s * k, s


def tangential(b: Tensor, g: Tensor) -> Tensor:
    """G - B sym(BᴴG), tangential at frames B, without a derivative; (*batch, n, k) each."""
    u = basics.times(b.mH, g)
    return basics.plus_product(g, b, (u + u.mH).div_(-2))
