"""Scaling of a positive matrix to a doubly stochastic one, with its derivative.

Note [Dual]
P_ij = exp(z_ij + f_i + g_j) has row and column sums 1 where f minimizes the convex function
φ(f) = Σ_j log Σ_i exp(z_ij + f_i) - Σ_i f_i, which has g already taken out by normalizing the
columns (Sinkhorn 1967). Its gradient is r - 1 with the row sums r, its Hessian diag(r) - P Pᵀ.
Each step takes, of a Sinkhorn step and of Newton steps of lengths 1, 1/2, 1/4, ..., the one with
the smallest φ; a Newton step that moves f by at most 1, within which the Hessian varies by a
bounded factor, is taken whole. The number of steps grows with the logarithm of the accuracy and
with the spread of z, not with its exponential as Sinkhorn's does.

Note [Laplacian]
diag(r) - P Pᵀ has zero row sums and no positive entry off the diagonal: it is the Laplacian of a
graph with weights (P Pᵀ)_ik, i ≠ k. Its diagonal is summed from these, without the cancellation
that loses r_i - Σ_j P_ij² when P is near a permutation; its kernel, the constants, is removed by
f_n = 0. An n eps relative increase of the diagonal keeps it positive definite in finite precision
where P falls apart into blocks.

Note [Derivative of the scaling]
Differentiating P in Note [Dual] at row and column sums 1, dP = P ∘ (dZ + a 1ᵀ + 1 bᵀ) with a and b
such that dP has zero sums: the orthogonal projection of P ∘ dZ onto these in the metric
Σ X_ij Y_ij / P_ij. The map dZ -> dP is therefore self-adjoint, and serves forward and reverse mode.
Of (P ∘ dZ) Pᵀ only sums are needed, but in the difference of both its diagonal cancels exactly, and
next to a permutation that is all but the last digits.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import readable
from manifolds.linear_algebra.either_layout import ONE_BY_ONE, Layout, layout_of
from manifolds.operators.differentiable import differentiable, is_last_derivative
from manifolds.operators.opaque import opaque

STEPS = 32
"""A normal z of standard deviation 10 needs at most 13 steps, of 20 some 25 (n = 2 ... 64)."""
LENGTHS = tuple(2.0**-j for j in range(8))
"""Lengths of Newton steps; a shorter one loses to Sinkhorn's."""
ROUNDINGS = 4
"""Sums of n numbers within 4 n eps of 1 are 1 to rounding."""


def laplacian(w: Tensor, on: Layout) -> Tensor:
    """The H of Note [Laplacian] with weights W = P Pᵀ."""
    n, ends = w.shape[on.rows], torch.finfo(w.dtype)
    one = on.identity(n, w)
    w = torch.addcmul(w, w, one, value=-1)
    return torch.addcmul(-w, one, on.as_column(w.sum(on.columns) * (1 + n * ends.eps) + ends.tiny))


def balance(p: Tensor, b: Tensor, on: Layout) -> Tensor:
    """x with H x = b and x_n = 0 where Σ b_i = 0, for matrices P and vectors b."""
    free = p.shape[on.rows] - 1
    h = laplacian(on.product(p, on.adjoint(p)), on)
    h = h.narrow(on.rows, 0, free).narrow(on.columns, 0, free)
    x = on.solution(h, b.narrow(on.entries, 0, free))
    return torch.cat([x, torch.zeros_like(b.narrow(on.entries, 0, 1))], on.entries)


def dual(z: Tensor, f: Tensor, on: Layout) -> Tensor:
    """φ(f), infinite where the range of the dtype ends, as a vector of one entry."""
    first = torch.logsumexp(z + on.as_column(f), on.rows).sum(on.entries, keepdim=True)
    return (first - f.sum(on.entries, keepdim=True)).nan_to_num(nan=torch.inf)


def newton(p: Tensor, missing: Tensor, on: Layout) -> tuple[Tensor, Tensor]:
    """a and b with unit row and column sums of P_ij (1 + a_i + b_j).

    `missing` is what row sums lack. The sums in Note [Dual] carry the rounding of exp(z_ij + f_i),
    n eps and more. Here those of P itself are taken, so that products of many such matrices keep
    their sums.
    """
    c = lacking(p, on.rows)
    a = balance(p, missing - (p * on.as_row(c)).sum(on.columns), on)
    return a, c - (p * on.as_column(a)).sum(on.rows)


def lacking(p: Tensor, dim: int) -> Tensor:
    """1 - the sums over `dim`, in float64; vectors."""
    return (1 - p.sum(dim, dtype=torch.float64)).to(p)


def largest(a: Tensor, on: Layout) -> Tensor:
    """max |a_i|, as a vector of one entry."""
    return a.abs().amax(on.entries, keepdim=True)


