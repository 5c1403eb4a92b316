"""Time until the gap of orthogonal Procrustes has fallen: moved bases, retractions and landing.

min ‖A X - B‖² over XᵀX = I_k, A (n, n) and B (n, k) with entries N(0, 1/n), as in
`stiefel_procrustes`. Tall X has no closed form, so there B = A X* with X* a random frame, f* = 0.
The gap is (f - f*) over its value at the start. Each method descends by momentum 0.9 (landing
without) at its one rate of `RATES` with the fewest steps to the last of `GAPS` at n/4, k/4 on
another seed: entries of variance 1/n give AᵀA and AᵀB the same spectrum at every size.

All methods go in step: every round times one step of each, beside a product (n, k) @ (k, k) and the
gradient of f, which every step contains. The gap is measured outside of the clock, in float64.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

import manifolds
from experiments.benchmarks.benchmark import Benchmark, Row, Setup, Shape, pivoted, shape_of
from experiments.benchmarks.maps import PRODUCT, TIMED, in_products
from experiments.benchmarks.stopwatch import timed
from experiments.methods import METHODS, Family, Method
from experiments.methods.method import Iterates, gradient, momentum_descent, parametrized
from experiments.methods.ours import on
from experiments.problems.stiefel_procrustes import closed_form, in_component_of
from experiments.runner.errors import ExperimentError
from experiments.runner.measure import violation
from experiments.runner.tables import TextTable

GAPS = (1e-2, 1e-3)
RATES = (0.03, 0.1, 0.3, 1.0)
MOST_STEPS = 200  # a method that needs more is left behind: twice what the slowest of the rest took
SEED, TUNING_SEED = 0, 1
SHRUNK = 4  # rates are tuned at n / 4, k / 4; landing wants another at a sixteenth (measured)
EVERY = 10
GRADIENT = "gradient of f"
NOT_MET = "-"


def rebased_every(every: int) -> Method:
    """Cayley with `manifolds.Rebase(optimizer, every=...)`."""

    def optimizer(parameters: object, learning_rate: float) -> torch.optim.Optimizer:
        descent = momentum_descent(parameters, learning_rate)  # type: ignore[arg-type]
        manifolds.Rebase(descent, every=every)
        return descent

    attach = on(manifolds.Orthogonal, map="cayley")
    name = f"cayley-rebased, every {every}"
    return Method(name, Family.OURS, parametrized(attach, optimizer), attach)


RACED: dict[str, Method] = {
    method.name: method
    for method in (
        METHODS["cayley"],
        METHODS["cayley-rebased"],
        rebased_every(EVERY),
        METHODS["exponential-rebased"],
        METHODS["polar-rebased"],
        METHODS["geoopt-sgd"],
        TIMED["geoopt-euclidean"],
        METHODS["landing"],
    )
}


@dataclass(frozen=True)
class Procrustes:
    """A, B, the optimal value and the start."""

    a: Tensor
    b: Tensor
    optimum: float
    start: Tensor

    def loss(self, x: Tensor) -> Tensor:
        """‖A X - B‖²."""
        return (self.a @ x - self.b).square().sum((-2, -1))

    def gap(self, x: Tensor) -> float:
        """f(X) - f*, the sum in float64."""
        return (self.a @ x - self.b).double().square().sum().item() - self.optimum


def problem(shape: Shape, seed: int, device: torch.device) -> Procrustes:
    """Draw A, B and a start, for square X in the component of the optimum."""
    (n, k), generator = shape, torch.Generator().manual_seed(seed)
    a = torch.randn(n, n, generator=generator) / n**0.5
    start, target = (_frame(shape, generator) for _ in range(2))
    if n == k:
        b = torch.randn(n, k, generator=generator) / n**0.5
        point, value = closed_form(a, b)
        start, optimum = in_component_of(point, start), value.item()
    else:
        b, optimum = a @ target.float(), 0.0
    return Procrustes(a.to(device), b.to(device), optimum, start.float().to(device))


def _frame(shape: Shape, generator: torch.Generator) -> Tensor:
    return torch.linalg.qr(torch.randn(shape, generator=generator, dtype=torch.float64))[0]


@dataclass
class Runner:
    """A method on its way: the seconds of its steps, and where it first met each gap."""

    iterates: Iterates
    task: Procrustes
    seconds: list[float] = field(default_factory=list)
    met: dict[float, tuple[int, float]] = field(default_factory=dict)  # gap -> steps, violation

    def __call__(self) -> None:
        """Take one step."""
        self.x = next(self.iterates)

    def row(self) -> Row:
        """The median step, and what was met."""
        met = {f"{gap:g}": list(found) for gap, found in self.met.items()}
        return {"seconds": statistics.median(self.seconds), "met": met}

    def look(self, first: float) -> bool:
        """Whether to go on: the last gap is not met, and nothing has diverged."""
        left, steps = self.task.gap(self.x) / first, len(self.seconds) - 1  # X_0 took no step
        for gap in GAPS:
            if left <= gap and gap not in self.met:
                self.met[gap] = (steps, violation(self.x).item())
        return GAPS[-1] not in self.met and left <= 1 / GAPS[0]


def race(
    task: Procrustes, runners: Mapping[str, Runner], most: int, device: torch.device
) -> tuple[float, float]:
    """Let all runners step in turns; return the median seconds of a product and of a gradient."""
    k, first = task.start.shape[-1], task.gap(task.start)
    square, alive = torch.randn(k, k, device=device), dict(runners)
    always: dict[str, Callable[[], object]] = {
        PRODUCT: lambda: task.start @ square,
        GRADIENT: lambda: gradient(task.loss, task.start),
    }
    seconds: dict[str, list[float]] = {name: [] for name in always}
    for _ in range(most + 1):
        for name, step in always.items():
            seconds[name].append(timed(step, device))
        for name, runner in list(alive.items()):
            runner.seconds.append(timed(runner, device))
            if not runner.look(first):
                del alive[name]
        if not alive:
            break
    return statistics.median(seconds[PRODUCT]), statistics.median(seconds[GRADIENT])


def tuned(method: Method, shape: Shape, device: torch.device) -> float:
    """Return the rate with the fewest steps to the last gap; without one, with the least gap."""
    small = tuple(max(size // SHRUNK, 1) for size in shape)
    task, best = problem(small, TUNING_SEED, device), (MOST_STEPS, float("inf"), RATES[0])
    for rate in RATES:
        runner = Runner(method.iterates(task.start, task.loss, rate), task)
        race(task, {method.name: runner}, best[0], device)
        steps, _ = runner.met.get(GAPS[-1], (MOST_STEPS, 0.0))
        best = min(best, (steps, abs(task.gap(runner.x)), rate))
    return best[2]


def measure(size: str, setup: Setup) -> list[Row]:
    """Return one row per method: its step, and steps and violation at each gap."""
    shape, device = shape_of(size), setup.device
    task = problem(shape, SEED, device)
    rates = {name: tuned(method, shape, device) for name, method in RACED.items()}
    runners = {
        name: Runner(method.iterates(task.start, task.loss, rates[name]), task)
        for name, method in RACED.items()
    }
    product, descent = race(task, runners, MOST_STEPS, device)
    found: list[Row] = [
        {"step": PRODUCT, "seconds": product},
        {"step": GRADIENT, "seconds": descent},
        *({"step": name, "rate": rates[name], **runner.row()} for name, runner in runners.items()),
    ]
    return [
        {
            **row,
            "size": size,
            "products": row["seconds"] / product,
        }
        for row in found
    ]


def tables(rows: Sequence[Row]) -> Mapping[str, TextTable]:
    """Return the cost of a step and of progress, one column per size."""
    methods = [row for row in rows if "rate" in row]
    found = {"One step in products": pivoted(rows, "size", in_products)}
    for gap in GAPS:
        cells = pivoted(methods, "size", partial(_to_gap, gap=gap))
        found[f"To {gap:g} of the gap: products (steps)"] = cells
    last = GAPS[-1]
    found[f"Violation at {last:g} of the gap, and seconds"] = pivoted(methods, "size", _there)
    found["Learning rates"] = pivoted(methods, "size", lambda row: f"{row['rate']:g}")
    return found


def _to_gap(row: Row, gap: float) -> str:
    met = row["met"].get(f"{gap:g}")
    return f"{met[0] * row['products']:.0f} ({met[0]})" if met else NOT_MET


def _there(row: Row) -> str:
    met = row["met"].get(f"{GAPS[-1]:g}")
    return f"{met[1]:.0e}, {met[0] * row['seconds']:.2g} s" if met else NOT_MET


def require(size: str) -> None:
    """Raise an `ExperimentError` for a size that is not one matrix."""
    if len(shape_of(size)) != 2:
        raise ExperimentError(f"size {size!r} is not one matrix NxK; examples: 256x256, 1024x128")


UNIT = (
    "Steps and times until the gap of orthogonal Procrustes is the given part of that at the "
    "start, momentum 0.9 except for landing, rates tuned over "
    f"{', '.join(f'{rate:g}' for rate in RATES)} at a quarter of the size; `-`: not within "
    f"{MOST_STEPS} steps. A step is the median of all of its run, as a ratio to one product "
    "(n, k) @ (k, k), and contains the gradient of f; the methods step in turns. The violation is "
    "‖XᵀX - I‖ in the Frobenius norm."
)
BENCHMARK = Benchmark(
    parts=("256x256", "1024x128", "1024x1024"),
    measure=measure,
    tables=tables,
    unit=UNIT,
    require=require,
    clock="",
)
