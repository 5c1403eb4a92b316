"""Points of the sets from independent sources: random, hard, tied, outside; one file per family."""

from manifolds.catalogue.points.correlation import CorrelationMatrices, LowRankCorrelationMatrices
from manifolds.catalogue.points.frames import Frames, Rotations
from manifolds.catalogue.points.linear import SkewMatrices, SymmetricMatrices
from manifolds.catalogue.points.low_rank import FixedRankMatrices, LowRankMatrices
from manifolds.catalogue.points.low_rank_psd import FixedRankPSDMatrices, LowRankPSDMatrices
from manifolds.catalogue.points.normalized import UnitDeterminantMatrices, UnitTraceMatrices
from manifolds.catalogue.points.points import Points
from manifolds.catalogue.points.positive import DefiniteMatrices, SemidefiniteMatrices
from manifolds.catalogue.points.views import FlattenedPoints

__all__ = [
    "CorrelationMatrices",
    "DefiniteMatrices",
    "FixedRankMatrices",
    "FixedRankPSDMatrices",
    "FlattenedPoints",
    "Frames",
    "LowRankCorrelationMatrices",
    "LowRankMatrices",
    "LowRankPSDMatrices",
    "Points",
    "Rotations",
    "SemidefiniteMatrices",
    "SkewMatrices",
    "SymmetricMatrices",
    "UnitDeterminantMatrices",
    "UnitTraceMatrices",
]
