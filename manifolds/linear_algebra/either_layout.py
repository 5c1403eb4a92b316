"""How many matrices lie in memory: one after another, or small ones with the batch last.

What is not elementwise, in either layout (Note [Batch last] in `manifolds.linear_algebra.many`); an
algorithm that takes a `Layout` is written once for both. Laid matrices are (*batch, n, k), or
(n, k, b), their vectors (*batch, n), or (n, b).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from manifolds.linear_algebra import basics, many
from manifolds.linear_algebra.orthonormalize import orthonormalized, rounding_limit
from manifolds.linear_algebra.symmetry import skew_multiple

Shape = Sequence[int]


class Layout(ABC):
    """The operations on laid matrices; those of `AT_ONCE` have no derivative."""

    rows: int
    """The dimension of a matrix that counts its rows: a sum over it has an entry per column."""
    columns: int
    """That which counts columns."""
    entries: int
    """The dimension of a vector."""

    def as_column(self, v: Tensor) -> Tensor:
        """A vector as a matrix n×1."""
        return v.unsqueeze(self.columns)

    def as_row(self, v: Tensor) -> Tensor:
        """A vector as a matrix 1×n."""
        return v.unsqueeze(self.rows)

    @abstractmethod
    def laid(self, a: Tensor) -> Tensor:
        """(*batch, n, k) -> laid; A itself where it lies so."""

    @abstractmethod
    def out(self, t: Tensor, batch: Shape) -> Tensor:
        """The inverse, contiguous; A itself where it lies so."""

    @abstractmethod
    def room(self, stored: Tensor, like: Tensor) -> Tensor:
        """Where to write laid matrices that `store` takes to `stored`, (m, *batch, n, n)."""

    @abstractmethod
    def store(self, t: Tensor, stored: Tensor) -> None:
        """Write t, an entry of `room(stored, ...)`, to the entry of `stored` that it is for."""

    @abstractmethod
    def identity(self, n: int, like: Tensor) -> Tensor:
        """I, broadcast over the batch."""

    @abstractmethod
    def adjoint(self, t: Tensor) -> Tensor:
        """Aᴴ, a view."""

    @abstractmethod
    def product(self, a: Tensor, b: Tensor, out: Tensor | None = None) -> Tensor:
        """AB."""

    @abstractmethod
    def plus_product(self, c: Tensor, a: Tensor, b: Tensor) -> Tensor:
        """C + AB."""

    @abstractmethod
    def add_product(self, total: Tensor, a: Tensor, b: Tensor) -> None:
        """The same, added to `total`."""

    @abstractmethod
    def solution(self, h: Tensor, b: Tensor) -> Tensor:
        """x of Hx = b for real H ≻ 0, a vector."""

    @abstractmethod
    def skew_multiple(self, t: Tensor, scale: float) -> Tensor:
        """scale (A - Aᴴ)."""

    @abstractmethod
    def largest_norm(self, t: Tensor) -> float:
        """‖A‖ in the Frobenius norm, the largest of the batch."""

    @abstractmethod
    def largest_sum(self, t: Tensor) -> float:
        """‖A‖₁ = max over columns of the sum of |a_ij|, the largest of the batch."""

    @abstractmethod
    def polished(self, t: Tensor, batch: Shape) -> Tensor:
        """`out` of frames, polished (Note [Polishing])."""


@final
class OneByOne(Layout):
    """(*batch, n, k) as they are."""

    rows, columns, entries = -2, -1, -1

    def laid(self, a: Tensor) -> Tensor:
        """A."""
        return a

    def out(self, t: Tensor, batch: Shape) -> Tensor:  # noqa: ARG002 -- it has it
        """A."""
        return t.contiguous()

    def room(self, stored: Tensor, like: Tensor) -> Tensor:  # noqa: ARG002 -- it has it
        """There."""
        return stored

    def store(self, t: Tensor, stored: Tensor) -> None:
        """It is there."""

    def identity(self, n: int, like: Tensor) -> Tensor:
        """(n, n)."""
        return basics.identity(n, n, like)

    def adjoint(self, t: Tensor) -> Tensor:
        """Aᴴ."""
        return t.mH

    def product(self, a: Tensor, b: Tensor, out: Tensor | None = None) -> Tensor:
        """AB by a BLAS."""
        return basics.times(a, b) if out is None else torch.matmul(a, b, out=out)

    def plus_product(self, c: Tensor, a: Tensor, b: Tensor) -> Tensor:
        """In one pass."""
        return basics.plus_product(c, a, b)

    def add_product(self, total: Tensor, a: Tensor, b: Tensor) -> None:
        """In one pass."""
        basics.add_product(total, a, b)

    def solution(self, h: Tensor, b: Tensor) -> Tensor:
        """By Cholesky; on CUDA cholesky_solve of batches would keep arrays on the host."""
        l = torch.linalg.cholesky_ex(h).L
        y = torch.linalg.solve_triangular(l, b.unsqueeze(-1), upper=False)
        return torch.linalg.solve_triangular(l.mT, y, upper=True).squeeze(-1)

    def skew_multiple(self, t: Tensor, scale: float) -> Tensor:
        """In tiles where that is worth it."""
        return skew_multiple(t, scale)

    def largest_norm(self, t: Tensor) -> float:
        """By torch's norm."""
        return basics.largest_norm(t)

    def largest_sum(self, t: Tensor) -> float:
        """Over rows."""
        return basics.one_norm(t).item()

    def polished(self, t: Tensor, batch: Shape) -> Tensor:  # noqa: ARG002 -- it has it
        """By looking, where a CPU may."""
        return orthonormalized(t).contiguous()


