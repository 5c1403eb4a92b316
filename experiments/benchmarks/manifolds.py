"""One training step on every manifold of the catalogue, beside every library that has it.

Forward, backward and SGD on ⟨G, X⟩, as in `maps`, in units of one product of the point (its last
two dimensions, (n, k)) with a k x k matrix. Each manifold takes its first options and one size:
256 x 64, 128 x 128, vectors of 128 in a batch of 1000, and what follows from these for views.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

import torch
from torch import Tensor, nn

from experiments.benchmarks.benchmark import Benchmark, Row, Setup, Shape
from experiments.benchmarks.maps import PRODUCT, SLOW_SECONDS
from experiments.benchmarks.stopwatch import BLOCK, Step, interleaved, peak_bytes
from experiments.methods.method import Attach, Descend, parametrized
from experiments.methods.peers import geoopt_on, torch_orthogonal
from experiments.runner.errors import require_known
from experiments.runner.tables import TextTable
from manifolds.catalogue import ENTRIES, Case, Entry

OURS = "ours"
GROWN: dict[int, Shape] = {0: (), 1: (128,), 2: (256, 64), 3: (100, 16, 16)}
BATCH: dict[int, Shape] = {0: (256, 256), 1: (1000,)}  # of numbers, of vectors
RATE = 1e-6  # a step of no consequence: what is timed is its cost
BY_NAME = {entry.name: entry for entry in ENTRIES}


def geotorch(function: str, **options: object) -> Descend:
    """Constrain by `geotorch.FUNCTION`, at the random point where it starts."""

    def attach(module: nn.Module) -> nn.Module:
        getattr(import_module("geotorch"), function)(module, "weight", **options)
        return module

    return parametrized(attach)


def geotorch_class(name: str) -> Descend:
    """Constrain by a class of geotorch that has no function, here one of square matrices."""

    def attach(module: nn.Module) -> nn.Module:
        x: Tensor = module.get_parameter("weight")
        parametrization = getattr(import_module("geotorch"), name)(x.shape)
        nn.utils.parametrize.register_parametrization(module, "weight", parametrization)
        module.weight = parametrization.sample()
        return module

    return parametrized(attach)


def geoopt(manifold: str) -> Descend:
    """Riemannian SGD, retraction by the library's default."""
    return geoopt_on(manifold, "RiemannianSGD")


PEERS: dict[str, dict[str, Descend]] = {
    "Symmetric": {"geotorch": geotorch("symmetric")},
    "Skew": {"geotorch": geotorch("skew")},
    "Sphere": {"geotorch": geotorch("sphere"), "geoopt": geoopt("Sphere")},
    "Orthogonal": {
        "torch": parametrized(torch_orthogonal()),
        "geotorch": geotorch("orthogonal"),
        "geoopt": geoopt("Stiefel"),
    },
    "SpecialOrthogonal": {
        "torch": parametrized(torch_orthogonal()),
        "geotorch": geotorch("orthogonal"),
        "geoopt": geoopt("Stiefel"),
    },
    "Grassmann": {"geotorch": geotorch("grassmannian")},
    "PoincareBall": {"geoopt": geoopt("PoincareBall")},
    "Hyperboloid": {"geoopt": geoopt("Lorentz")},
    "PositiveDefinite": {
        "geotorch": geotorch("positive_definite"),
        "geoopt": geoopt("SymmetricPositiveDefinite"),
    },
    "PositiveSemidefinite": {"geotorch": geotorch("positive_semidefinite")},
    "FixedRankPSD": {"geotorch": geotorch("positive_semidefinite_fixed_rank", rank=2)},
    "LowRankPSD": {"geotorch": geotorch("positive_semidefinite_low_rank", rank=2)},
    "LowRank": {"geotorch": geotorch("low_rank", rank=2)},
    "FixedRank": {"geotorch": geotorch("fixed_rank", rank=2)},
    "GeneralLinear": {"geotorch": geotorch("invertible")},
    "SpecialLinear": {"geotorch": geotorch("sln")},
    "AlmostOrthogonal": {"geotorch": geotorch("almost_orthogonal", lam=0.5)},
    "Hurwitz": {"geotorch": geotorch_class("Hurwitz")},
    "DoublyStochastic": {"geoopt": geoopt("BirkhoffPolytope")},
}


def case_of(entry: Entry) -> Case:
    """Return the entry at the size that is timed, with its first options."""
    size = GROWN[len(entry.sizes[0])]
    return Case(entry, size, tuple(entry.options(size)[0].items()))


def measure(name: str, setup: Setup) -> list[Row]:
    """Return the times and our memory of one entry and of its peers."""
    case = case_of(BY_NAME[name])
    manifold = case()
    batch = BATCH.get(len(manifold.size), ())
    generator = torch.Generator().manual_seed(0)
    dtype = torch.float32 if manifold.real_form else torch.complex64
    start = manifold.random_point(*batch, generator=generator, dtype=dtype).to(setup.device)
    g = torch.randn(start.shape, generator=generator, dtype=dtype).to(setup.device)
    k = start.shape[-1]
    square = torch.randn(k, k, generator=generator, dtype=dtype).to(setup.device)
    steps: dict[str, Step] = {PRODUCT: lambda: start @ square}
    steps |= {
        library: _step(descend, start, g)
        for library, descend in {OURS: parametrized(_ours(case)), **PEERS.get(name, {})}.items()
    }
    timings = interleaved(steps, setup.rounds, SLOW_SECONDS, setup.device, BLOCK)
    return [
        {
            "step": name,
            "library": library,
            "shape": "x".join(map(str, start.shape)),
            "seconds": timing.seconds,
            "products": timing.seconds / timings[PRODUCT].seconds,
            "peak": peak_bytes(steps[library], setup.device) / (g.numel() * g.element_size()),
        }
        for library, timing in timings.items()
    ]


def _ours(case: Case) -> Attach:
    def attach(module: nn.Module) -> nn.Module:
        constrain = import_module("manifolds").constrain
        return constrain(module, "weight", case())

    return attach


def _step(descend: Descend, start: Tensor, g: Tensor) -> Callable[[], Tensor]:
    iterates = descend(start, lambda x: (g * x).real.sum(), RATE)
    return lambda: next(iterates)


def tables(rows: Sequence[Row]) -> Mapping[str, TextTable]:
    """Return one line per manifold: the point's shape, times by library, our memory."""
    libraries = (OURS, "torch", "geotorch", "geoopt")
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        found.setdefault(row["step"], {})[row["library"]] = row
    cells = [
        [
            name,
            line[OURS]["shape"],
            *(f"{line[lib]['products']:.3g}" if lib in line else "" for lib in libraries),
            f"{line[OURS]['peak']:.3g}",
        ]
        for name, line in found.items()
    ]
    return {"Time in products": TextTable(["manifold", "point", *libraries, "memory"], cells)}


def require(name: str) -> None:
    """Suggest the closest manifold."""
    require_known("manifold", name, BY_NAME)


BENCHMARK = Benchmark(
    parts=tuple(BY_NAME),
    measure=measure,
    tables=tables,
    unit="Times are ratios to one product of the point with a k x k matrix; memory is our peak in "
    "one step, in units of the point.",
    require=require,
)
