"""min ‖X - A‖_F over correlation matrices X (Higham 2002, IMA J. Numer. Anal. 22).

Published: for A = [1 1 0; 1 1 1; 0 1 1] the entries 0.7607 and 0.1573 at distance 0.5278 (the
introduction of the paper); for the 4 × 4 matrix tridiag(-1, 2, -1) the entries -0.8084, 0.1916,
0.1068 and -0.6562 (its section 4). The paper preset has random A of larger size instead.

The optimum f* of every A is computed from the dual of Qi & Sun 2006 (SIAM J. Matrix Anal. Appl.
28), max_y yᵀ1 + ‖A‖²/2 - ‖(A + Diag y)₊‖²/2, each of whose values is a lower bound of f*.

The nearest matrix is singular. `lbfgs`, `momentum` and `adam` are on `LowRankCorrelation` of rank
n, which is closed and has it; `open-lbfgs` is on `Correlation`, which is open, so that its
parameters run to infinity and its gap falls slowly: no optimum is claimed of it. `psd-lbfgs` is on
the cone `PositiveSemidefinite`: its P says X = D^(-1/2) P D^(-1/2), D = diag P. Higham's
alternating projections begin at A; everyone else at one random correlation matrix per seed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas
import torch
from scipy.optimize import minimize
from torch import Tensor, nn

import manifolds
from experiments.methods import Method
from experiments.methods.arms import geoopt, infeasible, named, ours, solvers
from experiments.methods.elliptope import of_unit_diagonal
from experiments.methods.method import (
    Descend,
    Family,
    Iterates,
    Loss,
    Updated,
    gradient,
    lbfgs,
    parametrized,
    weight_of,
)
from experiments.methods.ours import on, rebase
from experiments.methods.pymanopt import pymanopt_on
from experiments.methods.through import through
from experiments.runner.claims import at_most, claimed, of_ours, size_of
from experiments.runner.columns import GAP, OF_OPTIMUM
from experiments.runner.experiment import (
    Claim,
    Context,
    Settings,
    last,
    worst,
)
from experiments.runner.extremes import highest
from experiments.runner.known_optimum import of_known_optimum
from experiments.runner.logs import Row
from experiments.runner.measure import dtype_of, roundtrip
from experiments.runner.side_by_side import SideBySide
from experiments.runner.trial import Optimization, Trial

PUBLISHED = {  # size -> the entries above the diagonal that the paper prints, by position
    3: {(0, 1): 0.7607, (0, 2): 0.1573, (1, 2): 0.7607},
    4: {(0, 1): -0.8084, (0, 2): 0.1916, (0, 3): 0.1068, (1, 2): -0.6562},
}
DIGITS = 5e-5  # half a unit of the last printed digit
DISTANCE_OF_3 = 0.52779046  # the printed 0.5278 with more digits, as the dual gives them
LARGEST_GAP = 1e-8  # of (d - d*) / d*
PENALTY = 100.0  # λ beside a loss whose Hessian is I
GRID = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
MOST_ITERATIONS = 500  # of pymanopt's solvers, which run whole; those beyond `steps` are not shown
NOISE = 0.1  # of the random A: a correlation matrix plus symmetric normal noise of this size


@dataclass(frozen=True)
class Nearest(Settings):
    """Sizes of the matrices: 3 and 4 are Higham's, others random."""

    steps: int = 60
    seeds: tuple[int, ...] = (0, 1, 2)
    sizes: tuple[int, ...] = (3, 4)


def matrix(size: int, generator: torch.Generator) -> Tensor:
    """Return A: (n, n)."""
    if size == 3:
        return torch.tensor([[1, 1, 0], [1, 1, 1], [0, 1, 1]], dtype=torch.float64)
    if size == 4:
        beside = torch.ones(3, dtype=torch.float64)
        return 2 * torch.eye(4, dtype=torch.float64) - beside.diag(1) - beside.diag(-1)
    c = manifolds.Correlation(size).random_point(generator=generator, dtype=torch.float64)
    e = torch.randn(size, size, generator=generator, dtype=torch.float64)
    return c + NOISE * (e.triu(1) + e.triu(1).mT)


def distance(a: Tensor) -> float:
    """Return min ‖X - A‖ by the dual, in float64."""

    def dual(y: Any) -> tuple[float, Any]:
        positive = positive_part(a + torch.tensor(y).diag())
        value = (positive.square().sum() - a.square().sum()) / 2 - y.sum()
        return value.item(), (positive.diagonal() - 1).numpy()

    precise = {"ftol": 0, "gtol": 1e-12, "maxiter": 1000}
    y = torch.zeros(len(a), dtype=torch.float64).numpy()
    found = minimize(dual, y, jac=True, method="L-BFGS-B", options=precise)
    return (2 * max(-found.fun, 0.0)) ** 0.5


def positive_part(a: Tensor) -> Tensor:
    """Return the nearest positive semidefinite matrix (Higham 1988)."""
    values, v = torch.linalg.eigh(a)
    return (v * values.clamp(min=0)) @ v.mT


