"""Points of the sets from independent sources: random, hard, tied, outside; one file per family."""

from manifolds.catalogue.points.correlation import CorrelationMatrices, LowRankCorrelationMatrices
from manifolds.catalogue.points.frames import Frames, Rotations, Spans
from manifolds.catalogue.points.hyperbolic import BallPoints, HyperboloidPoints
from manifolds.catalogue.points.joined import JoinedPoints
from manifolds.catalogue.points.linear import SkewMatrices, SymmetricMatrices
from manifolds.catalogue.points.linear_groups import InvertibleMatrices, UnimodularMatrices
from manifolds.catalogue.points.low_rank import FixedRankMatrices, LowRankMatrices
from manifolds.catalogue.points.low_rank_psd import FixedRankPSDMatrices, LowRankPSDMatrices
from manifolds.catalogue.points.metric import MetricFrames
from manifolds.catalogue.points.normalized import UnitDeterminantMatrices, UnitTraceMatrices
from manifolds.catalogue.points.numbers import IntervalNumbers, NonnegativeNumbers, PositiveNumbers
from manifolds.catalogue.points.points import Points
from manifolds.catalogue.points.positive import DefiniteMatrices, SemidefiniteMatrices
from manifolds.catalogue.points.spectra import (
    AlmostOrthogonalMatrices,
    Contractions,
    SpectrumMatrices,
)
from manifolds.catalogue.points.stable import HurwitzMatrices, SchurStableMatrices
from manifolds.catalogue.points.stochastic import Distributions, DoublyStochasticMatrices
from manifolds.catalogue.points.subspaces import (
    CENTERED,
    CIRCULANT,
    HERMITIAN,
    SKEW_HERMITIAN,
    TOEPLITZ,
    TRACELESS,
    UPPER,
)
from manifolds.catalogue.points.symplectic import SymplecticMatrices
from manifolds.catalogue.points.unitary import SpecialUnitaries, UnitaryFrames
from manifolds.catalogue.points.views import (
    FlattenedPoints,
    PowerPoints,
    ScaledPoints,
    TransposedPoints,
)

__all__ = [
    "CENTERED",
    "CIRCULANT",
    "HERMITIAN",
    "SKEW_HERMITIAN",
    "TOEPLITZ",
    "TRACELESS",
    "UPPER",
    "AlmostOrthogonalMatrices",
    "BallPoints",
    "Contractions",
    "CorrelationMatrices",
    "DefiniteMatrices",
    "Distributions",
    "DoublyStochasticMatrices",
    "FixedRankMatrices",
    "FixedRankPSDMatrices",
    "FlattenedPoints",
    "Frames",
    "HurwitzMatrices",
    "HyperboloidPoints",
    "IntervalNumbers",
    "InvertibleMatrices",
    "JoinedPoints",
    "LowRankCorrelationMatrices",
    "LowRankMatrices",
    "LowRankPSDMatrices",
    "MetricFrames",
    "NonnegativeNumbers",
    "Points",
    "PositiveNumbers",
    "PowerPoints",
    "Rotations",
    "ScaledPoints",
    "SchurStableMatrices",
    "SemidefiniteMatrices",
    "SkewMatrices",
    "Spans",
    "SpecialUnitaries",
    "SpectrumMatrices",
    "SymmetricMatrices",
    "SymplecticMatrices",
    "TransposedPoints",
    "UnimodularMatrices",
    "UnitDeterminantMatrices",
    "UnitTraceMatrices",
    "UnitaryFrames",
]
