"""The least that one training step of a map can cost: operations as products, bytes as passes.

Note [Floors]
A product is (n, k) @ (k, k), 2nk² operations; a pass reads or writes n x k numbers once. The floor
is the larger of both, since they overlap (the roofline: Williams, Waterman & Patterson, Commun. ACM
2009): operations at the rate of the product and passes at that of an addition of two such matrices
(three passes), both timed in the same rounds. Arithmetic is classical (no Strassen), a symmetric or
triangular result counts its half, what is k x k for tall frames counts nothing, and neither do
calls of the interpreter, which is why small sizes are far from it.

Square, X = B f(A), A skew. Forward; then the adjoint of f at Bᵀ G, G the gradient in X:
    cayley       B(I + A/2)(I - A/2)⁻¹ = 2B S⁻¹ - B: LU of S 1/3, two triangular solves 1, no
                 inverse; adjoint (X + B)ᵀ (G S⁻ᵀ): solves 1, product 1.                   4/3 + 2
    exponential  B(I + A + A²/2), no less for the parameters of the benchmark, ‖A‖ from 1e-4 to 1e-2
                 (measured): A² symmetric 1/2, product 1; adjoint: BᵀG 1, its symmetric part times A
                 1. At ‖A‖ = 1 float32 takes degree 9, no fewer than 4 products (p of them have
                 degree 2^p at most) and 8 more backward.
                                                                                           3/2 + 2
    polar        the same polynomial: second-order retractions agree to A² (Absil & Malick,
                 Projection-like retractions on matrix manifolds, SIAM J. Optim. 2012).    3/2 + 2
    qr           B(I + A - T), T the upper triangle of AᵀA, its diagonal halved: R = I + T up to
                 fourth order. A² symmetric 1/2, product 1; adjoint: BᵀG 1, a product with A 1.
                                                                                           3/2 + 2
    householder  n reflections applied to B from the right: Σ 4n(n-i+1) operations, 1; backward BᵀG
                 1, and in compact form I - UTUᵀ, U triangular: UᵀU and T⁻¹U₁ᵀ 1/6 each, then of
                 the triangles of Ū = GMᵀ 1/3, UᵀG 1/3, U(S + Sᵀ) 1/3, two of 1/6.         1 + 8/3
A base that moves every step has zero parameters when the derivative is taken, and the point is the
next base: backward is BᵀG, 1.

Tall. A map about a frame B is X = B C₁ + P C₂, C₁ and C₂ functions of BᵀP and PᵀP: BᵀP 1, PᵀP
1/2, the sum 2; the adjoint is [B P]ᵀG 2 and G C₂ᵀ + B · + P · 3.                           7/2 + 5
With a moving base the gradient is projected, G - B sym(BᵀG): 2.
    householder  V Mᵀ - [U; 0] knows its base by V = W + P alone: VᵀV 1/2, VMᵀ 1; adjoint VᵀG 1,
                 GM 1, V · 1.                                                             3/2 + 3

Not counted are the charts from a fixed base, whose parameters carry the frame, so that what f costs
depends on its angles, and `bfloat16-polar`, whose products are those of another unit.

Passes. Forward reads P and B and writes X 3, the loss ⟨G, X⟩ reads both 2, backward reads G, B and
X and writes P̄ 4, SGD reads P, P̄ and its momentum and writes two of them 5. With a moving base X is
not read backward and P is zero: 12 of these 14.

Note [What did not pay]
Measured at 1024×1024 on one thread of a CPU, in products. Cayley's forward by the count above, LU
and two solves of torch.linalg, takes 2.5, of which LU 0.9 and not 1/3; the inverse by blocks and a
product take 2.3, and the inverse serves backward. Reflections applied to B by LAPACK (ormqr) take
1.4, and leave nothing for backward to use. Products of bfloat16 take 0.26 where a CPU has units for
them: a step of `BFloat16Polar` takes 4.9, and 6.9 polished, beside 7.6 of `polar` in float32.
Gained nothing, or less than they cost: batches in chunks, bases of many small matrices with the
batch last, pivots of 2×2 blocks there and a series at 8×8; Chebyshev polynomials for (I + M)⁻¹, and
degree 18 of the exponential in float32; for Sylvester's equation conjugate gradients, and steps by
signs of one matrix; copies of transposed right factors; Gram matrices mirrored from their upper
triangle; sums of squares of reflectors by chunks; probes by blocks or in float64; Grassmann's maps
as the fused ones of a projected parameter. What else was tried stands beside what was kept:
`manifolds/frames`, `manifolds/linear_algebra`.
"""

from __future__ import annotations

from dataclasses import dataclass

from experiments.benchmarks.benchmark import Shape

Counts = tuple[float, float]  # products forward and backward
TALL: Counts = (7 / 2, 5)
TALL_MOVED: Counts = (7 / 2, 2)
PASSES_OF_AN_ADDITION = 3


@dataclass(frozen=True)
class Floor:
    """What Note [Floors] counts for one map."""

    square: Counts
    tall: Counts = TALL
    passes: int = 14

    def products(self, shape: Shape) -> float:
        """Forward and backward, at the rate of a product."""
        return sum(self.square if shape[-2] == shape[-1] else self.tall)


def moved(forward: float) -> Floor:
    """A step whose base moves to the point."""
    return Floor((forward, 1), TALL_MOVED, passes=12)


FLOORS: dict[str, Floor] = {
    "cayley": Floor((4 / 3, 2)),
    "cayley-rebased": moved(4 / 3),
    "exponential": Floor((3 / 2, 2)),
    "exponential-rebased": moved(3 / 2),
    "householder": Floor((1, 8 / 3), tall=(3 / 2, 3)),
    "householder-rebased": Floor((1, 1), (3 / 2, 2), passes=12),
    "polar": Floor((3 / 2, 2)),
    "polar-rebased": moved(3 / 2),
    "qr": Floor((3 / 2, 2)),
    "qr-rebased": moved(3 / 2),
}


def floor_seconds(name: str, shape: Shape, product: float, addition: float) -> float | None:
    """The floor of a method from the seconds of a product and of an addition; None: not counted."""
    floor = FLOORS.get(name)
    if floor is None:
        return None
    passes = floor.passes * addition / PASSES_OF_AN_ADDITION
    return max(floor.products(shape) * product, passes)
