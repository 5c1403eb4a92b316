"""Points of the sets from independent sources: random, hard, tied, outside; one file per family."""

from manifolds.catalogue.points.frames import Frames, Rotations, Spans
from manifolds.catalogue.points.linear import SkewMatrices, SymmetricMatrices
from manifolds.catalogue.points.linear_groups import InvertibleMatrices, UnimodularMatrices
from manifolds.catalogue.points.low_rank import FixedRankMatrices, LowRankMatrices
from manifolds.catalogue.points.metric import MetricFrames
from manifolds.catalogue.points.points import Points
from manifolds.catalogue.points.positive import DefiniteMatrices, SemidefiniteMatrices
from manifolds.catalogue.points.spectra import (
    AlmostOrthogonalMatrices,
    Contractions,
    SpectrumMatrices,
)
from manifolds.catalogue.points.symplectic import SymplecticMatrices
from manifolds.catalogue.points.unitary import SpecialUnitaries, UnitaryFrames
from manifolds.catalogue.points.views import FlattenedPoints

__all__ = [
    "AlmostOrthogonalMatrices",
    "Contractions",
    "DefiniteMatrices",
    "FixedRankMatrices",
    "FlattenedPoints",
    "Frames",
    "InvertibleMatrices",
    "LowRankMatrices",
    "MetricFrames",
    "Points",
    "Rotations",
    "SemidefiniteMatrices",
    "SkewMatrices",
    "Spans",
    "SpecialUnitaries",
    "SpectrumMatrices",
    "SymmetricMatrices",
    "SymplecticMatrices",
    "UnimodularMatrices",
    "UnitaryFrames",
]
