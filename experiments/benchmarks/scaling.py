"""How a training step grows with n: squares n x n and frames n x 64, exponents fitted.

Each row of `maps` is repeated over the sizes; what is not tried, and why, is in `LARGEST_TALL` and
`LARGEST_SQUARE`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy

from experiments.benchmarks import maps
from experiments.benchmarks.benchmark import Benchmark, Row, Setup, pivoted, shape_of
from experiments.benchmarks.maps import times_the_floor
from experiments.runner.tables import TextTable

SQUARE = ("64x64", "128x128", "256x256", "512x512", "1024x1024", "2048x2048", "4096x4096")
TALL = ("256x64", "1024x64", "4096x64", "16384x64", "65536x64")
FITTED = 3  # the exponent is that of the last sizes: small ones measure the interpreter
LEFT_OUT = {
    *("cayley-fixed", "exponential-fixed", "householder-fixed", "bfloat16-polar"),
    *("householder-rebased", "qr-rebased"),
}
"""They grow as the same maps about a base, or as the other moved bases."""
# The largest n at which a step is tried. torch and geotorch hold n x n matrices of a frame and take
# thousands of products (10 minutes at 4096 x 64); their square exponentials take 650 to 800 at 512
# and 1024.
# geoopt's canonical step forms n x n matrices too: 17 GB at 65536 x 64. Products of 4096 x 4096
# take more than a second: one of the moved bases is tried, and one of two equal peers.
LARGEST_TALL = {"torch": 1024, "geotorch": 1024, "geoopt-sgd": 4096}
LARGEST_SQUARE = {
    "torch-exponential": 1024,
    "torch-householder": 1024,
    "geotorch-exponential": 1024,
    "geotorch-cayley": 2048,
    "exponential-rebased": 2048,
    "polar-rebased": 2048,
}


def measure(size: str, setup: Setup) -> list[Row]:
    """Return the rows of `maps` for the methods that are tried at this size."""
    n, k = shape_of(size)
    chosen = [name for name in maps.CHOSEN if name not in LEFT_OUT]
    return maps.measure(size, setup, [name for name in chosen if _tried(name, n, k)])


def _tried(name: str, n: int, k: int) -> bool:
    if n == k:
        return n <= LARGEST_SQUARE.get(name, n)
    return n <= LARGEST_TALL.get(name, LARGEST_TALL.get(name.partition("-")[0], n))


def tables(rows: Sequence[Row]) -> Mapping[str, TextTable]:
    """Return times of squares and of tall frames with exponents, times the floor, and memory."""
    found = {}
    for title, shown in (("Square", _of(rows, square=True)), ("Tall", _of(rows, square=False))):
        if shown:
            found[f"{title}: time in products"] = _with_exponent(shown)
            counted = [row for row in shown if row["floor"]]
            found[f"{title}: times the floor"] = pivoted(counted, "size", times_the_floor)
            found[f"{title}: peak memory in weights"] = maps.memory(shown)
    return found


def _of(rows: Sequence[Row], *, square: bool) -> list[Row]:
    shapes = (shape_of(row["size"]) for row in rows)
    return [row for row, (n, k) in zip(rows, shapes, strict=True) if (n == k) is square]


def _with_exponent(rows: Sequence[Row]) -> TextTable:
    table = pivoted(rows, "size", lambda row: f"{row['products']:.3g}")
    titles = [title.partition("x")[0] if "x" in title else title for title in table.titles]
    cells = [[*line, _exponent(rows, line[0])] for line in table.cells]
    return TextTable([*titles, "time ~"], cells)


def _exponent(rows: Sequence[Row], step: str) -> str:
    value = exponent([row for row in rows if row["step"] == step])
    return "" if math.isnan(value) else f"n^{value:.1f}"


def exponent(rows: Sequence[Row]) -> float:
    """Return p of the least-squares fit seconds = c n^p over the last sizes; NaN below two."""
    last = rows[-FITTED:]
    if len(last) < 2:
        return math.nan
    sizes = [shape_of(row["size"])[-2] for row in last]
    slope, _ = numpy.polyfit(numpy.log(sizes), numpy.log([row["seconds"] for row in last]), 1)
    return float(slope)


BENCHMARK = Benchmark(
    parts=(*SQUARE, *TALL),
    measure=measure,
    tables=tables,
    unit="Times are ratios to one product (n, k) @ (k, k) in the same rounds; an empty cell: not "
    "tried, it takes minutes or n x n memory.",
    require=shape_of,
)
