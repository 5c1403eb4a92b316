"""The manifolds, each one file, and the list of all that tests, tables and figures iterate over."""

from manifolds.catalogue.entry import Case, Entry
from manifolds.catalogue.families import (
    definite,
    frames,
    groups,
    hyperbolic,
    linear,
    numbers,
    probability,
    rank,
    spectral,
    views,
)

ENTRIES: tuple[Entry, ...] = (
    *linear.ENTRIES,
    *numbers.ENTRIES,
    *frames.ENTRIES,
    *hyperbolic.ENTRIES,
    *definite.ENTRIES,
    *rank.ENTRIES,
    *groups.ENTRIES,
    *spectral.ENTRIES,
    *probability.ENTRIES,
    *views.ENTRIES,
)

__all__ = ["ENTRIES", "Case", "Entry"]
