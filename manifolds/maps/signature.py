"""The signature of a frame: phases that keep a fixed chart away from its singular points.

Note [Signature]
Cay(A) never has the eigenvalue -1 and a logarithm is singular there, while frames do. For every X
with ‖X‖ <= 1 there are signs D for which X₁ + D, X₁ the leading k×k block, has a factorization
LU without pivoting and all pivots >= 1 in modulus: eliminate column after column and let d_i be
the sign of the running diagonal entry (Ballard, Demmel, Grigori, Jacquelin, Knight & Nguyen,
Reconstructing Householder vectors from TSQR, J. Parallel Distrib. Comput. 2015, section 3). As
(X₁ + D) D = X₁D + I, the frame XD is in reach of either chart; D is kept in a buffer. Complex X:
the same with the pivots' phases |d_i| = 1 for signs and X D̄ for XD; a chart takes the phases of
what was kept, since a cast to a longer dtype leaves their moduli off by rounding.
"""

import torch
from torch import Tensor

from manifolds.linear_algebra.basics import phase
from manifolds.linear_algebra.symmetry import skew


def signature(x: Tensor) -> Tensor:
    """d with |d_i| = 1, the signs or phases of Note [Signature]; (*batch, k, k) -> (*batch, k)."""
    rest = x.clone()
    signs = x.new_ones(x.shape[:-1])
    for i in range(x.shape[-1]):
        pivot = rest[..., i, i]
        signs[..., i] = phase(pivot)
        column = rest[..., i + 1 :, i] / (pivot + signs[..., i]).unsqueeze(-1)
        rest[..., i + 1 :, i + 1 :] -= column.unsqueeze(-1) * rest[..., i, i + 1 :].unsqueeze(-2)
    return signs


def split(p: Tensor) -> tuple[Tensor, Tensor]:
    """P = [A; C] -> (skew A, C): tangent coordinates at the first k columns of the identity."""
    k = p.shape[-1]
    a, c = p.split([k, p.shape[-2] - k], dim=-2)
    return skew(a), c


def lower_part(c: Tensor) -> Tensor | None:
    """N = [0; C], or None where C has no rows."""
    k = c.shape[-1]
    return torch.nn.functional.pad(c, (0, 0, k, 0)) if c.shape[-2] else None
