"""The last digits of orthonormality, and orthonormal completion of a rounding error.

Note [Polishing]
A map computed in floating point returns Q with QᴴQ = I + E, E growing with the norm of the
parameters (1e-4 at n = 1024 for a plain exponential in float32). The Newton-Schulz step
Q - QE/2 = Q(3I - QᴴQ)/2 leaves 3/4 E² (Björck & Bowie, SIAM J. Numer. Anal. 1971), so that a
step or two give back rounding. On orthonormal Q the step is the identity and its derivative is
the identity on tangent vectors: as every map ends on the manifold in exact arithmetic, the polish
changes no derivative of any order, and is given the derivative of the identity.

Note [Probes]
Most maps need no step, and to see that costs as much as QᴴQ, a product. For a wide Q ‖E‖ is
estimated instead by ‖EV‖ / √m, V of m random signs: the mean of its square is ‖E‖², and for the
worst E, of rank one, its distribution is close to χ²_m / m (Hutchinson, Commun. Stat. Simul.
Comput. 1990), below t² with probability (t² exp(1 - t²))^(m/2) (Chernoff): for m = 16 4e-4 at
t = 0.4 and 4e-7 at 0.25. With m = 32 it is 1e-7 and 2e-13, at 80 µs more for 1024×128 (measured).
Rounding has full rank, and is estimated to a few percent. V is the same at every call.
The two products round too: on a correctly rounded Q they read 1 to 4.1 √k eps, by size and by CPU
(AVX512 kernels of MKL, k = 128 to 2048, float32, measured), independent of E. That square is taken
off: without it such a CPU polished each base from k = 256 on, two products, and read as much after.

Note [Sums in order]
float64 products of MKL's AVX2 kernels add each entry's terms one after the other: on a polished Q
QᴴQ read 0.2 k eps for square Q and 0.15 √n √k eps for tall ones, and a step takes that for an error
of Q and puts it in. (1024×512 was left at 3.9 √k eps, 65536×64 at 31, measured in extended
precision.) Summed over blocks of 256 rows they are left at 1.8 and 1.6, and what is read afterwards
is below 4 √k eps, so that a polished base stays as it is (k to 2048, measured). Probes lose as
much, and where they read too much QᴴQ decides. float32 and complex128 read at most 3.2 √k eps there
(measured), and on a CPU with AVX512 a polished base stayed as it was without blocks.

Note [Far from orthonormal]
At ‖A‖ = 1/eps no digit of an angle is left, and what a map returns may be far from any frame, or
NaN. A CPU sees it and takes the factor Q of a QR factorization.

Note [Polishing blindly]
On a GPU seeing means waiting, so every matrix takes the same way from ‖E‖ <= 1/2, and what is
further off becomes the first columns of I. Two Newton-Schulz steps, R = (I - E/2)(I - E'/2) with
E' = E² (E - 3I)/4 and so on, leave E'' in [-1/24, 0], whence (I + E'')^(-1/2) is a short series.
All that is done on k×k matrices: of n k² there are two products, for E and for Q + QZ, Z =
R (I + E'')^(-1/2) - I.
"""

import math

import torch
from torch import Tensor

from manifolds.linear_algebra.basics import (
    diagonal,
    frobenius,
    gram,
    identity_like,
    largest_norm,
    readable,
    times,
)
from manifolds.linear_algebra.inverse_root import inverse_root_minus_identity
from manifolds.linear_algebra.probes import sign_probes
from manifolds.operators.opaque import opaque
from manifolds.operators.polishing import polishing

NEARLY_ORTHONORMAL = 1 / 2
"""‖E‖ below which Newton-Schulz surely converges fast: 1/2, 3/16, 0.03, 5e-4, 2e-7, 4e-14, eps."""
STEPS = 7
LEFT = 1 / 24
"""‖E''‖ of Note [Polishing blindly]: 1/2, 0.22, 0.039."""
ROUNDING = 8
"""‖QᴴQ - I‖ of 8 √k eps needs no step. A correctly rounded Q has 0.3 √k eps, LAPACK's QR 5, a
product of two 1024×1024 frames in float32 7 (measured, in float64)."""
BASE_ROUNDING = 4
"""The same for a base, whose error comes on top of that of the map."""
PROBE_ROUNDING = 4
"""About the most that probes read of a Q without error, in √k eps."""
PROBES = 16
"""m of Note [Probes]; used from k = 4m, where they cost half of QᴴQ."""
ROWS = 256
"""Of a block; Note [Sums in order]."""


