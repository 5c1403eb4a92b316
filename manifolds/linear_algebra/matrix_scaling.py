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

Note [Either layout]
All is written for (n, n, b), which is how many small matrices lie in memory (Note [Batch last] in
`manifolds.linear_algebra.many`); others are views of themselves. Only products and the solution
differ: `at_once` says which.

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

from manifolds.linear_algebra import many
from manifolds.linear_algebra.basics import identity, readable
from manifolds.operators.differentiable import differentiable, is_last_derivative
from manifolds.operators.opaque import opaque

STEPS = 32
"""A normal z of standard deviation 10 needs at most 13 steps, of 20 some 25 (n = 2 ... 64)."""
LENGTHS = tuple(2.0**-j for j in range(8))
"""Lengths of Newton steps; a shorter one loses to Sinkhorn's."""
ROUNDINGS = 4
"""Sums of n numbers within 4 n eps of 1 are 1 to rounding."""


def batch_last(a: Tensor, *, at_once: bool) -> Tensor:
    """(*batch, n, n) -> (n, n, b)."""
    return many.batch_last(a) if at_once else a.reshape(-1, *a.shape[-2:]).permute(1, 2, 0)


def batch_first(t: Tensor, like: Tensor, *, at_once: bool) -> Tensor:
    """(n, n, b) -> (*batch, n, n)."""
    return (many.batch_first if at_once else many.kept)(t, like.shape[:-2])


def product(a: Tensor, b: Tensor, *, at_once: bool) -> Tensor:
    """AB; (n, n, b), (n, n, b) -> (n, n, b)."""
    if at_once:
        return many.product(a, b)
    return (a.permute(2, 0, 1) @ b.permute(2, 0, 1)).permute(1, 2, 0)


def laplacian(w: Tensor) -> Tensor:
    """The H of Note [Laplacian] with weights W = P Pᵀ; (n, n, b) -> (n, n, b)."""
    n, ends = len(w), torch.finfo(w.dtype)
    one = identity(n, n, w).unsqueeze(-1)
    w = torch.addcmul(w, w, one, value=-1)
    return torch.addcmul(-w, one, w.sum(1) * (1 + n * ends.eps) + ends.tiny)


def balance(p: Tensor, b: Tensor, *, at_once: bool) -> Tensor:
    """x with H x = b and x_n = 0 where Σ b_i = 0; (n, n, b), (n, b) -> (n, b)."""
    h = laplacian(product(p, p.transpose(0, 1), at_once=at_once))[:-1, :-1]
    last = torch.zeros_like(b[:1])
    if at_once:
        return torch.cat([many.solution(torch.cat([h, b[:-1, None]], dim=1))[:, 0], last])
    l = torch.linalg.cholesky_ex(h.permute(2, 0, 1)).L
    # Not cholesky_solve: for batches on CUDA it keeps arrays on the host (torch 2.13, MAGMA)
    y = torch.linalg.solve_triangular(l, b[:-1].t().unsqueeze(-1), upper=False)
    x = torch.linalg.solve_triangular(l.mT, y, upper=True)
    return torch.cat([x.squeeze(-1).t(), last])


def dual(z: Tensor, f: Tensor) -> Tensor:
    """φ(f), infinite where the range of the dtype ends; (n, n, b), (n, b) -> (b,)."""
    value = torch.logsumexp(z + f.unsqueeze(1), 0).sum(0) - f.sum(0)
    return value.nan_to_num(nan=torch.inf)


def newton(p: Tensor, missing: Tensor, *, at_once: bool) -> tuple[Tensor, Tensor]:
    """a and b with unit row and column sums of P_ij (1 + a_i + b_j); -> (n, b) each.

    `missing` is what row sums lack. The sums in Note [Dual] carry the rounding of exp(z_ij + f_i),
    n eps and more. Here those of P itself are taken, so that products of many such matrices keep
    their sums.
    """
    c = lacking(p, 0)
    a = balance(p, missing - (p * c).sum(1), at_once=at_once)
    return a, c - (p * a.unsqueeze(1)).sum(0)


def lacking(p: Tensor, dim: int) -> Tensor:
    """1 - the sums over `dim`, in float64; (n, n, b) -> (n, b)."""
    return (1 - p.sum(dim, dtype=torch.float64)).to(p)


