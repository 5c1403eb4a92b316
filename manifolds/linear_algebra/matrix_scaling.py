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
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra.basics import diagonal, readable
from manifolds.operators.differentiable import differentiable
from manifolds.operators.opaque import opaque

STEPS = 32
"""A normal z of standard deviation 10 needs at most 13 steps, of 20 some 25 (n = 2 ... 64)."""
LENGTHS = tuple(2.0**-j for j in range(8))
"""Lengths of Newton steps; a shorter one loses to Sinkhorn's."""
ROUNDINGS = 4
"""Sums of n numbers within 4 n eps of 1 are 1 to rounding."""


def laplacian(p: Tensor) -> Tensor:
    """diag(r) - P Pᵀ for unit column sums; see Note [Laplacian]; -> (*batch, n, n)."""
    w = p @ p.mT
    w = w - torch.diag_embed(diagonal(w))
    return torch.diag_embed(w.sum(-1)) - w


def solve_grounded(h: Tensor, b: Tensor) -> Tensor:
    """x with H x = b and x_n = 0 for a Laplacian H and Σ b_i = 0; (n, n), (n,) -> (n,)."""
    n, ends = h.shape[-1], torch.finfo(h.dtype)
    a = h[..., : n - 1, : n - 1]
    a = a + torch.diag_embed(n * ends.eps * diagonal(a) + ends.tiny)
    l = torch.linalg.cholesky_ex(a).L
    # Not cholesky_solve: for batches on CUDA it keeps arrays on the host (torch 2.13, MAGMA)
    y = torch.linalg.solve_triangular(l, b[..., : n - 1, None], upper=False)
    x = torch.linalg.solve_triangular(l.mT, y, upper=True).squeeze(-1)
    return torch.cat([x, torch.zeros_like(b[..., :1])], dim=-1)


def dual(z: Tensor, f: Tensor) -> Tensor:
    """φ(f), infinite where the range of the dtype ends; -> (*batch,)."""
    value = torch.logsumexp(z + f.unsqueeze(-1), -2).sum(-1) - f.sum(-1)
    return value.nan_to_num(nan=torch.inf)


def best_step(z: Tensor, f: Tensor, log_p: Tensor) -> Tensor:
    """The step in f of Note [Dual]; -> (*batch, n)."""
    p = log_p.exp()
    newton = solve_grounded(laplacian(p), 1 - p.sum(-1))
    best = -torch.logsumexp(log_p, -1)
    least = dual(z, f + best)
    for length in LENGTHS:
        value = dual(z, f + length * newton)
        better = value < least
        best = torch.where(better.unsqueeze(-1), length * newton, best)
        least = torch.where(better, value, least)
    short = newton.amax(-1, keepdim=True) - newton.amin(-1, keepdim=True) <= 1
    return torch.where(short, newton, best)


def scaled(z: Tensor) -> Tensor:
    """The P of Note [Dual], or after `STEPS` a nearby doubly stochastic matrix."""
    f = torch.zeros_like(z[..., 0])
    limit = ROUNDINGS * z.shape[-1] * torch.finfo(z.dtype).eps
    for _ in range(STEPS):
        log_p = (z + f.unsqueeze(-1)).log_softmax(-2)
        open_ = (log_p.exp().sum(-1) - 1).abs().amax(-1, keepdim=True) > limit
        if readable(z) and not open_.any():
            break
        f = torch.where(open_, f + best_step(z, f, log_p), f)
    p = polished((z + f.unsqueeze(-1)).softmax(-2))
    done = (p.sum(-1) - 1).abs().amax(-1)[..., None, None] <= limit
    return torch.where(done, p, rounded(p))


def polished(p: Tensor) -> Tensor:
    """One more Newton step, P_ij (1 + a_i + b_j), after which the sums are off by the squares.

    The sums in Note [Dual] carry the rounding of exp(z_ij + f_i), n eps and more. Here those of P
    itself are taken, in float64, so that products of many such matrices keep their sums. Small
    entries keep their digits. Where the step is not small the sums are far from 1, and P stays.
    """
    r, c = ((1 - p.sum(d, dtype=torch.float64)).to(p) for d in (-1, -2))
    a = solve_grounded(laplacian(p), r - (p @ c.unsqueeze(-1)).squeeze(-1))
    b = c - (p.mT @ a.unsqueeze(-1)).squeeze(-1)
    step = a.unsqueeze(-1) + b.unsqueeze(-2)
    small = (step.abs().amax((-2, -1), keepdim=True) <= 1 / 2) if p.numel() else p.isfinite()
    return torch.where(small, p + p * step, p)  # one rounding, p (1 + step) has two


def rounded(p: Tensor) -> Tensor:
    """A doubly stochastic matrix near P >= 0 (Altschuler, Weed & Rigollet 2017, algorithm 2).

    Rows, then columns, with a sum above 1 are divided by it; what is then missing is added as the
    matrix of rank one of the missing row and column sums.
    """
    p = p / p.sum(-1, keepdim=True).clamp_min(1)
    p = p / p.sum(-2, keepdim=True).clamp_min(1)
    rows = (1 - p.sum(-1, keepdim=True)).clamp_min(0)
    columns = (1 - p.sum(-2, keepdim=True)).clamp_min(0)
    missing = rows.sum(-2, keepdim=True)
    return p + torch.where(missing > 0, rows / missing, 0) * columns


@opaque("doubly_stochastic")
def scaling_operator(z: Tensor) -> Tensor:
    """The scaling as one opaque operator: on a CPU its number of steps depends on the data."""
    return scaled(z).contiguous() if z.numel() else z.clone()


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
        return scaling_derivative(p, g)

    @staticmethod
    def jvp(ctx: Any, dz: Tensor) -> Tensor:
        """Note [Derivative of the scaling]."""
        (p,) = ctx.saved_tensors
        return scaling_derivative(p, dz)


_doubly_stochastic = differentiable(DoublyStochasticScaling)


def doubly_stochastic(z: Tensor) -> Tensor:
    """exp(z_ij + f_i + g_j) with unit row and column sums, differentiable to every order."""
    return _doubly_stochastic(z)


def scaling_derivative(p: Tensor, e: Tensor) -> Tensor:
    """dP for dZ = E; see Note [Derivative of the scaling]; (n, n), (n, n) -> (n, n)."""
    if not p.numel():
        return p * e
    moved = (p * e) @ p.mT
    a = solve_grounded(laplacian(p), (moved.mT - moved).sum(-1))
    e = e + a.unsqueeze(-1)
    return p * (e - (p * e).sum(-2, keepdim=True))