def trial(settings: Nearest, method: Method, context: Context) -> Trial:
    """Return one row per iterate, for all sizes together."""
    return SideBySide({str(n): _trial(settings, method, context, n) for n in settings.sizes})


def _trial(settings: Nearest, method: Method, context: Context, size: int) -> Trial:
    generator = context.generator()
    a = matrix(size, generator)
    best = distance(a)
    start = manifolds.Correlation(size).random_point(generator=generator, dtype=torch.float64)
    a, start = (x.to(context.device, context.dtype) for x in (a, start))

    def loss(x: Tensor) -> Tensor:
        return (x - a).square().sum() / 2

    def measure(step: int, x: Tensor) -> Row:
        found = torch.dist(x, a).item()
        return {
            "loss": loss(x).item(),
            "distance": found,
            "gap": found / best - 1,
            "violation": manifolds.LowRankCorrelation(size, size, rank=size).violation(x).item(),
            "roundtrip": roundtrip(method, x) if step in (0, settings.steps) else None,
            "misprint": misprint(x),
        }

    return Optimization(
        method.iterates(start, loss, context.learning_rate), measure, context.device
    )


def misprint(x: Tensor) -> float | None:
    """Return the largest difference from a printed entry, None where none was printed."""
    printed = PUBLISHED.get(len(x), {})
    return highest(abs(x[i].item() - value) for i, value in printed.items()) if printed else None


def claims(settings: Nearest, frame: pandas.DataFrame) -> list[Claim]:
    """L-BFGS finds the printed numbers; all of our methods stay in the elliptope."""
    rounding = manifolds.tolerance(max(settings.sizes), dtype_of(frame))
    feasible = at_most("violation", worst("violation"), rounding)
    printed = [
        at_most(f"entries {n}", last(f"misprint {n}"), DIGITS)
        for n in settings.sizes
        if n in PUBLISHED
    ]
    optimal = at_most("|gap|", size_of(last("gap")), LARGEST_GAP)
    optimizing, others = claimed(frame, METHODS)
    return [
        *of_ours(optimizing, "nearest correlation matrix", *printed, optimal, feasible),
        *of_ours(others, "stays in the elliptope", feasible),
    ]


def closed(module: nn.Module) -> nn.Module:
    """Constrain to correlation matrices of any rank: rank <= n."""
    size = len(weight_of(module))
    return on(manifolds.LowRankCorrelation, rank=size)(module)


def alternating_projections(start: Tensor, loss: Loss, _rate: float) -> Iterates:
    """Y ← diag-one(S), S = (Y - D)₊, D ← S - (Y - D) (Higham 2002, algorithm 3.3), from Y = A."""

    def update(y: Tensor, d: Tensor) -> tuple[Tensor, Tensor]:
        s = positive_part(y - d)
        return s - s.diagonal().diag() + torch.eye(len(s)).to(s), s - (y - d)

    return Updated(start - gradient(loss, start), update)


def gram(y: Tensor) -> Tensor:
    """Y Yᵀ."""
    return y @ y.mT


def pymanopt(solver: str) -> Descend:
    """Use its elliptope: Y of n × n with unit rows, up to rotation."""
    elliptope = pymanopt_on(lambda sets, y: sets.Elliptope(*y.shape), solver, MOST_ITERATIONS)
    return through(elliptope, torch.linalg.cholesky, gram)


def on_factor(method: Method) -> Method:
    """Return the method on Y, rows on the sphere, as one on X = Y Yᵀ."""
    return replace(method, iterates=through(method.iterates, torch.linalg.cholesky, gram))


def defect(x: Tensor) -> Tensor:
    """‖X₋‖² + ‖diag X - 1‖² + ‖X - Xᵀ‖²."""
    negative = torch.linalg.eigvalsh((x + x.mT) / 2).clamp(max=0)
    parts = (negative, x.diagonal() - 1, x - x.mT)
    return torch.stack([part.square().sum() for part in parts]).sum()


OPEN = on(manifolds.Correlation)
METHODS = named(
    *ours(closed, rebase),
    Method("open-lbfgs", Family.OURS, parametrized(OPEN, lbfgs), OPEN, optimum_claimed=False),
    of_unit_diagonal("psd-lbfgs", on(manifolds.PositiveSemidefinite)),
    *map(on_factor, geoopt("Sphere")),
    *solvers(pymanopt),
    Method("alternating-projections", Family.PEER, alternating_projections),
    *infeasible(defect, PENALTY),
)


EXPERIMENT = of_known_optimum(
    name="nearest_correlation",
    summary="the correlation matrix nearest to a symmetric one",
    source="Higham 2002 (IMA J. Numer. Anal.); optimum by the dual of Qi & Sun 2006",
    presets={
        "quick": Nearest(),
        "paper": Nearest(steps=300, sizes=(500, 2000)),
    },
    methods=METHODS,
    trial=trial,
    claims=claims,
    columns=(replace(GAP, meaning="(d - d*) / d* of the distances"), *OF_OPTIMUM[1:]),
    grid=GRID,
)
