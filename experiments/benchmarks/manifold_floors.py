"""The least that one training step on a manifold can cost, counted as Note [Floors] counts maps.

Points are n x k, of rank r where they have one; squares k = n. Products are those of a point with a
k x k matrix; passes read or write n x k numbers, of which the loss reads two and SGD five.

Parameters are as many as the numbers of the point, triangles and symmetric matrices too. Linear
sets, P read and X written 2, G read and P̄ written 2: 11 passes; of 2n parameters alone
(circulants, Toeplitz matrices) X written, G read and the loss: 4. Elementwise maps, balls, softmax
read X once more: 12. A curve about a base point reads that too, forward and backward: 14.

    X = LLᵀ, L triangular: entry (i, j) sums j products, 1/6; (G + Gᵀ)L, its lower triangle, 1/3.
    X = WWᵀ, n x r: half of X, r/2n, and (G + Gᵀ)W r/n; parameters are few: 4 passes.
    X = GHᵀ and X = USVᵀ: X, and the gradients in both factors, r/k each; 4 passes.
    X = B exp(A) = B + BA + BA²/2 for small A: 2, and of the adjoint BᵀG, then Aᵀ from the left and
    from the right, 3.
    Spectral ball, X = WR⁻¹ with RᵀR = I + WᵀW: WᵀW 1/2, a triangular solve 1/2; backward XᵀG, of
    which a triangle counts, 1/2, X times a symmetric matrix 1, a solve 1/2.
    Almost orthogonal, Q(I + r tanh S), next to S = 0, and prescribed spectrum, U diag(s) Vᵀ: of
    square ones the product 1 and two backward beside those of Q and U; of tall ones the second
    factor goes into C₁ and C₂ of Note [Floors], k x k.
    Generalized Stiefel, L⁻ᵀQ with the metric LLᵀ: of tall ones a triangular n x n solve each way,
    n/2k each; of square ones L⁻ᵀB is the base.
    Scaling: one Newton step, PPᵀ 1/2 and its Cholesky factor 1/6, which serves backward.
    Stable, ACA⁻¹ with triangular A: AC 1/2 and a solve 1/2; backward AᵀGA⁻ᵀ 1, of GXᵀ - XᵀG a
    triangle 1, of its solve one 1/6; C of the spectral ball, Cholesky factor 1/6, or S - MMᵀ, 1/6
    and 1/3.
Orthogonal frames: `FLOORS["cayley"]`; square bases of a span have no direction to move in. Views
cost what is behind them, symplectic frames at least what tall ones do.
"""

from __future__ import annotations

from collections.abc import Callable

from experiments.benchmarks.benchmark import Shape
from experiments.benchmarks.floors import FLOORS, PASSES_OF_AN_ADDITION

LINEAR, FEW, ELEMENTWISE, BASED = 11, 4, 12, 14
Count = tuple[Callable[[float, float, float], float], float]  # (n, k, r) -> products; passes


def frame(n: float, k: float, _r: float = 0) -> float:
    """Products of the Cayley map."""
    return FLOORS["cayley"].products((int(n), int(k)))


def two_frames(n: float, k: float, _r: float) -> float:
    """A frame times a k x k matrix."""
    return frame(n, k) + (3 if n == k else 0)


def none(_n: float, _k: float, _r: float) -> float:
    """No product at all."""
    return 0.0


def constant(products: float) -> Callable[[float, float, float], float]:
    """As many for every size."""
    return lambda _n, _k, _r: products


DEFINITE: Count = (constant(1 / 6 + 1 / 3), ELEMENTWISE)
FEW_COLUMNS: Count = (lambda n, _k, r: 3 * r / (2 * n), FEW)
TWO_FACTORS: Count = (lambda _n, k, r: 3 * r / k, FEW)
EXPONENTIAL: Count = (constant(2 + 3), BASED)
BALL = 1 + 2
CONJUGATED = 1 + 1 + 1 + 1 / 6

COUNTS: dict[str, Count] = {
    **dict.fromkeys(("Symmetric", "Skew", "Hermitian", "SkewHermitian"), (none, LINEAR)),
    **dict.fromkeys(("Traceless", "UpperTriangular", "Centered"), (none, LINEAR)),
    **dict.fromkeys(("Toeplitz", "Circulant"), (none, FEW)),
    **dict.fromkeys(("Positive", "Interval", "Nonnegative"), (none, ELEMENTWISE)),
    **dict.fromkeys(("Ball", "PoincareBall", "Hyperboloid"), (none, ELEMENTWISE)),
    **dict.fromkeys(("Simplex", "StochasticRows"), (none, ELEMENTWISE)),
    **dict.fromkeys(("Sphere", "Oblique"), (none, BASED)),
    **dict.fromkeys(("Orthogonal", "SpecialOrthogonal", "Unitary"), (frame, BASED)),
    **dict.fromkeys(("SpecialUnitary", "SymplecticStiefel"), (frame, BASED)),
    "Grassmann": (lambda n, k, _r: frame(n, k) if n > k else 0.0, BASED),
    "GeneralizedStiefel": (lambda n, k, _r: frame(n, k) + (n / k if n > k else 0), BASED),
    **dict.fromkeys(("PositiveDefinite", "UnitDeterminantPD", "Spectrahedron"), DEFINITE),
    "Correlation": DEFINITE,
    "PositiveSemidefinite": (constant(1 / 2 + 1), ELEMENTWISE),
    **dict.fromkeys(("FixedRankPSD", "LowRankPSD", "LowRankCorrelation"), FEW_COLUMNS),
    **dict.fromkeys(("LowRank", "FixedRank"), TWO_FACTORS),
    **dict.fromkeys(("GeneralLinear", "SpecialLinear", "Symplectic"), EXPONENTIAL),
    "SpectralBall": (constant(BALL), ELEMENTWISE),
    **dict.fromkeys(("AlmostOrthogonal", "PrescribedSpectrum"), (two_frames, BASED)),
    "SchurStable": (constant(CONJUGATED + BALL + 1 / 6), ELEMENTWISE),
    "Hurwitz": (constant(CONJUGATED + 1 / 6 + 1 / 3), ELEMENTWISE),
    "DoublyStochastic": (constant(1 / 2 + 1 / 6), ELEMENTWISE),
}


def manifold_floor(
    name: str, shape: Shape, rank: int, product: float, addition: float
) -> float | None:
    """The floor in seconds, from those of a product and of an addition; None: not counted."""
    if name not in COUNTS:
        return None
    count, passes = COUNTS[name]
    n, k = (1, *shape)[-2:]
    return max(count(n, k, rank) * product, passes * addition / PASSES_OF_AN_ADDITION)
