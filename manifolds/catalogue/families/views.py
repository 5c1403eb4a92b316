"""Other manifolds seen in another shape, scaled, many times or together."""

from manifolds.catalogue.choices import (
    KERNELS,
    PAIRS,
    RECTANGULAR,
    STACKS,
    WIDE_COLUMNS,
    factors,
    flattened,
    joined,
    logarithmic_scale,
    power,
    scaled,
    transposed,
)
from manifolds.catalogue.entry import Entry
from manifolds.catalogue.flattened import Flattened
from manifolds.catalogue.joined import Joined
from manifolds.catalogue.points import (
    DefiniteMatrices,
    FlattenedPoints,
    Frames,
    JoinedPoints,
    PowerPoints,
    ScaledPoints,
    TransposedPoints,
)
from manifolds.catalogue.power import Power
from manifolds.catalogue.scaled import Scaled
from manifolds.catalogue.transposed import Transposed

ENTRIES: tuple[Entry, ...] = (
    Entry(
        Flattened,
        "a kernel whose matrix lies on a manifold",
        "a view",
        KERNELS,
        FlattenedPoints(Frames()),
        build=flattened,
    ),
    Entry(
        Transposed,
        "Xᵀ with X on a manifold",
        "a view",
        WIDE_COLUMNS,
        TransposedPoints(Frames()),
        build=transposed,
    ),
    Entry(
        Scaled,
        "c x with x on a manifold",
        "a view",
        RECTANGULAR,
        ScaledPoints(Frames()),
        options=factors,
        build=scaled,
    ),
    Entry(
        Power,
        "copies on one manifold as one tensor",
        "a view",
        STACKS,
        PowerPoints(DefiniteMatrices()),
        huge=logarithmic_scale,
        build=power,
    ),
    Entry(
        Joined,
        "a vector of points on several manifolds",
        "a view",
        PAIRS,
        JoinedPoints(Frames(), DefiniteMatrices()),
        huge=logarithmic_scale,
        build=joined,
    ),
)
