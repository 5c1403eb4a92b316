"""Linear and symplectic groups."""

from manifolds.catalogue.choices import (
    EVEN,
    EVEN_TALL,
    SQUARE,
    condition_scale,
)
from manifolds.catalogue.entry import Entry
from manifolds.catalogue.general_linear import GeneralLinear
from manifolds.catalogue.points import (
    InvertibleMatrices,
    SymplecticMatrices,
    UnimodularMatrices,
)
from manifolds.catalogue.special_linear import SpecialLinear
from manifolds.catalogue.symplectic import Symplectic
from manifolds.catalogue.symplectic_stiefel import SymplecticStiefel

ENTRIES: tuple[Entry, ...] = (
    Entry(
        GeneralLinear,
        "det X ≠ 0",
        "Lezcano-Casado 2019",
        SQUARE,
        InvertibleMatrices(),
        huge=condition_scale,
    ),
    Entry(
        SpecialLinear, "det X = 1", "Hall 2015", SQUARE, UnimodularMatrices(), huge=condition_scale
    ),
    Entry(
        Symplectic,
        "XᵀJX = J",
        "Gao, Son, Absil & Stykel 2021",
        EVEN,
        SymplecticMatrices(),
        huge=condition_scale,
    ),
    Entry(
        SymplecticStiefel,
        "XᵀJX = J, tall",
        "Gao, Son, Absil & Stykel 2021",
        EVEN_TALL,
        SymplecticMatrices(),
        huge=condition_scale,
    ),
)