def best_step(z: Tensor, f: Tensor, newton: Tensor, on: Layout) -> Tensor:
    """The step in f of Note [Dual]."""
    short = newton.amax(on.entries, keepdim=True) - newton.amin(on.entries, keepdim=True) <= 1
    if readable(z) and short.all():
        return newton
    best = -torch.logsumexp((z + on.as_column(f)).log_softmax(on.rows), on.columns)
    least = dual(z, f + best, on)
    for length in LENGTHS:
        value = dual(z, f + length * newton, on)
        better = value < least
        best = torch.where(better, length * newton, best)
        least = torch.where(better, value, least)
    return torch.where(short, newton, best)


def scaled(z: Tensor, on: Layout) -> Tensor:
    """The P of Note [Dual], or after `STEPS` a nearby doubly stochastic matrix; laid.

    The last step is P_ij (1 + a_i + b_j), once a and b are so small that their squares are rounding
    or nothing is left for them to do: small entries keep their digits.
    """
    f = torch.zeros_like(z.select(on.columns, 0))
    eps = torch.finfo(z.dtype).eps
    limit = ROUNDINGS * z.shape[on.rows] * eps
    for _ in range(STEPS + 1):
        p = (z + on.as_column(f)).softmax(on.rows)
        missing = lacking(p, on.columns)
        a, b = newton(p, missing, on)
        size = largest(a, on) + largest(b, on)
        is_open = (size > eps**0.5) & (largest(missing, on) > limit)
        if readable(z) and not is_open.any():
            break
        f = torch.where(is_open, f + best_step(z, f, a, on), f)
    better = p + p * (on.as_column(a) + on.as_row(b))  # p (1 + a + b) rounds twice
    if readable(z) and (size <= eps**0.5).all():
        return better
    p = torch.where(on.as_column(size <= 1), better, p)
    is_scaled = largest(lacking(p, on.columns), on) <= limit
    return torch.where(on.as_column(is_scaled), p, rounded(p, on))


def rounded(p: Tensor, on: Layout = ONE_BY_ONE) -> Tensor:
    """A doubly stochastic matrix near P >= 0 (Altschuler, Weed & Rigollet 2017, algorithm 2).

    Rows, then columns, with a sum above 1 are divided by it; what is then missing is added as the
    matrix of rank one of the missing row and column sums.
    """
    p = p / p.sum(on.columns, keepdim=True).clamp_min(1)
    p = p / p.sum(on.rows, keepdim=True).clamp_min(1)
    rows = (1 - p.sum(on.columns)).clamp_min(0)
    columns = (1 - p.sum(on.rows)).clamp_min(0)
    missing = rows.sum(on.entries, keepdim=True)
    share = torch.where(missing > 0, rows / missing, 0)
    return p + on.as_column(share) * on.as_row(columns)


@opaque("doubly_stochastic")
def scaling_operator(z: Tensor) -> Tensor:
    """The scaling as one opaque operator: on a CPU its number of steps depends on the data."""
    if not z.numel():
        return z.clone()
    on = layout_of(z)
    return on.out(scaled(on.laid(z), on), z.shape[:-2])


def scaling_derivative(p: Tensor, e: Tensor, on: Layout = ONE_BY_ONE) -> Tensor:
    """dP for dZ = E; see Note [Derivative of the scaling]; laid."""
    if not p.numel():
        return p * e
    moved = on.product(p * e, on.adjoint(p))
    e = e + on.as_column(balance(p, (on.adjoint(moved) - moved).sum(on.columns), on))
    return p * (e - on.as_row((p * e).sum(on.rows)))


@opaque("doubly_stochastic_adjoint")
def adjoint_operator(p: Tensor, g: Tensor) -> Tensor:
    """The derivative, itself without one, as one opaque operator."""
    on = layout_of(p)
    return on.out(scaling_derivative(on.laid(p), on.laid(g), on), p.shape[:-2])


class DoublyStochasticScaling(Function):
    """P of z; (*batch, n, n) -> (*batch, n, n)."""

    @staticmethod
    def forward(z: Tensor) -> Tensor:
        """The scaling."""
        return scaling_operator(z)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:  # noqa: ARG004
        """Memory: one n×n matrix."""
        ctx.save_for_backward(output)
        ctx.save_for_forward(output)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        """Self-adjoint; Note [Derivative of the scaling]."""
        (p,) = ctx.saved_tensors
        return adjoint_operator(p, g) if is_last_derivative() else scaling_derivative(p, g)

    @staticmethod
    def jvp(ctx: Any, dz: Tensor) -> Tensor:
        """Note [Derivative of the scaling]."""
        (p,) = ctx.saved_tensors
        return scaling_derivative(p, dz)


_doubly_stochastic = differentiable(DoublyStochasticScaling)


def doubly_stochastic(z: Tensor) -> Tensor:
    """exp(z_ij + f_i + g_j) with unit row and column sums, differentiable to every order."""
    return _doubly_stochastic(z)
