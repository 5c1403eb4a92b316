"""A matrix of low rank of which some entries are seen, and how far another is from a rank."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from experiments.runner.experiment import Context


@dataclass(frozen=True)
class Problem:
    """A (n, n) and where in its rows, one after the other, the seen entries are: (m,)."""

    a: Tensor
    seen: Tensor
    rank: int

    @cached_property
    def entries(self) -> Tensor:
        """P_Ω A: (m,)."""
        return self.a.flatten()[self.seen]

    def loss(self, x: Tensor) -> Tensor:
        """‖P_Ω(X - A)‖² / ‖P_Ω A‖²."""
        return (x.flatten()[self.seen] - self.entries).square().sum() / self.entries.square().sum()

    def error(self, x: Tensor) -> float:
        """‖X - A‖ / ‖A‖."""
        return (torch.dist(x, self.a) / self.a.norm()).item()

    def start(self) -> Tensor:
        """Return the best approximation of rank r of P_Ω A / density."""
        filled = torch.zeros_like(self.a)
        filled.view(-1)[self.seen] = self.entries * filled.numel() / len(self.seen)
        return truncated(filled, self.rank)


def problem(
    n: int, rank: int, oversampling: float, context: Context, generator: torch.Generator
) -> Problem:
    """Draw A and Ω."""
    g, h = (torch.randn(n, rank, generator=generator, dtype=torch.float64) for _ in range(2))
    count = min(round(oversampling * rank * (2 * n - rank)), n * n)
    seen = torch.randperm(n * n, generator=generator)[:count].sort().values
    a = (g @ h.mT / n).to(context.device, context.dtype)
    return Problem(a, seen.to(context.device), rank)


def truncated(x: Tensor, rank: int) -> Tensor:
    """Return the nearest matrix of this rank (Eckart & Young 1936)."""
    u, s, vh = torch.linalg.svd(x, full_matrices=False)
    return (u[:, :rank] * s[:rank]) @ vh[:rank]


def beyond(rank: int, x: Tensor) -> float:
    """‖X - QQᵀX‖ / ‖X‖, a bound on how far X is from rank r: (n, n) -> a number.

    Q (n, r) spans the leading columns of X after one step of subspace iteration (Halko, Martinsson
    & Tropp 2011, algorithm 4.4), from the columns of a fixed normal matrix: a rank of r leaves
    rounding, and no Q leaves less than the singular values beyond r. Those take 30 times as long.
    """
    generator = torch.Generator().manual_seed(0)
    sketch = torch.randn(x.shape[-1], rank, generator=generator, dtype=torch.float64).to(x)
    for step in (x, x.mT, x):
        sketch = torch.linalg.qr(step @ sketch).Q
    return (torch.dist(x, sketch @ (sketch.mT @ x)) / x.norm()).item()
