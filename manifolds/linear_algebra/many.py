"""Many small matrices at once, as matrices of vectors: (n, k, b) with the b matrices last.

Note [Batch last]
LAPACK and the products of a BLAS take one matrix after another, and for 8×8 they spend their time
between them. With the batch last, n elementwise operations multiply all matrices: 1000 of 8×8 take
75 µs where the product takes 115 to 140 (it depends on what is transposed), of 7×7 50 and 425, and
the inverse 150 where LAPACK takes 740. A whole map is computed there or nothing, and what its
derivative needs stays there: turning the layout is a pass through other memory (Note [Turned by a
shuffle]; measured on a CPU, float32). Half of that time is calls, not arithmetic, so that
operations are counted before bytes.
"""

import functools
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from manifolds.linear_algebra.basics import HOST, readable
from manifolds.linear_algebra.transpose import transposed

SMALL, MANY = 8, 384
"""Up to this size and from so many on a map is computed here. A step of the Cayley map takes, here
and by a BLAS, 0.90 and 0.93 ms for 256 of 8×8, 1.1 and 1.2 for 384, 1.4 and 1.7 for 1000, 4.5 and
6.5 for 4096; 0.70 and 0.72 for 256 of 4×4, 0.80 and 1.1 for 1000; of 7×7, for which a BLAS has no
kernel, fewer would do: 0.79 and 0.94 for 128 (measured)."""
SMALL_COMPLEX = 7
"""The same of complex matrices: 8×8 have a fast kernel, 1000 take 1.9 ms here and 1.3 by it."""
SEVERAL = 128
"""From so many on an inverse alone is."""


def are_many(a: Tensor) -> bool:
    """Whether A are many small square matrices on a CPU; a GPU has kernels for them."""
    small = 0 < a.shape[-1] == a.shape[-2] <= (SMALL_COMPLEX if a.is_complex() else SMALL)
    return small and readable(a) and math.prod(a.shape[:-2]) >= MANY


def batch_last(a: Tensor) -> Tensor:
    """(*batch, n, k) -> (n, k, b), contiguous, a copy where that is needed."""
    n, k = a.shape[-2:]
    rows = a.reshape(-1, n * k)
    columns = rows.t()
    return (columns if columns.is_contiguous() else transposed(rows)).view(n, k, -1)


def batch_first(t: Tensor, batch: Sequence[int]) -> Tensor:
    """(n, k, b), contiguous -> (*batch, n, k), contiguous, a copy."""
    return transposed(t.flatten(0, 1)).view(*batch, *t.shape[:2])


def kept(t: Tensor, batch: Sequence[int]) -> Tensor:
    """The same, a view: what a derivative needs stays where it is; (n, k, b) -> (*batch, n, k)."""
    return t.movedim(-1, 0).view(*batch, *t.shape[:-1])


def kept_like(a: Tensor) -> Tensor:
    """Without numbers: what is kept of A. `Size.numel` would fix a compiler's batch."""
    batch = a.shape[:-2]
    count, strides = math.prod(batch), (math.prod(batch[i + 1 :]) for i in range(len(batch)))
    return a.new_empty_strided(a.shape, (*strides, a.shape[-1] * count, count))


def adjoint(t: Tensor) -> Tensor:
    """Tᴴ; (n, k, b) -> (k, n, b)."""
    return t.transpose(0, 1).conj()


def product(a: Tensor, b: Tensor, scale: float = 1, out: Tensor | None = None) -> Tensor:
    """scale AB; (n, m, b), (m, k, b) -> (n, k, b)."""
    return plus_product(zero(a.dtype), a, b, scale, out)


def plus_product(
    c: Tensor, a: Tensor, b: Tensor, scale: float = 1, out: Tensor | None = None
) -> Tensor:
    """C + scale AB, AB = Σ_j a_j b_jᵀ of columns and rows; (n, k, b), (n, m, b), (m, k, b).

    One call adds them all, one after another: 6 µs less than a call for each (measured).
    """
    (column, *columns), (row, *rows) = a.unsqueeze(1).unbind(2), b.unbind(0)
    total = torch.addcmul(c, column, row, value=scale, out=out)
    if rows:  # the call refuses empty lists
        torch._foreach_addcmul_([total] * len(rows), columns, rows, value=scale)
    return total


@functools.lru_cache
def zero(dtype: torch.dtype) -> Tensor:
    """0; -> ()."""
    return torch.zeros((), dtype=dtype, device=HOST)


@functools.lru_cache
def unit(dtype: torch.dtype) -> Tensor:
    """1: a number would first be cast to the dtype, 3.6 µs for each; -> ()."""
    return torch.ones((), dtype=dtype, device=HOST)


@functools.lru_cache(maxsize=64)
def twice_units(n: int, dtype: torch.dtype) -> tuple[Tensor, ...]:
    """2e_1, ..., 2e_n; -> n of (n, 1)."""
    return (2 * torch.eye(n, dtype=dtype, device=HOST).unsqueeze(-1)).unbind(0)


def eliminated(m: Tensor) -> Tensor:
    """(I + M)⁻¹ - I by Gauss-Jordan elimination without pivots, M + Mᴴ >= 0; (n, n, b) -> same.

    Step j replaces T, at first M, by T - T e_j (e_jᵀ T + 2 e_jᵀ) / (1 + t_jj). No 1 is added to an
    entry that is kept, so that a small M has relative accuracy. It becomes the result: to write
    each T into a tensor of its own took 220 µs of 1000 of 8×8, not 150 (measured).
    """
    rows, columns, pivots = m.unbind(0), m.unsqueeze(1).unbind(2), m.diagonal().unbind(1)
    one, units = unit(m.dtype), twice_units(len(m), m.dtype)
    for row, column, pivot, twice in zip(rows, columns, pivots, units, strict=True):
        m.addcmul_(column / (pivot + one), row + twice, value=-1)
    return m


def solution(t: Tensor) -> Tensor:
    """A⁻¹B of T = [A B] by Gauss-Jordan elimination without pivots; (n, n + k, b) -> (n, k, b).

    Step j replaces T by T - (T e_j - e_j) e_jᵀ T / t_jj, from column j + 1 on; T is lost.
    """
    one = unit(t.dtype)
    for j in range(len(t)):
        column, rest = t[:, j], t[:, j + 1 :]
        row = rest[j] / column[j]
        column[j].sub_(one)
        rest.addcmul_(column.unsqueeze(1), row, value=-1)
    return t[:, len(t) :]


def twice_skew(t: Tensor) -> Tensor:
    """T - Tᴴ."""
    return torch.sub(t, adjoint(t))


def largest_error(q: Tensor) -> float:
    """The largest ‖QᴴQ - I‖ in the Frobenius norm; (n, k, b) -> ()."""
    e = product(adjoint(q), q)
    e.diagonal().sub_(1)
    parts = torch.view_as_real(e) if e.is_complex() else e.unsqueeze(-1)
    return math.sqrt(parts.square_().sum((0, 1, 3)).max().item())


def first_error(q: Tensor) -> float:
    """The largest |‖e₁ᵀQ‖² - 1| <= ‖QᵀQ - I‖ of real square Q; (n, n, b) -> ()."""
    least, largest = (t.item() for t in q[0].square().sum(0).aminmax())
    return max(1 - least, largest - 1)
