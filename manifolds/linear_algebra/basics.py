"""Words of linear algebra, each one line, batched over the leading dimensions.

Note [Transposed right factors]
On a CPU a product of many small matrices takes up to three times as long where the right factor is
transposed, a transposed left one costs nothing: 1000 of 32×32 2.5 ms, 0.85 and 0.9 without; of
16×16 0.66 and 0.25; one of 1024×128 by 128×128 0.32 and 0.25; from size 256 on no more (measured,
MKL). A copy first gains little of it. So of X = B f(A), A = skew(P), the gradient skew(L(Aᴴ, BᴴG)),
L the derivative of f, is computed as -skew(L(A, GᴴB)), since L(Aᴴ, E) is L(A, Eᴴ)ᴴ: the factors as
they lie in memory.
"""

import math

import torch
from torch import Tensor

HOST = "cpu"
"""The device whose numbers the host reads without waiting."""


def readable(a: Tensor) -> bool:
    """Whether an algorithm may look at the numbers of A and choose; elsewhere it would wait."""
    return a.device.type == HOST


def broadcast(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """A and B in one shape; the comparison of sizes would make a compiler tell a batch from n."""
    return (a, b) if a.ndim == b.ndim and a.shape == b.shape else torch.broadcast_tensors(a, b)


def times(a: Tensor, b: Tensor) -> Tensor:
    """AB; (*batch, n, m), (*batch, m, k) -> (*batch, n, k).

    Entry by entry where A is a column, or a row and B a column: a batch of such products, as on
    spheres, costs a matrix product for each (measured: 1000 of size 128 in 0.19 ms, not 0.02).
    """
    if a.shape[-1] == 1:
        return a.resolve_conj() * b.resolve_conj()  # a dispatch mode hides the flag from `*`
    if a.shape[-2] == 1 and b.shape[-1] == 1:
        return (a.mT.resolve_conj() * b.resolve_conj()).sum(-2, keepdim=True)
    return a @ b


def plus_product(c: Tensor, a: Tensor, b: Tensor, scale: float = 1) -> Tensor:
    """C + scale AB in one pass, no broadcasting; (*batch, n, k), (*batch, n, m), (*batch, m, k)."""
    if c.ndim == 2:
        return torch.addmm(c, a, b, alpha=scale)
    count = c.shape[:-2].numel()  # of empty matrices -1 is any number
    flat = (t.reshape(count, *t.shape[-2:]) for t in (c, a, b))
    return torch.baddbmm(*flat, alpha=scale).view(c.shape)


def add_product(total: Tensor, a: Tensor, b: Tensor) -> None:
    """The same with C = `total`, contiguous, which is overwritten."""
    if total.ndim == 2:
        total.addmm_(a, b)
        return
    count = total.shape[:-2].numel()
    a, b = (t.reshape(count, *t.shape[-2:]) for t in (a, b))
    total.view(count, *total.shape[-2:]).baddbmm_(a, b)


def dot(a: Tensor, b: Tensor, dim: int = -1, room: Tensor | None = None) -> Tensor:
    """⟨a,b⟩ of real vectors along `dim`, kept with size 1; products come into `room`."""
    return torch.mul(a, b, out=room).sum(dim, keepdim=True)


def gram(a: Tensor) -> Tensor:
    """AᴴA; (*batch, n, k) -> (*batch, k, k)."""
    return times(a.mH, a)


def diagonal(a: Tensor) -> Tensor:
    """diag(A); (*batch, n, k) -> (*batch, min(n, k))."""
    return a.diagonal(dim1=-2, dim2=-1)


def identity(n: int, k: int, like: Tensor) -> Tensor:
    """The first k columns of I_n in the dtype and on the device of `like`; -> (n, k)."""
    return torch.eye(n, k, dtype=like.dtype, device=like.device)


def identity_like(a: Tensor) -> Tensor:
    """The identity of the last two dimensions of A; -> (n, k)."""
    return identity(a.shape[-2], a.shape[-1], a)


def add_identity(a: Tensor, scale: float | Tensor = 1.0) -> Tensor:
    """A + scale · I; (*batch, n, n) -> (*batch, n, n)."""
    return a + scale * identity_like(a)


def norm(a: Tensor, dims: int) -> Tensor:
    """‖a‖ over the last `dims` dimensions, free of overflow and underflow; -> (*batch,)."""
    flat = a.abs().flatten(-dims) if dims else a.abs().unsqueeze(-1)
    if not flat.shape[-1]:
        return flat.sum(-1)
    scale = flat.amax(-1, keepdim=True)
    safe = torch.where(scale > 0, scale, torch.ones_like(scale))
    return (safe * torch.linalg.vector_norm(flat / safe, dim=-1, keepdim=True)).squeeze(-1)


def in_parts(a: Tensor) -> Tensor:
    """A, or the pairs of real numbers that complex ones are; (*shape) -> (*shape[, 2]).

    torch's norm takes a hundred times as long of complex numbers (512×512: 4.3 and 0.03 ms).
    """
    return torch.view_as_real(a.resolve_conj()) if a.is_complex() else a


def frobenius(a: Tensor) -> Tensor:
    """‖A‖; (*batch, n, k) -> (*batch,)."""
    return torch.linalg.vector_norm(in_parts(a), dim=(-3, -2, -1) if a.is_complex() else (-2, -1))


def total_norm(a: Tensor) -> Tensor:
    """‖A‖ of all entries; -> ()."""
    return torch.linalg.vector_norm(in_parts(a))


def largest_norm(m: Tensor) -> float:
    """‖M‖ in the Frobenius norm, the largest of the batch, read on a CPU."""
    sizes = frobenius(m)
    return (sizes.max() if sizes.ndim else sizes).item()


def one_norm(a: Tensor) -> Tensor:
    """‖A‖₁ = max over columns of the sum of |a_ij|, the largest of the batch; -> ()."""
    return a.abs().sum(-2).max() if a.numel() else a.abs().sum()


def all_finite(a: Tensor) -> bool:
    """Whether no entry is NaN or ±∞: a finite norm says so in one pass, `isfinite` takes five."""
    return math.isfinite(total_norm(a).item()) or bool(a.isfinite().all())


def ratio(a: Tensor, b: Tensor) -> Tensor:
    """a / b with 0 / 0 = 0, for a, b ≥ 0."""
    return torch.where(a == 0, torch.zeros_like(a), a / b)


def phase(a: Tensor) -> Tensor:
    """a / |a| elementwise, 1 where a = 0: for real a its sign."""
    return torch.where(a == 0, torch.ones_like(a), torch.sgn(a))
