"""A bound of ‖A‖₂ by thin products, where ‖A‖_F overestimates it by up to √n.

Note [Powers of probes]
For G of m standard normal columns and p alternating factors A, Aᴴ, S = ‖… Aᴴ A Aᴴ A G‖_F² is at
least σ^2p χ²_m, σ = ‖A‖₂, and in the mean Σ σ_i^2p m (Dixon, Estimating extremal eigenvalues and
condition numbers of matrices, SIAM J. Numer. Anal. 1983). χ²_m / m is below t with probability
(t exp(1 - t))^(m/2) (Chernoff), so that (S / mt)^(1/2p) is below σ as rarely as that. G is the same
at every call.
"""

import math

import torch
from torch import Tensor

from manifolds.linear_algebra.basics import largest_norm, norm, one_norm
from manifolds.linear_algebra.probes import normal_probes

PROBES, RARE, PASSES = 16, 1 / 20, 16
"""m, t and p of Note [Powers of probes]: below σ with probability 8e-8. For 1024×1024 skew matrices
of normal entries the bound is 1.19 σ, where ‖A²‖₁^(1/2) is 2.7 σ and ‖A‖_F 16 σ; 8 passes give
1.48 σ, 24 1.11 σ (measured). At worst, where all σ_i = σ, it is (n / t)^(1/2p) σ, here 1.36 σ."""
WORTH = 256
"""From this size of A on it pays: 16 passes take 5.6 products of 128×128, 1.3 of 256×256, 0.4 of
1024×1024, and may save eight (measured on a CPU)."""


@torch.no_grad()
def spectral_norm_bound(a: Tensor) -> float:
    """σ or a little more, the largest of a batch of some, read on a CPU.

    Every pass is divided by ‖AG‖_F / (√m n^(1/4)), which is between about σ n^(-1/4) and σ n^(1/4):
    σ^p may leave the range of the dtype, 16 passes of that do only next to its ends. Where ‖AG‖
    leaves it the bound is infinite.
    """
    n = a.shape[-1]
    w = a @ normal_probes(n, PROBES, a.dtype)
    scale = max(norm(w, 2).max().item() / (math.sqrt(PROBES) * n**0.25), torch.finfo(a.dtype).tiny)
    if not math.isfinite(scale):
        return math.inf
    w = w.div_(scale)
    for i in range(1, PASSES):
        w = ((a.mH if i % 2 else a) @ w).div_(scale)
    size: float = norm(w, 2).max().item()
    return scale * (size / math.sqrt(PROBES * RARE)) ** (1 / PASSES)


def symmetric_norm(a: Tensor, enough: float) -> float:
    """At least ‖A‖₂ of Hermitian or skew A, read on a CPU: <= ‖A‖₁, <= ‖A‖_F.

    Probes (Note [Powers of probes]) come only where these are above `enough`.
    """
    size = largest_norm(a)
    if not size <= enough:
        size = min(size, one_norm(a).item())
    if a.shape[-1] >= WORTH and not size <= enough:
        size = min(size, spectral_norm_bound(a))  # the first where the second is NaN
    return size
