"""Bounds on singular values and eigenvalues."""

from manifolds.catalogue.almost_orthogonal import AlmostOrthogonal
from manifolds.catalogue.choices import (
    RECTANGULAR,
    SQUARE,
    condition_scale,
    half_condition_scale,
    interior_scale,
    radii,
    shifts,
    spectra,
    spectral_radii,
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
        "Hua 1963",
        RECTANGULAR,
        Contractions(),
        huge=interior_scale,
    ),
    Entry(
        AlmostOrthogonal,
        "|σ(X) - 1| < r",
        "Higham 2008",
        RECTANGULAR,
        AlmostOrthogonalMatrices(),
        options=radii,
        huge=half_condition_scale,
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
        huge=half_condition_scale,
    ),
    Entry(
        Hurwitz,
        "max Re λ(X) < -s",
        "Gillis & Sharma 2017",
        SQUARE,
        HurwitzMatrices(),
        options=shifts,
        huge=condition_scale,
    ),
)
