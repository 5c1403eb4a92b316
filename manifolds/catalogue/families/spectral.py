"""Bounds on singular values and eigenvalues."""

from manifolds.catalogue.almost_orthogonal import AlmostOrthogonal
from manifolds.catalogue.choices import (
    RECTANGULAR,
    SQUARE,
    chain_scale,
    interior_scale,
    radii,
    shifts,
    similarity_scale,
    spectra,
    spectral_radii,
    unsaturated_scale,
    with_spectrum,
)
from manifolds.catalogue.entry import Entry
from manifolds.catalogue.hurwitz import Hurwitz
from manifolds.catalogue.points import (
    AlmostOrthogonalMatrices,
    Contractions,
    HurwitzMatrices,
    SchurStableMatrices,
    SpectrumMatrices,
)
from manifolds.catalogue.prescribed_spectrum import PrescribedSpectrum
from manifolds.catalogue.schur_stable import SchurStable
from manifolds.catalogue.spectral_ball import SpectralBall

ENTRIES: tuple[Entry, ...] = (
    Entry(
        SpectralBall,
        "‖X‖₂ < 1",
        "a chart by Cholesky factors",
        RECTANGULAR,
        Contractions(),
        huge=interior_scale,
    ),
    Entry(
        AlmostOrthogonal,
        "|σ(X) - 1| < r",
        "polar coordinates",
        RECTANGULAR,
        AlmostOrthogonalMatrices(),
        options=radii,
        huge=unsaturated_scale,
    ),
    Entry(
        PrescribedSpectrum,
        "σ(X) = s",
        "Helmke & Moore 1994",
        RECTANGULAR,
        SpectrumMatrices(),
        options=spectra,
        build=with_spectrum,
    ),
    Entry(
        SchurStable,
        "ρ(X) < r",
        "Gillis, Karow & Sharma 2019",
        SQUARE,
        SchurStableMatrices(),
        options=spectral_radii,
        huge=chain_scale,
    ),
    Entry(
        Hurwitz,
        "max Re λ(X) < -s",
        "Gillis & Sharma 2017",
        SQUARE,
        HurwitzMatrices(),
        options=shifts,
        huge=similarity_scale,
    ),
)
