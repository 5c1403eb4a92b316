"""`torch.compile(fullgraph=True)` of forward and backward, beside the same step without it.

What is compiled is X = weight and ⟨G, X⟩; the optimizer is not part of it, and the parameters stay
where they are: at `DISTANCE` from those of the start, where no factor of a map is the identity. The
compiler itself takes seconds to minutes, outside of the clock. Parts are sizes, for the maps and
those of torch, and manifolds, each at the first of its shapes.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from experiments.benchmarks.benchmark import Benchmark, Row, Setup, pivoted, shape_of
from experiments.benchmarks.manifolds import BY_NAME, OURS, cases, drawn
from experiments.benchmarks.maps import PRODUCT, SLOW_SECONDS, TIMED, in_products
from experiments.benchmarks.stopwatch import BLOCK, Step, interleaved
from experiments.methods.method import Attach, Matrix, weight_of
from experiments.methods.ours import on_instance
from experiments.methods.peers import polar_factor
from experiments.runner.errors import require_known
from experiments.runner.tables import TextTable

CHOSEN = (
    *("cayley", "exponential", "householder", "polar", "qr"),
    *("torch-cayley", "torch-householder"),
)
SIZES = ("64x64", "512x512", "512x64", "1000x8x8", "1000x32x32")
COMPILED = ", compiled"
DISTANCE = 1.0
"""Of the parameters of each matrix, in the Frobenius norm: about a radian, as after training."""


class Objective(nn.Module):
    """Re⟨G, X⟩ of a constrained weight X, points with so many dimensions."""

    def __init__(self, attach: Attach, start: Tensor, g: Tensor, dimensions: int = 2) -> None:
        super().__init__()
        self.inner, self.g = attach(Matrix(start)), g
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for p in self.parameters():
                noise = torch.randn(p.shape, generator=generator).to(p)
                last = tuple(range(-min(dimensions, p.ndim), 0))  # some have one for two of X
                size = torch.linalg.vector_norm(noise, dim=last, keepdim=True)
                p.add_(noise / size, alpha=DISTANCE)

    def forward(self) -> Tensor:
        """Return the sum over the batch."""
        return (self.g * weight_of(self.inner)).real.sum()


def measure(part: str, setup: Setup) -> list[Row]:
    """Return the time of each map of that size, or of that manifold, in both modes."""
    torch.compiler.reset()  # it gives up after eight weights of one class of module
    about, product, objectives = subject(part, setup.device)
    steps: dict[str, Step] = {PRODUCT: product}
    for name, eager in objectives.items():
        steps[name] = _step(eager)
        steps[name + COMPILED] = _step(torch.compile(eager, fullgraph=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of the compiler, about itself
        warnings.filterwarnings("ignore", "Torchinductor does not support code generation for comp")
        timings = interleaved(steps, setup.rounds, SLOW_SECONDS, setup.device, BLOCK)
    return [
        {
            "step": name,
            **about,
            "seconds": timing.seconds,
            "products": timing.seconds / timings[PRODUCT].seconds,
            "runs": timing.runs,
        }
        for name, timing in timings.items()
    ]


Subject = tuple[dict[str, str], Step, dict[str, Objective]]
"""What the rows are about, the product that is the unit, and what is timed."""


def subject(part: str, device: torch.device) -> Subject:
    """Return what a part is about: a size, or a manifold."""
    return (_of_manifold if part in BY_NAME else _of_size)(part, device)


def _of_size(size: str, device: torch.device) -> Subject:
    shape, generator = shape_of(size), torch.Generator().manual_seed(0)
    g, x = (torch.randn(shape, generator=generator).to(device) for _ in range(2))
    square = torch.randn((*shape[:-2], shape[-1], shape[-1]), generator=generator).to(device)
    start, attaches = polar_factor(x), {name: TIMED[name].attach for name in CHOSEN}
    objectives = {name: Objective(a, start, g) for name, a in attaches.items() if a is not None}
    return {"size": size}, lambda: x @ square, objectives


def _of_manifold(name: str, device: torch.device) -> Subject:
    batch, case = cases(BY_NAME[name])[0]
    start, g = drawn(batch, case, device)
    square = torch.randn(start.shape[-1], start.shape[-1], dtype=g.dtype).to(device)
    objective = Objective(on_instance(case()), start, g, min(max(len(case().size), 1), 2))
    about = {"manifold": name, "point": "x".join(map(str, start.shape))}
    return about, lambda: start @ square, {OURS: objective}


def _step(objective: Callable[[], Tensor]) -> Step:
    return lambda: objective().backward()  # gradients add up: an optimizer would zero them


def tables(rows: Sequence[Row]) -> Mapping[str, TextTable]:
    """Return one line per map and mode, one column per size, and one line per manifold."""
    found = {}
    if sized := [row for row in rows if "size" in row]:
        found["Maps: time in products"] = pivoted(sized, "size", in_products)
    lines: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        if "manifold" in row:
            key = (row["manifold"], row["point"])
            lines.setdefault(key, {})[row["step"]] = f"{row['products']:.3g}"
    if lines:
        titles = ["manifold", "point", OURS, OURS + COMPILED]
        cells = [[*key, line[OURS], line[OURS + COMPILED]] for key, line in lines.items()]
        found["Manifolds: time in products"] = TextTable(titles, cells)
    return found


def require(part: str) -> None:
    """Know the sizes `NxK` and the manifolds."""
    if part[:1].isdigit():
        shape_of(part)
    else:
        require_known("manifold", part, BY_NAME)


BENCHMARK = Benchmark(
    parts=(*SIZES, *BY_NAME),
    measure=measure,
    tables=tables,
    unit="Forward and backward, as ratios to one product (n, k) @ (k, k) in the same rounds.",
    require=require,
)