def best_step(z: Tensor, f: Tensor, newton: Tensor) -> Tensor:
    """The step in f of Note [Dual]; -> (n, b)."""
    short = newton.amax(0) - newton.amin(0) <= 1
    if readable(z) and short.all():
        return newton
    best = -torch.logsumexp((z + f.unsqueeze(1)).log_softmax(0), 1)
    least = dual(z, f + best)
    for length in LENGTHS:
        value = dual(z, f + length * newton)
        better = value < least
        best = torch.where(better, length * newton, best)
        least = torch.where(better, value, least)
    return torch.where(short, newton, best)


def normalized(z: Tensor, *, at_once: bool) -> Tensor:
    """exp(z), columns divided by their sums; (n, n, b) -> (n, n, b)."""
    if not at_once:
        return z.permute(2, 0, 1).softmax(1).permute(1, 2, 0)
    p = (z - z.amax(0)).exp_()
    return p.div_(p.sum(0))


def scaled(z: Tensor, *, at_once: bool) -> Tensor:
    """The P of Note [Dual], or after `STEPS` a nearby doubly stochastic matrix.

    The last step is P_ij (1 + a_i + b_j), once a and b are so small that their squares are rounding
    or nothing is left for them to do: small entries keep their digits.
    """
    f = torch.zeros_like(z[:, 0])
    eps = torch.finfo(z.dtype).eps
    limit = ROUNDINGS * len(z) * eps
    for _ in range(STEPS + 1):
        p = normalized(z + f.unsqueeze(1), at_once=at_once)
        missing = lacking(p, 1)
        a, b = newton(p, missing, at_once=at_once)
        size = a.abs().amax(0) + b.abs().amax(0)
        is_open = (size > eps**0.5) & (missing.abs().amax(0) > limit)
        if readable(z) and not is_open.any():
            break
        f = torch.where(is_open, f + best_step(z, f, a), f)
    better = p + p * (a.unsqueeze(1) + b)  # p (1 + a + b) rounds twice
    if readable(z) and (size <= eps**0.5).all():
        return better
    p = torch.where(size <= 1, better, p)
    return torch.where(lacking(p, 1).abs().amax(0) <= limit, p, rounded(p))


def rounded(p: Tensor) -> Tensor:
    """A doubly stochastic matrix near P >= 0 (Altschuler, Weed & Rigollet 2017, algorithm 2).

    Rows, then columns, with a sum above 1 are divided by it; what is then missing is added as the
    matrix of rank one of the missing row and column sums.
    """
    p = p / p.sum(1, keepdim=True).clamp_min(1)
    p = p / p.sum(0).clamp_min(1)
    rows = (1 - p.sum(1)).clamp_min(0)
    columns = (1 - p.sum(0)).clamp_min(0)
    missing = rows.sum(0)
    return p + torch.where(missing > 0, rows / missing, 0).unsqueeze(1) * columns


@opaque("doubly_stochastic")
def scaling_operator(z: Tensor) -> Tensor:
    """The scaling as one opaque operator: on a CPU its number of steps depends on the data."""
    if not z.numel():
        return z.clone()
    at_once = many.are_many(z)
    return batch_first(scaled(batch_last(z, at_once=at_once), at_once=at_once), z, at_once=at_once)


def scaling_derivative(p: Tensor, e: Tensor, *, at_once: bool = False) -> Tensor:
    """dP for dZ = E; see Note [Derivative of the scaling]; (*batch, n, n), same -> same."""
    if not p.numel():
        return p * e
    like, p, e = p, batch_last(p, at_once=at_once), batch_last(e, at_once=at_once)
    moved = product(p * e, p.transpose(0, 1), at_once=at_once)
    e = e + balance(p, (moved.transpose(0, 1) - moved).sum(1), at_once=at_once).unsqueeze(1)
    return batch_first(p * (e - (p * e).sum(0)), like, at_once=at_once)


@opaque("doubly_stochastic_adjoint")
def adjoint_operator(p: Tensor, g: Tensor) -> Tensor:
    """The derivative, itself without one, as one opaque operator."""
    return scaling_derivative(p, g, at_once=many.are_many(p))


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
