"""Taylor polynomials of exp(A) - I, in the fewest products known.

The derivative of the polynomial of degree m leaves out ‖A‖^m / m! to first order: degree m serves
up to ‖A‖ = θ with θ^m / m! = eps/2. The coefficients of degrees 12 and 18 are corrected by Newton's
method until the polynomial is Taylor's to 2e-16.
"""

import functools
import math

import torch

from manifolds.linear_algebra.scheme import Row, Scheme

Products = tuple[tuple[Row, Row], ...]


def _degree_8() -> tuple[Products, Row]:
    w = math.sqrt(177)
    x1, x2, x3, x4 = (1 + w) / 132, (1 + w) / 528, 2 / 3, (-271 + 29 * w) / 210
    x5, x6, x7 = 11 * (w - 1) / 840, 11 * (w - 9) / 3360, (89 - w) / 2240
    products = (((1.0,), (1.0,)), ((0, 1.0), (x1, x2)), ((0, x3, 1.0), (x5, x6, x7)))
    return products, (1.0, (857 - 58 * w) / 630 + x3 * x4, x4, 1.0)


_DEGREE_12: tuple[Products, Row] = (
    (
        ((1.0,), (1.0,)),
        ((0, 1.0), (1.0,)),
        (
            (-0.13181061013830184, -0.02027855540589259, -0.006759518468630863),
            (-0.13181061013830184, -0.02027855540589259, -0.006759518468630863),
        ),
        (
            (1.2542958885707, 0.1053088701152874, 0.017195450574174032, 1.0),
            (0.05502798439924032, 0.09351590770536779, 0.006107005288984452, 1.0),
        ),
    ),
    (1.0, 0.3322983286222031, -0.009536296330852399, 5.679756357241867, 1.0),
)
_DEGREE_18: tuple[Products, Row] = (
    (
        ((1.0,), (1.0,)),
        ((0, 1.0), (1.0,)),
        ((0, 0, 1.0), (0, 0, 1.0)),
        (
            (-0.10036558103014463, -0.00802924648241157, -0.00089213849804573),
            (0, -0.09233646193671186, -0.01693649390020817, -1.4008679818203615e-05),
        ),
        (
            (
                1.6125176868819238,
                0.12477411482493252,
                0.02257315581805103,
                1.9579475957000985e-05,
                1.0,
            ),
            (
                -0.06764045190713819,
                0.06759613017704597,
                0.029555257042931552,
                -1.391802575160607e-05,
                1.0,
            ),
        ),
    ),
    (
        1.0,
        0.6090714250489465,
        0.16942415471701652,
        -0.00048576227860552416,
        -11.148502971774368,
        1.0,
    ),
)
COEFFICIENTS: dict[int, tuple[Products, Row]] = {
    1: ((), (1.0,)),
    2: ((((1.0,), (1.0,)),), (1.0, 1 / 2)),
    4: ((((1.0,), (1.0,)), ((0, 1.0), (1 / 6, 1 / 24))), (1.0, 1 / 2, 1.0)),
    8: _degree_8(),
    12: _DEGREE_12,
    18: _DEGREE_18,
}


@functools.cache
def taylor(dtype: torch.dtype) -> tuple[Scheme, ...]:
    """The polynomials of all degrees, with their reach in a dtype."""
    return tuple(
        Scheme(degree, (math.factorial(degree) * torch.finfo(dtype).eps / 2) ** (1 / degree), *rows)
        for degree, rows in COEFFICIENTS.items()
    )
