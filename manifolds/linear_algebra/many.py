"""Many small matrices at once, as matrices of vectors: (n, k, b) with the b matrices last.

Note [Batch last]
LAPACK and the products of a BLAS take one matrix after another, and for 8×8 they spend their time
between them. With the batch last, n elementwise operations multiply all matrices: 1000 of 8×8 take
60 µs where the product takes 80 to 110 (it depends on what is transposed), of 7×7 44 and 250, and
the inverse 140 where LAPACK takes 650. Turning the layout takes 25 µs, as a matrix of n² columns,
which torch copies by tiles whatever b is: as a tensor it took 18 to 35, and 138 for 1024 matrices.
So a whole map is computed there or nothing, and what its derivative needs stays there (measured on
a CPU, float32).
"""

import math

import torch
from torch import Tensor

from manifolds.linear_algebra.basics import readable

SMALL, MANY = 8, 384
"""Up to this size and from so many on a map is computed here. A step of the Cayley map takes, here
and by a BLAS, 0.62 and 0.51 ms for 256 of 8×8, 1.0 and 1.2 for 1000, 4.1 and 4.3 for 4096; 0.44 and
0.38 for 256 of 4×4, 0.52 and 0.77 for 1000; of 7×7, for which a BLAS has no kernel, fewer would do:
0.56 and 0.80 for 256 (measured)."""
SEVERAL = 128
"""From so many on an inverse alone is."""
LONGEST = 4
"""Terms of a series: 8 take four products, and an elimination the time of two and a half."""


def are_many(a: Tensor) -> bool:
    """Whether A are many small square matrices on a CPU; a GPU has kernels for them."""
    small = 0 < a.shape[-1] == a.shape[-2] <= SMALL
    return small and readable(a) and a.shape[:-2].numel() >= MANY


def batch_last(a: Tensor) -> Tensor:
    """(*batch, n, k) -> (n, k, b), contiguous, a copy where that is needed."""
    n, k = a.shape[-2:]
    return a.reshape(-1, n * k).t().contiguous().view(n, k, -1)


def batch_first(t: Tensor, batch: torch.Size) -> Tensor:
    """(n, k, b) -> (*batch, n, k), contiguous, a copy."""
    rows = t.flatten(0, 1).t().clone(memory_format=torch.contiguous_format)
    return rows.view(*batch, *t.shape[:2])


def kept(t: Tensor, batch: torch.Size) -> Tensor:
    """The same, but by autograd's account no view: a custom function may return and save it."""
    t, (n, k, b) = t.contiguous(), t.shape
    strides = (batch[i + 1 :].numel() for i in range(len(batch)))
    return t.new_empty(0).set_(t.untyped_storage(), 0, (*batch, n, k), (*strides, k * b, b))


def kept_like(a: Tensor) -> Tensor:
    """Without numbers: what is kept of a matrix like A."""
    batch = a.shape[:-2]
    strides = (batch[i + 1 :].numel() for i in range(len(batch)))
    return a.new_empty_strided(a.shape, (*strides, a.shape[-1] * batch.numel(), batch.numel()))


def adjoint(t: Tensor) -> Tensor:
    """Tᴴ; (n, k, b) -> (k, n, b)."""
    return t.transpose(0, 1).conj()


def product(a: Tensor, b: Tensor) -> Tensor:
    """AB; (n, m, b), (m, k, b) -> (n, k, b)."""
    return plus_product(a.new_zeros(()), a, b)


def plus_product(c: Tensor, a: Tensor, b: Tensor, scale: float = 1) -> Tensor:
    """C + scale AB, AB = Σ_j a_j b_jᵀ of columns and rows; (n, k, b), (n, m, b), (m, k, b)."""
    first, *others = zip(a.unsqueeze(1).unbind(2), b.unbind(0), strict=True)
    total = torch.addcmul(c, *first, value=scale)
    for column, row in others:
        total.addcmul_(column, row, value=scale)
    return total


def eliminated(m: Tensor) -> Tensor:
    """(I + M)⁻¹ - I by Gauss-Jordan elimination without pivots, M + Mᴴ >= 0; (n, n, b) -> same.

    Step j replaces T, at first M, by T - T e_j (e_jᵀ T + 2 e_jᵀ) / (1 + t_jj). No 1 is added to an
    entry that is kept, so that a small M has relative accuracy. M is lost: each new tensor of
    250 kB may cost more page faults than its values do arithmetic.
    """
    t, spare = m, (torch.empty_like(m), m)
    for j, twice in enumerate(2 * torch.eye(len(m), dtype=m.dtype).unsqueeze(-1)):
        row = (t[j] + twice).div_(t[j, j] + 1)
        t = torch.addcmul(t, t[:, j : j + 1], row, value=-1, out=spare[j % 2])
    return t


def largest_error(q: Tensor) -> float:
    """The largest ‖QᴴQ - I‖ in the Frobenius norm; (n, k, b) -> ()."""
    e = product(adjoint(q), q)
    e.diagonal().sub_(1)
    parts = torch.view_as_real(e) if e.is_complex() else e.unsqueeze(-1)
    return math.sqrt(parts.square_().sum((0, 1, 3)).max().item())
