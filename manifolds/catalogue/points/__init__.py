"""Points of the sets from independent sources: random, hard, tied, outside; one file per family."""

from manifolds.catalogue.points.frames import Frames, Rotations
from manifolds.catalogue.points.joined import JoinedPoints
from manifolds.catalogue.points.linear import SkewMatrices, SymmetricMatrices
from manifolds.catalogue.points.low_rank import FixedRankMatrices, LowRankMatrices
from manifolds.catalogue.points.points import Points
from manifolds.catalogue.points.positive import DefiniteMatrices, SemidefiniteMatrices
from manifolds.catalogue.points.stable import HurwitzMatrices, SchurStableMatrices
from manifolds.catalogue.points.views import (
    FlattenedPoints,
    PowerPoints,
    ScaledPoints,
    TransposedPoints,
)

__all__ = [
    "DefiniteMatrices",
    "FixedRankMatrices",
    "FlattenedPoints",
    "Frames",
    "HurwitzMatrices",
    "JoinedPoints",
    "LowRankMatrices",
    "Points",
    "PowerPoints",
    "Rotations",
    "ScaledPoints",
    "SchurStableMatrices",
    "SemidefiniteMatrices",
    "SkewMatrices",
    "SymmetricMatrices",
    "TransposedPoints",
]
