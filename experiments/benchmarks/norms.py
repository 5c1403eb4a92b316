"""The time of a map near its base and far from it: forward and backward by the parameters' norm.

The loss is ⟨G, X⟩; parameters stay where they are. In units of one product (n, k) @ (k, k).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

from experiments.benchmarks.benchmark import Benchmark, Row, Setup, pivoted, shape_of
from experiments.benchmarks.maps import PRODUCT, SLOW_SECONDS, TIMED, in_products
from experiments.benchmarks.stopwatch import BLOCK, Step, interleaved
from experiments.methods import Family
from experiments.methods.method import Matrix, weight_of
from experiments.methods.peers import polar_factor
from experiments.runner.tables import TextTable

NORMS = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0)
CHOSEN = (
    *("cayley", "exponential", "householder", "polar", "qr"),
    *("torch-cayley", "torch-exponential", "torch-householder"),
    *("geotorch-cayley", "geotorch-exponential"),
)
LARGEST_OF_PEERS = 1024
"""Beyond, peers take minutes."""


def displaced(size: str, device: torch.device) -> Iterator[tuple[str, float, nn.Module, Tensor]]:
    """Yield every method, norm, module with parameters so far from the assigned ones, and G.

    The displacement is one normal matrix, scaled to the ‖P‖₂ of `NORMS`.
    """
    shape, generator = shape_of(size), torch.Generator().manual_seed(0)
    x, p, g = (torch.randn(shape, generator=generator) for _ in range(3))
    start = polar_factor(x.double()).float().to(device)
    p = p / torch.linalg.matrix_norm(p, 2, keepdim=True)
    for name in CHOSEN:
        method = TIMED[name]
        is_large = method.family != Family.OURS and max(shape[-2:]) > LARGEST_OF_PEERS
        if method.attach is None or is_large:
            continue
        for norm in NORMS:
            module = method.attach(Matrix(start))
            with torch.no_grad():
                only_parameter(module).add_((norm * p).to(device))
            yield name, norm, module, g.to(start)


def only_parameter(module: nn.Module) -> nn.Parameter:
    """Return the parameter of a module that has one."""
    (parameter,) = module.parameters()
    return parameter


def gradient(module: nn.Module, g: Tensor) -> Tensor:
    """Return the gradient of ⟨G, X⟩ in the module's parameter."""
    return torch.autograd.grad((g * weight_of(module)).sum(), only_parameter(module))[0]


def measure(size: str, setup: Setup) -> list[Row]:
    """Return the time of the product and of each method at each norm."""
    generator, shape = torch.Generator().manual_seed(0), shape_of(size)
    sides = (shape, (*shape[:-2], shape[-1], shape[-1]))
    x, square = (torch.randn(side, generator=generator).to(setup.device) for side in sides)
    steps: dict[tuple[str, float], Step] = {(PRODUCT, 0.0): lambda: x @ square}
    for name, norm, module, g in displaced(size, setup.device):
        steps[name, norm] = lambda module=module, g=g: gradient(module, g)  # type: ignore[misc]
    timings = interleaved(steps, setup.rounds, SLOW_SECONDS, setup.device, BLOCK)
    product = timings.pop((PRODUCT, 0.0)).seconds
    return [
        {
            "step": name,
            "size": size,
            "norm": norm,
            "seconds": timing.seconds,
            "product": product,
            "products": timing.seconds / product,
            "runs": timing.runs,
        }
        for (name, norm), timing in timings.items()
    ]


def tables(rows: Sequence[Row]) -> Mapping[str, TextTable]:
    """Return a table a size: one line per method, one column per norm."""
    sizes: dict[str, list[Row]] = {}
    for row in rows:
        title = f"{row['size']}, in products of {1e3 * row['product']:.2g} ms"
        sizes.setdefault(title, []).append(row)
    return {title: pivoted(found, "norm", in_products) for title, found in sizes.items()}


BENCHMARK = Benchmark(
    parts=("64x64", "1024x1024", "1024x128", "1000x8x8", "1000x32x32"),
    measure=measure,
    tables=tables,
    unit="Columns are ‖P‖₂ of the parameters; times of forward and backward are ratios to one "
    "product (n, k) @ (k, k) in the same rounds.",
    require=shape_of,
)
