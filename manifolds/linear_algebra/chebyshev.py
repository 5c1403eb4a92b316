"""Polynomials of exp(A) - I for skew A, of twice the reach of Taylor's in as many products.

The eigenvalues of a skew-Hermitian A lie on the segment i[-θ, θ], θ = ‖A‖₂, where a polynomial can
be as good all along it, and Taylor's is far better next to 0 than it need be (Bader, Blanes, Casas
& Seydaoğlu, An efficient algorithm to compute the exponential of skew-Hermitian matrices, Math.
Comput. Simul. 2022, who expand exp itself). Here p(0) = 0 and p' is the Chebyshev series of exp,

    exp(iθu) = J₀(θ) + 2 Σ_{k > 0} i^k J_k(θ) T_k(u),  u in [-1, 1]

(Abramowitz & Stegun, Handbook of Mathematical Functions, 1964, 9.1.44 and 45), up to degree m - 1:
p' is off by less than 2 Σ_{k >= m} |J_k(θ)| ~ 2 (θ/2)^m / m!, which is eps/2 at the θ given here.
That bounds the error of the derivative of p(A), whose entries in the eigenvectors of A are divided
differences of p, means of p' (Higham, Functions of Matrices, 2008, theorem 3.11), and that of p(A)
relative to A. The coefficients were found by Newton's method in 50 digits, from Taylor's and along
θ; those of the highest degree are as good as Taylor's at half of its reach: the sum of the absolute
values of all terms, which rounding is proportional to, is 13 at e^θ = 12 and 10 at 6.6. Degree 18
reaches 5.9 in float32, but its terms would add up to more than 350.
"""

import functools

import torch

from manifolds.linear_algebra.scheme import Scheme
from manifolds.linear_algebra.taylor import taylor

_FLOAT32 = (
    Scheme(
        2,
        0.00048826138744323877,
        (((1.0,), (1.0,)),),
        (0.9999999404002052, 0.4999999851000512),
    ),
    Scheme(
        4,
        0.05808069473946429,
        (((1.0,), (1.0,)), ((0, 1.0), (0.16661981928460087, 0.041657882597331754))),
        (0.9999999407395509, 0.49999998518447125, 1.0),
    ),
    Scheme(
        8,
        0.8599396823992939,
        (
            ((1.0,), (1.0,)),
            ((0, 1.0), (0.10733515263434572, 0.02692289861189325)),
            (
                (0, 0.6768881935541967, 1.0),
                (0.1608347849649025, 0.014634111702179042, 0.03343387366313102),
            ),
        ),
        (0.9999999431174648, 0.4999999857500645, 0.538487874223473, 1.0),
    ),
    Scheme(
        12,
        2.5000660048881445,
        (
            ((1.0,), (1.0,)),
            ((0, 1.0), (1.0,)),
            (
                (-0.15775262422562647, -0.01939110234298813, -0.006541933429545364),
                (-0.15775259943474573, -0.01939110521774531, -0.006541933497344287),
            ),
            (
                (1.341099501827567, 0.10158464788591853, 0.015543032337484072, 1.0),
                (-0.07814982238214774, 0.08245549894940898, 0.0070263965375915215, 1.0),
            ),
        ),
        (0.9999999456598657, 0.48082765895581403, 0.0021153873799476613, 4.981900685352713, 1.0),
    ),
)
_FLOAT64 = (
    Scheme(
        2,
        2.1073424218439582e-08,
        (((1.0,), (1.0,)),),
        (0.9999999999999999, 0.5),
    ),
    Scheme(
        4,
        0.00038209707823592384,
        (((1.0,), (1.0,)), ((0, 1.0), (0.16666666463891422, 0.04166666628646308))),
        (0.9999999999999999, 0.5, 1.0),
    ),
    Scheme(
        8,
        0.06991393951430976,
        (
            ((1.0,), (1.0,)),
            ((0, 1.0), (0.10835793915258422, 0.027090075937370388)),
            (
                (0, 0.6667350974658574, 1.0),
                (0.1611237338782938, 0.01409458299522921, 0.03379035023425295),
            ),
        ),
        (0.9999999999999999, 0.5, 0.5467049181472499, 1.0),
    ),
    Scheme(
        12,
        0.46693130874975636,
        (
            ((1.0,), (1.0,)),
            ((0, 1.0), (1.0,)),
            (
                (-0.1327482950675744, -0.020247170261959754, -0.0067518457403666155),
                (-0.1327482950675744, -0.020247170261959754, -0.0067518457403666155),
            ),
            (
                (1.2537012521559245, 0.105394995073185, 0.017186880298798016, 1.0),
                (0.05389494613609234, 0.0929006151060183, 0.006091028074881445, 1.0),
            ),
        ),
        (0.9999999999999999, 0.33259120923279767, -0.008981799934999033, 5.665645612190771, 1.0),
    ),
    Scheme(
        18,
        1.8878771011566577,
        (
            ((1.0,), (1.0,)),
            ((0, 1.0), (1.0,)),
            ((0, 0, 1.0), (0, 0, 1.0)),
            (
                (-0.1070693454608675, -0.007986216956032145, -0.0008899556241149783),
                (0, -0.12817478271292032, -0.013172187570960182, -1.3699290008809584e-05),
            ),
            (
                (
                    1.4810640743215076,
                    0.1244379904004248,
                    0.02018124414567901,
                    2.3392643274596187e-05,
                    1.0,
                ),
                (
                    -0.23262223693349918,
                    0.05142288960118947,
                    0.023722676328217885,
                    -1.052735916290524e-05,
                    1.0,
                ),
            ),
        ),
        (
            0.9999999999999999,
            0.8445284380105114,
            0.18883647513434923,
            -0.0005232340150693851,
            -5.055773213426199,
            1.0,
        ),
    ),
)


@functools.cache
def chebyshev(dtype: torch.dtype) -> tuple[Scheme, ...]:
    """The polynomials of all degrees for the precision of a dtype; degree 1 is Taylor's."""
    single = torch.finfo(dtype).eps == torch.finfo(torch.float32).eps
    return (taylor(dtype)[0], *(_FLOAT32 if single else _FLOAT64))
