"""Identify stable linear systems, x_{t+1} = A x_t and ẋ = A x, from few noisy samples.

min f(X) = ‖Y - X Z‖²_F / ‖Y‖²_F over stable X, states Z and their successors (or derivatives) Y =
A Z + noise, both (n, samples). A is stable with eigenvalues near the boundary; the least-squares
fit Y Z⁺ often is not, and its predictions then blow up. Only systems with an unstable fit are kept:
of the others the least-squares fit is the answer.

Reference: Gillis, Karow & Sharma, Approximating the nearest stable discrete-time system, 2019
(ρ(X) < 1, here `SchurStable`); Gillis & Sharma, On computing the distance to stability for matrices
using linear dissipative Hamiltonian systems, 2017 (Re λ < 0, here `Hurwitz`). Their figure of merit
is the error at a stable X; they minimize ‖A - X‖_F, which for Z = I is our f. Claim, ours: stable
at every step, and an error no larger than that of the projected least-squares fit. Adam at a
constant rate now and then leaves a small error that it has found (in up to 14 of the last 100 steps
that of some system was above its projected fit's, measured), so that errors are those at the step
with the lowest loss, which whoever may stop at any step keeps.

All methods but the two closed forms start at the projected fit, take the same number of steps of
Adam, and the rate is tuned over `GRID` on a seed that is not reported. `scaled-fit` moves the
eigenvalues inside by a factor (or a shift); with `penalty` λ Σ max(0, excess of λ_i)² is added.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import pandas
import torch
from torch import Tensor

from experiments.methods import Family, Method
from experiments.methods.stable import MARGIN, METHODS, SCALED, excess, moved, projected
from experiments.runner.claims import at_most
from experiments.runner.columns import MIDDLE_MS, VIOLATION
from experiments.runner.experiment import (
    Claim,
    Column,
    Context,
    Experiment,
    Settings,
    at_lowest,
    limits,
    worst,
)
from experiments.runner.logs import Row
from experiments.runner.measure import final_loss, roundtrip
from experiments.runner.trial import Optimization, Trial

NEAR = 0.02  # the true systems' distance from instability
CANDIDATES = 16  # systems drawn for each one kept; about half have an unstable fit
GRID = (0.003, 0.01, 0.03, 0.1)
lowest = functools.partial(at_lowest, "loss")
ROUNDTRIPS = 4  # a run assigns its iterate and reads it back this many times


@dataclass(frozen=True)
class StableDynamics(Settings):
    """`systems` of each kind with `size` states, and how many samples with which noise."""

    steps: int = 600
    seeds: tuple[int, ...] = (0, 1, 2)
    systems: int = 8
    size: int = 6
    samples: int = 12
    noise: float = 0.3


@dataclass(frozen=True)
class Problem:
    """States Z, successors Y, true systems A, in float64; the first dimension is the kind."""

    z: Tensor
    y: Tensor
    a: Tensor

    def error(self, x: Tensor) -> Tensor:
        """‖Y - X Z‖² / ‖Y‖²: (2, systems, n, n) -> (2, systems)."""
        residual = self.y.to(x) - x @ self.z.to(x)
        return residual.square().sum((-2, -1)) / self.y.to(x).square().sum((-2, -1))

    def least_squares(self) -> Tensor:
        """Y Z⁺."""
        return self.y @ torch.linalg.pinv(self.z)

    def distance(self, x: Tensor) -> Tensor:
        """‖X - A‖_F / ‖A‖_F."""
        return torch.linalg.matrix_norm(x.double() - self.a) / torch.linalg.matrix_norm(self.a)


def problem(settings: StableDynamics, context: Context) -> Problem:
    """Draw systems and keep the first of each kind whose least-squares fit is unstable."""
    generator, n = context.generator(), settings.size
    shape = (2, CANDIDATES * settings.systems, n, settings.samples)

    def normal(*size: int) -> Tensor:
        return torch.randn(size, generator=generator, dtype=torch.float64).to(context.device)

    a = moved(2 * normal(*shape[:2], n, n), NEAR)  # the factor 2 makes the draws unstable
    z = normal(*shape)
    drawn = Problem(z, a @ z + settings.noise * normal(*shape), a)
    unstable = excess(drawn.least_squares()).amax(-1) > 0
    chosen = torch.stack([kind.nonzero()[: settings.systems, 0] for kind in unstable])
    kinds = torch.arange(2, device=chosen.device)[:, None]
    return Problem(*(tensor[kinds, chosen] for tensor in (drawn.z, drawn.y, drawn.a)))


def trial(settings: StableDynamics, method: Method, context: Context) -> Trial:
    """Return one row per iterate; errors relative to the three fits in closed form."""
    task = problem(settings, context)
    fit = task.least_squares()
    start, scaled = projected(fit), moved(fit, MARGIN)
    least, of_start, of_scaled = (task.error(x) for x in (fit, start, scaled))
    every = max(1, settings.steps // ROUNDTRIPS)

    def measure(step: int, x: Tensor) -> Row:
        error, out = task.error(x.double()), excess(x).amax(-1)
        return {
            "loss": error.sum().item(),
            "gap": (error / least - 1).median().item(),
            "over_projected": (error / of_start).max().item(),
            "over_scaled": (error / of_scaled).max().item(),
            "identification": task.distance(x).median().item(),
            "radius": 1 + out[0].max().item(),
            "abscissa": out[1].max().item(),
            "violation": out.max().clamp_min(0).item(),
            "roundtrip": None if step % every else roundtrip(method, x),
        }

    begin = (scaled if method.name == SCALED else start).to(context.dtype)
    iterates = method.iterates(begin, task.error, context.learning_rate)
    return Optimization(iterates, measure, context.device)


def claims(_settings: StableDynamics, frame: pandas.DataFrame) -> list[Claim]:
    """Check ours over all systems, seeds and steps."""
    ours = frame[frame.family == Family.OURS]
    return [_claim(str(name), rows) for name, rows in ours.groupby("method")]


def _claim(name: str, rows: pandas.DataFrame) -> Claim:
    evidence = limits(
        at_most("violation", worst("violation"), 0.0)(rows),
        at_most("error / projected", lowest("over_projected"), 1.0)(rows),
    )
    text = "stable at every step, at the lowest loss better than the projected fit"
    return Claim(f"{name}: {text}", *evidence)


EXPERIMENT = Experiment(
    name="stable_dynamics",
    summary="linear systems identified from data, stable at every step",
    source="Gillis & Sharma 2017 and Gillis, Karow & Sharma 2019 for the sets; threshold ours",
    presets={
        "quick": StableDynamics(),
        "paper": StableDynamics(4000, (0, 1, 2), systems=4, size=100, samples=200),
    },
    methods={method.name: method for method in METHODS},
    trial=trial,
    claims=claims,
    columns=(
        Column("over least squares", lowest("gap"), spread=True, meaning="error beyond theirs"),
        Column("error over projected", lowest("over_projected"), "{:.3f}", meaning="worst ratio"),
        Column("error over scaled", lowest("over_scaled"), "{:.3f}", meaning="worst ratio"),
        VIOLATION,
        MIDDLE_MS,
    ),
    grid=GRID,
    merit=final_loss,  # the error, summed over the systems
)