@final
class AtOnce(Layout):
    """(n, k, b): the sums over b are vectors'."""

    rows, columns, entries = 0, 1, 0

    def laid(self, a: Tensor) -> Tensor:
        """A copy."""
        return many.batch_last(a)

    def out(self, t: Tensor, batch: Shape) -> Tensor:
        """A copy."""
        return many.batch_first(t, batch)

    def room(self, stored: Tensor, like: Tensor) -> Tensor:
        """Elsewhere: (m, n, n, b)."""
        return like.new_empty(len(stored), *like.shape)

    def store(self, t: Tensor, stored: Tensor) -> None:
        """A copy."""
        stored.copy_(many.batch_first(t, stored.shape[:-2]))

    def identity(self, n: int, like: Tensor) -> Tensor:
        """(n, n, 1)."""
        return basics.identity(n, n, like).unsqueeze(-1)

    def adjoint(self, t: Tensor) -> Tensor:
        """The first two dimensions swapped."""
        return many.adjoint(t)

    def product(self, a: Tensor, b: Tensor, out: Tensor | None = None) -> Tensor:
        """Entry by entry of vectors."""
        return many.product(a, b, out=out)

    def plus_product(self, c: Tensor, a: Tensor, b: Tensor) -> Tensor:
        """The same."""
        return many.plus_product(c, a, b)

    def add_product(self, total: Tensor, a: Tensor, b: Tensor) -> None:
        """The same."""
        many.plus_product(total, a, b, out=total)

    def solution(self, h: Tensor, b: Tensor) -> Tensor:
        """By elimination."""
        return many.solution(torch.cat([h, self.as_column(b)], dim=1))[:, 0]

    def skew_multiple(self, t: Tensor, scale: float) -> Tensor:
        """In one pass and one in place."""
        return many.twice_skew(t).mul_(scale)

    def largest_norm(self, t: Tensor) -> float:
        """By squares: torch's norm takes 330 µs for 4000 of 3×3, this 9 (measured)."""
        parts = basics.in_parts(t)
        return parts.square().sum((0, 1, *range(3, parts.ndim))).max().item() ** 0.5

    def largest_sum(self, t: Tensor) -> float:
        """Over rows."""
        return t.abs().sum(0).max().item()

    def polished(self, t: Tensor, batch: Shape) -> Tensor:
        """By a look at each XᴴX."""
        x = many.batch_first(t, batch)
        known = many.largest_error(t) <= rounding_limit(x)  # NaN is not
        return x if known else orthonormalized(x).contiguous()


ONE_BY_ONE, AT_ONCE = OneByOne(), AtOnce()


def layout_of(a: Tensor) -> Layout:
    """Where a function of matrices like A is computed fastest."""
    return AT_ONCE if many.are_many(a) else ONE_BY_ONE
