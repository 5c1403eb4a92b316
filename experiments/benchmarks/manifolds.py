"""One training step on every manifold of the catalogue, beside every library that has it.

Forward, backward and SGD on ⟨G, X⟩, as in `maps`, in units of one product of the point (its last
two dimensions, (n, k)) with a k x k matrix. Each manifold takes its first options at each of
`SHAPES`, a rank where it has one. What a peer has of one matrix alone is not timed in batches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from experiments.benchmarks.benchmark import Benchmark, Row, Setup, Shape
from experiments.benchmarks.manifold_floors import manifold_floor
from experiments.benchmarks.manifold_peers import PEERS
from experiments.benchmarks.maps import ADDITION, PRODUCT, SLOW_SECONDS
from experiments.benchmarks.stopwatch import BLOCK, Step, interleaved, peak_bytes
from experiments.methods.method import Descend, parametrized
from experiments.methods.ours import on_instance
from experiments.runner.errors import require_known
from experiments.runner.tables import TextTable
from manifolds.catalogue import ENTRIES, Case, Entry

OURS = "ours"
SEEN = (OURS, "torch", "geotorch", "geoopt")
LIBRARIES = (*SEEN, "pymanopt")
"""pymanopt computes in numpy, whose memory torch does not see."""
SHAPES: dict[int, tuple[tuple[Shape, Shape], ...]] = {  # of numbers, vectors, matrices, stacks
    0: (((256, 256), ()),),
    1: (((1000,), (3,)), ((1000,), (128,))),
    2: (((), (256, 64)), ((), (512, 512)), ((1000,), (8, 4))),
    3: (((), (100, 16, 16)),),
}
SQUARE_SHAPES = (((), (128,)), ((), (512,)), ((1000,), (8,)))
"""Batch and size."""
ENTRIES_PER_RANK = 32  # a rank is 16 at 512, and 2 up to 64
RATE = 1e-6  # a step of no consequence: what is timed is its cost
BY_NAME = {entry.name: entry for entry in ENTRIES}


def cases(entry: Entry) -> list[tuple[Shape, Case]]:
    """Return the batches and sizes at which an entry is timed, with its first options."""
    axes, square = len(entry.sizes[0]), len(entry.sizes[0]) < len(next(entry.cases())().size)
    found = []
    for batch, size in SQUARE_SHAPES if square else SHAPES[axes]:
        options = dict(entry.options(size)[0])
        if "rank" in options:
            options["rank"] = max(min(size) // ENTRIES_PER_RANK, 2)
        found.append((batch, Case(entry, size, tuple(options.items()))))
    return found


def measure(name: str, setup: Setup) -> list[Row]:
    """Return times, memory and the floor of one entry and of its peers, at all its shapes."""
    return [row for batch, case in cases(BY_NAME[name]) for row in timed(batch, case, setup)]


def timed(batch: Shape, case: Case, setup: Setup) -> list[Row]:
    """Return the rows of one shape."""
    start, g = drawn(batch, case, setup.device)
    steps = _steps(case, start, g)
    timings = interleaved(steps, setup.rounds, SLOW_SECONDS, setup.device, BLOCK)
    product, addition = (timings[name].seconds for name in (PRODUCT, ADDITION))
    rank = dict(case.options).get("rank", 0)
    floor = manifold_floor(case.entry.name, tuple(start.shape), rank, product, addition)
    return [
        {
            "step": case.entry.name,
            "library": library,
            "shape": "x".join(map(str, start.shape)),
            "seconds": timing.seconds,
            "products": timing.seconds / product,
            "floor": floor and floor / product,
            "peak": peak_bytes(steps[library], setup.device) / (g.numel() * g.element_size()),
        }
        for library, timing in timings.items()
        if library != ADDITION
    ]


def _steps(case: Case, start: Tensor, g: Tensor) -> dict[str, Step]:
    """Return a product, an addition, and one step of ours and of each peer."""
    k, out = start.shape[-1], torch.empty_like(start)
    square = torch.randn(k, k, dtype=start.dtype).to(start.device)
    units: dict[str, Step] = {
        PRODUCT: lambda: start @ square,
        ADDITION: lambda: torch.add(start, g, out=out),
    }
    peers = {lib: find(start) for lib, find in PEERS.get(case.entry.name, {}).items()}
    found = {OURS: parametrized(on_instance(case())), **peers}
    return units | {lib: _step(d, start, g) for lib, d in found.items() if d is not None}


def drawn(batch: Shape, case: Case, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return a random point of a case, and G."""
    manifold, generator = case(), torch.Generator().manual_seed(0)
    dtype = torch.float32 if manifold.real_form else torch.complex64
    start = manifold.random_point(*batch, generator=generator, dtype=dtype)
    g = torch.randn(start.shape, generator=generator, dtype=dtype)
    return start.to(device), g.to(device)


def _step(descend: Descend, start: Tensor, g: Tensor) -> Callable[[], Tensor]:
    iterates = descend(start, lambda x: (g * x).real.sum(), RATE)
    return lambda: next(iterates)


def tables(rows: Sequence[Row]) -> Mapping[str, TextTable]:
    """Return one line per manifold and shape: times by library beside the floor, and memory."""
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        found.setdefault((row["step"], row["shape"]), {})[row["library"]] = row
    times, memory = [], []
    for point, line in found.items():
        floor = line[OURS]["floor"]
        times.append(
            [*point, f"{floor:.2g}" if floor else "", *_cells(line, "products", LIBRARIES)]
        )
        memory.append([*point, *_cells(line, "peak", SEEN)])
    return {
        "Time in products": TextTable(["manifold", "point", "floor", *LIBRARIES], times),
        "Peak memory in points": TextTable(["manifold", "point", *SEEN], memory),
    }


def _cells(line: Mapping[str, Row], column: str, libraries: Sequence[str]) -> list[str]:
    return [f"{line[lib][column]:.3g}" if lib in line else "" for lib in libraries]


def require(name: str) -> None:
    """Suggest the closest manifold."""
    require_known("manifold", name, BY_NAME)


BENCHMARK = Benchmark(
    parts=tuple(BY_NAME),
    measure=measure,
    tables=tables,
    unit="Times are ratios to one product of the point with a k x k matrix; the floor is the least "
    "that a step can cost: see `experiments/benchmarks/manifold_floors.py`. Memory is the peak in "
    "one step, in units of the point.",
    require=require,
)
