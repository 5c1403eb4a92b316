"""Maps from a flat space onto orthonormal frames, each one file."""

from manifolds.maps.bfloat16_polar import BFloat16Polar
from manifolds.maps.cayley import Cayley
from manifolds.maps.exponential import Exponential
from manifolds.maps.householder import Householder
from manifolds.maps.map import Chart, Map, Retraction
from manifolds.maps.polar import Polar
from manifolds.maps.qr import QR

MAPS: dict[str, Map] = {m.name: m for m in (Cayley(), Exponential(), Householder(), Polar(), QR())}
"""The maps by name, as `map=` takes them."""


def resolve(name: str | Map, base: str) -> Chart:
    """The chart of a map, given by name or as an object, at an assigned or a fixed base.

    ValueError for an unknown name or base, or a base that the map does not have.
    """
    if isinstance(name, str) and name not in MAPS:
        raise ValueError(f"map must be one of {', '.join(MAPS)} or a Map object, got {name!r}")
    chosen = MAPS[name] if isinstance(name, str) else name
    if not isinstance(chosen, Map):
        raise TypeError(f"map must be a name or a Map object, got {name!r}; make an instance")
    charts = {"assigned": chosen.assigned, "fixed": chosen.fixed}
    if base not in charts:
        raise ValueError(f"base must be 'assigned' or 'fixed', got {base!r}")
    chart = charts[base]
    if chart is None:
        raise ValueError(f"map {chosen.name!r} has no closed inverse; use base='assigned'")
    return chart


__all__ = [
    "MAPS",
    "QR",
    "BFloat16Polar",
    "Cayley",
    "Chart",
    "Exponential",
    "Householder",
    "Map",
    "Polar",
    "Retraction",
    "resolve",
]
