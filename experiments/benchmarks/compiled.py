"""`torch.compile(fullgraph=True)` of forward and backward, beside the same step without it.

What is compiled is X = weight and ⟨G, X⟩; the optimizer is not part of it, and the parameters stay
where they are: at `DISTANCE` from those of the start, where no factor of a map is the identity. The
compiler itself takes seconds to minutes, outside of the clock.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from experiments.benchmarks.benchmark import Benchmark, Row, Setup, pivoted, shape_of
from experiments.benchmarks.maps import PRODUCT, SLOW_SECONDS, in_products
from experiments.benchmarks.stopwatch import BLOCK, Step, interleaved
from experiments.methods import METHODS
from experiments.methods.method import Attach, Matrix, weight_of
from experiments.methods.peers import polar_factor
from experiments.runner.tables import TextTable

CHOSEN = ("cayley", "exponential", "householder", "polar", "torch-cayley", "torch-householder")
DISTANCE = 1.0
"""Of the parameters of each matrix, in the Frobenius norm: about a radian, as after training."""


class Objective(nn.Module):
    """⟨G, X⟩ of a constrained weight X."""

    def __init__(self, attach: Attach, start: Tensor, g: Tensor) -> None:
        super().__init__()
        self.inner, self.g = attach(Matrix(start)), g
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for p in self.parameters():
                noise = torch.randn(p.shape, generator=generator).to(p)
                p.add_(noise / torch.linalg.matrix_norm(noise, keepdim=True), alpha=DISTANCE)

    def forward(self) -> Tensor:
        """Return the sum over the batch."""
        return (self.g * weight_of(self.inner)).sum()


def measure(size: str, setup: Setup) -> list[Row]:
    """Return the time of each map with and without the compiler."""
    torch.compiler.reset()  # it gives up after eight weights of one class of module
    shape, generator = shape_of(size), torch.Generator().manual_seed(0)
    g, x = (torch.randn(shape, generator=generator).to(setup.device) for _ in range(2))
    square = torch.randn((*shape[:-2], shape[-1], shape[-1]), generator=generator).to(setup.device)
    steps: dict[str, Step] = {PRODUCT: lambda: x @ square}
    for name in CHOSEN:
        attach = METHODS[name].attach
        if attach is not None:
            eager = Objective(attach, polar_factor(x), g)
            steps[name] = _step(eager)
            steps[f"{name}, compiled"] = _step(torch.compile(eager, fullgraph=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of the compiler, about itself
        timings = interleaved(steps, setup.rounds, SLOW_SECONDS, setup.device, BLOCK)
    return [
        {
            "step": name,
            "size": size,
            "seconds": timing.seconds,
            "products": timing.seconds / timings[PRODUCT].seconds,
            "runs": timing.runs,
        }
        for name, timing in timings.items()
    ]


def _step(objective: Callable[[], Tensor]) -> Step:
    return lambda: objective().backward()  # gradients add up: an optimizer would zero them


def tables(rows: Sequence[Row]) -> Mapping[str, TextTable]:
    """Return one line per map and mode, one column per size."""
    return {"Time in products": pivoted(rows, "size", in_products)}


BENCHMARK = Benchmark(
    parts=("512x512", "512x64", "1000x8x8"),
    measure=measure,
    tables=tables,
    unit="Forward and backward, as ratios to one product (n, k) @ (k, k) in the same rounds.",
    require=shape_of,
)