def probed_error(q: Tensor) -> float:
    """‖QᴴQ - I‖ in the Frobenius norm, estimated; the largest of the batch; Note [Probes]."""
    v = sign_probes(q.shape[-1], PROBES, q.dtype)
    size = largest_norm(times((q @ v).mH, q) - v.mH)  # rows: q.mH @ (q @ v) takes a sixth longer
    own = rounding_limit(q, PROBE_ROUNDING)
    return math.sqrt(max(size**2 / PROBES - own**2, 0))


def gram_by_blocks(q: Tensor) -> Tensor:
    """QᴴQ; Note [Sums in order]; (*batch, n, k) -> (*batch, k, k)."""
    if not readable(q) or q.dtype != torch.float64:
        return gram(q)
    first, *others = q.split(ROWS, dim=-2)
    s = gram(first)
    for rows in others:
        s += gram(rows)
    return s


def orthonormality_error(q: Tensor) -> tuple[Tensor, Tensor]:
    """E = QᴴQ - I, and ‖E‖ in the Frobenius norm; (*batch, k, k), (*batch, 1, 1)."""
    e = gram_by_blocks(q)
    diagonal(e).sub_(1)
    return e, frobenius(e)[..., None, None]


def orthonormalized(q: Tensor, rounding: float = ROUNDING) -> Tensor:
    """Polished Q, or Q itself where nothing is to be done."""
    if not q.numel():
        return q
    return orthonormalized_by_looking(q, rounding) if readable(q) else orthonormalized_blindly(q)


@polishing
@opaque("orthonormalize")
def orthonormalize(q: Tensor) -> Tensor:
    """(*batch, n, k) -> (*batch, n, k) with ‖QᴴQ - I‖ at rounding; the derivative of identity."""
    polished = orthonormalized(q)
    return q.clone(memory_format=torch.contiguous_format) if polished is q else polished


def rounding_limit(q: Tensor, rounding: float = ROUNDING) -> float:
    """‖QᴴQ - I‖ that needs no step."""
    return rounding * math.sqrt(q.shape[-1]) * torch.finfo(q.dtype).eps


def orthonormalized_by_looking(q: Tensor, rounding: float = ROUNDING) -> Tensor:
    """As many Newton-Schulz steps as needed."""
    k, limit = q.shape[-1], rounding_limit(q, rounding)
    for _ in range(STEPS):
        if k >= 4 * PROBES and probed_error(q) <= limit:
            break
        e, sizes = orthonormality_error(q)
        size = sizes.max().item()
        if size <= limit:
            break
        if not size <= NEARLY_ORTHONORMAL:
            return orthonormal_factor(q)
        q = q - times(q, e) / 2
        if size**2 <= limit:
            break  # 3/4 E² is below rounding: no need to look
    return q


def next_error(e: Tensor) -> Tensor:
    """What a Newton-Schulz step leaves of E: E² (E - 3I)/4."""
    square = times(e, e)
    return (times(square, e) - 3 * square) / 4


def orthonormalized_blindly(q: Tensor) -> Tensor:
    """Note [Polishing blindly]."""
    e, size = orthonormality_error(q)
    first = next_error(e)
    z = times(e, first) / 4 - (e + first) / 2
    rest = inverse_root_minus_identity(next_error(first), -LEFT, 0)
    z = z + rest + times(z, rest)
    return torch.where(size <= NEARLY_ORTHONORMAL, q + times(q, z), identity_like(q))


def orthonormal_factor(x: Tensor) -> Tensor:
    """Q of X = QR with diag(R) >= 0; entries without meaning (NaN, infinity) count as 0.

    The sign makes Q unique: LAPACK's would bias random points.
    """
    q, r = torch.linalg.qr(torch.nan_to_num(x, 0, 0, 0))
    return q * torch.where(diagonal(r).real < 0, -1, 1).to(q.dtype).unsqueeze(-2)


def turn_last(q: Tensor, determinant: Tensor) -> Tensor:
    """The last column times the sign of the determinant."""
    last = torch.arange(q.shape[-1], device=q.device) == q.shape[-1] - 1
    return torch.where(last & (determinant < 0)[..., None, None], -q, q)
