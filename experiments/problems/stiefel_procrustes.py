"""min ‖A X - B‖²_F over X ∈ O(p): orthogonal Procrustes, a batch of independent problems.

The optimum is known: X* = U V^T of A^T B = U S V^T (Schönemann 1966). It lies in one component of
O(p), and no continuous feasible method leaves the component it starts in, so every method starts at
the same random point of the component of X* (det X_0 = det U V^T).

Claim (Ablin & Peyre 2022, AISTATS, "Fast and accurate optimization on the orthogonal manifold
without retraction"): feasible methods hold the constraint, the landing method converges to it. The
thresholds below are ours. Of static charts (`-fixed`) and of `polar` without rebasing the
constraint is claimed and the gap only shown: see `methods/ours.py`. A penalty or unconstrained
method ends below the optimum, with the violation to show for it: the loss alone ranks nothing here.

Fairness: one start, one budget, momentum 0.9 (not for Adam, landing and projection, which it would
spoil: see there), one learning rate per method, tuned over `GRID` on a seed that is not reported
(`python -m experiments tune stiefel_procrustes`).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas
import torch
from torch import Tensor

from experiments.methods import METHODS, Family, Method
from experiments.runner.claims import at_most
from experiments.runner.columns import GAP, MIDDLE_MS, ROUND_TRIP, VIOLATION
from experiments.runner.experiment import (
    Claim,
    Context,
    Experiment,
    Limit,
    Settings,
    last,
    limits,
    worst,
)
from experiments.runner.extremes import highest
from experiments.runner.logs import Row
from experiments.runner.measure import dtype_of, floor, gap_and_violation, roundtrip, violation
from experiments.runner.trial import Optimization, Trial

LARGEST_GAP = 1e-2  # our threshold on (f - f*) / f*
GRID = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
LANDED = 100  # landing must end this much closer to the manifold than it was at its worst; ours
ROUNDTRIPS = 4  # a run assigns its iterate and reads it back this many times


@dataclass(frozen=True)
class Procrustes(Settings):
    """`batch` problems with A, B of shape (rows, size), entries N(0, 1/rows)."""

    steps: int = 400
    seeds: tuple[int, ...] = (0, 1)
    batch: int = 10
    rows: int = 60
    size: int = 60


@dataclass(frozen=True)
class Problem:
    """A, B and the optimum: value (*batch,), point (*batch, p, p)."""

    a: Tensor
    b: Tensor
    point: Tensor
    optimum: Tensor

    def loss(self, x: Tensor) -> Tensor:
        """Return ‖A X - B‖²_F: (*batch, p, p) -> (*batch,)."""
        return (self.a @ x - self.b).square().sum((-2, -1))

    def gap(self, x: Tensor) -> Tensor:
        """(f(X) - f*) / f* in float64; negative for a point that violates the constraint."""
        residual = self.a.double() @ x.double() - self.b.double()
        return residual.square().sum((-2, -1)) / self.optimum - 1


def problem(settings: Procrustes, context: Context) -> tuple[Problem, Tensor]:
    """Draw A, B and a start in the component of the optimum."""
    shape, generator = (settings.batch, settings.rows, settings.size), context.generator()
    a, b = (torch.randn(shape, generator=generator) / settings.rows**0.5 for _ in range(2))
    a, b = (matrix.to(context.device, context.dtype) for matrix in (a, b))
    point, optimum = closed_form(a, b)
    square = (settings.batch, settings.size, settings.size)
    x, _ = torch.linalg.qr(torch.randn(square, generator=generator, dtype=torch.float64))
    x = in_component_of(point, x.to(context.device))
    return Problem(a, b, point, optimum), x.to(context.dtype)


def closed_form(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """X* = U V^T of A^T B = U S V^T and f* = ‖A X* - B‖² (Schönemann 1966), both in float64."""
    a, b = a.double(), b.double()
    u, _, vt = torch.linalg.svd(a.mT @ b)
    return u @ vt, (a @ u @ vt - b).square().sum((-2, -1))


def in_component_of(point: Tensor, x: Tensor) -> Tensor:
    """Flip the first column of the matrices x whose determinant differs in sign from `point`'s."""
    sign = torch.linalg.det(point).sign() * torch.linalg.det(x).sign()
    return torch.cat([sign[..., None, None] * x[..., :1], x[..., 1:]], dim=-1)


def trial(settings: Procrustes, method: Method, context: Context) -> Trial:
    """Return one row per iterate, start included."""
    task, start = problem(settings, context)
    every = max(1, settings.steps // ROUNDTRIPS)

    def measure(step: int, x: Tensor) -> Row:
        return {
            "loss": task.loss(x).sum().item(),
            "gap": task.gap(x).max().item(),
            "violation": violation(x).max().item(),
            "roundtrip": None if step % every else roundtrip(method, x),
        }

    iterates = method.iterates(start, task.loss, context.learning_rate)
    return Optimization(iterates, measure, context.device)


def claims(settings: Procrustes, frame: pandas.DataFrame) -> list[Claim]:
    """Check each of our methods over all seeds and steps, then landing."""
    ours = frame[frame.family == Family.OURS]
    found = [_feasible_claim(settings, str(name), rows) for name, rows in ours.groupby("method")]
    landing = frame[frame.method == "landing"]
    return [*found, *([_landing_claim(landing)] if len(landing) else [])]


def _feasible_claim(settings: Procrustes, name: str, rows: pandas.DataFrame) -> Claim:
    rounding = floor(settings.size, dtype_of(rows))
    feasible = at_most("violation", worst("violation"), rounding)(rows)
    if not METHODS[name].optimum_claimed:
        return Claim(f"{name}: stays on the manifold", *limits(feasible))
    optimal = at_most("gap", last("gap"), LARGEST_GAP)(rows)
    return Claim(f"{name}: optimum on the manifold", *limits(optimal, feasible))


def _landing_claim(rows: pandas.DataFrame) -> Claim:
    start = highest(worst("violation")(rows).values())
    evidence = limits(
        Limit("gap", highest(abs(gap) for gap in last("gap")(rows).values()), LARGEST_GAP),
        at_most("violation", last("violation"), start / LANDED)(rows),
    )
    return Claim("landing: comes back to the manifold", *evidence)


EXPERIMENT = Experiment(
    name="stiefel_procrustes",
    summary="min ‖AX - B‖² over orthogonal X, optimum in closed form",
    source="Ablin & Peyre 2022 (AISTATS); Schönemann 1966 for the optimum",
    presets={
        "quick": Procrustes(),
        "paper": Procrustes(steps=500, seeds=(0, 1, 2, 3, 4), batch=1, rows=200, size=100),
    },
    methods=METHODS,
    trial=trial,
    claims=claims,
    columns=(
        GAP,
        VIOLATION,
        ROUND_TRIP,
        MIDDLE_MS,
    ),
    grid=GRID,
    merit=gap_and_violation,
)
