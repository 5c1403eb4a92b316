"""Balls and hyperbolic space."""

from manifolds.catalogue.ball import Ball
from manifolds.catalogue.choices import (
    BALLS,
    VECTORS,
    conformal_scale,
    linear_scale,
    projective_scale,
)
from manifolds.catalogue.entry import Entry
from manifolds.catalogue.hyperboloid import Hyperboloid
from manifolds.catalogue.poincare_ball import PoincareBall
from manifolds.catalogue.points import (
    BallPoints,
    HyperboloidPoints,
)

ENTRIES: tuple[Entry, ...] = (
    Entry(
        Ball,
        "‖x‖ < 1",
        "Cannon, Floyd, Kenyon & Parry 1997",
        BALLS,
        BallPoints(),
        huge=projective_scale,
    ),
    Entry(
        PoincareBall, "‖x‖ < 1", "Nickel & Kiela 2017", BALLS, BallPoints(), huge=conformal_scale
    ),
    Entry(
        Hyperboloid,
        "x₀² - x₁² - ... = 1, x₀ > 0",
        "Nickel & Kiela 2018",
        VECTORS,
        HyperboloidPoints(),
        huge=linear_scale,
    ),
)
