"""max Σ_{ij} w_ij (1 - ⟨v_i, v_j⟩)/2 over unit vectors v_i: the semidefinite bound of MaxCut.

Burer & Monteiro 2003 (Math. Program. 95) solve the relaxation of Goemans & Williamson 1995 through
X = V Vᵀ with unit rows, V of size n × r; Boumal, Voroninski & Bandeira 2016 show that generically
no local maximum is worse than the optimum once r (r + 1)/2 > n. A smaller r needs no such theorem
here: each run ends with a dual certificate. With y_i = ((L/4) V Vᵀ)_ii, S = diag(y) - L/4 and
S + δI ⪰ 0, the bound is at most Σ y_i + nδ, and the certificate is that over the value, minus 1
(infinite off the manifold, where Σ y_i is not the value of any feasible point).

Graphs need no download: `5` is the cycle C5 and `25x120` the toroidal grid G50 of the Gset (G48 is
50x60, G49 30x100). Their bound is (ab/4) (m(a) + m(b)), m(k) = 2 - 2 cos(2π⌊k/2⌋/k), ab/4 times the
Laplacian's largest eigenvalue: 5988.17 for G50, 4.52254 for C5. Their largest cut leaves one edge
of each odd ring: 5880 and 4. Any other name, such as G1, is that of the user's file.

Cuts come from the signs of V g, g normal, the best of 100 (Goemans & Williamson 1995).

Three methods move X itself, on graphs of at most `dense` nodes (L-BFGS keeps 200 vectors, 14 GB at
3000). `lowrank-lbfgs` is on `LowRankCorrelation`, which has the optimum. `fixedrank-lbfgs` is on
`FixedRankPSD`, which knows no diagonal: its P says X = D^(-1/2) P D^(-1/2), D = diag P, and r is
the smallest with r (r + 1)/2 > n if that is below `rank`. `correlation-lbfgs` is on `Correlation`,
from 0.9 X + 0.1 I of the common start. Optima have rank 2 here, on the boundary of the last two
sets, of ranks r and n, which only come close: `correlation-lbfgs` to 7e-6 or less in most runs, and
to 0.024 in one (C5, seed 0), whose z had run to where gradients vanish; of it no optimum is
claimed.

Of `lbfgs` no optimum is claimed: it never moves the base, and vectors that travel far from it make
its chart uneven and its convergence slow (5876 or 5878 edges where `lbfgs-rebased` finds 5880).

Fairness: one start, one budget of steps, a rate tuned over `GRID` on a seed that is not reported.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas
import torch
from torch import Tensor
from torch.nn.functional import normalize

import manifolds
from experiments.data.graphs import Graph, certificate, graph, rounded
from experiments.methods import Method
from experiments.methods.arms import geoopt, infeasible, named, ours, projected, solvers
from experiments.methods.elliptope import MATRICES, factor
from experiments.methods.ours import on, rebase
from experiments.methods.pymanopt import pymanopt_rows
from experiments.runner.claims import Limited, at_most, claimed, of_ours, size_of
from experiments.runner.columns import GAP, ROUND_TRIP, VIOLATION
from experiments.runner.errors import ExperimentError
from experiments.runner.experiment import (
    Claim,
    Column,
    Context,
    PerSeed,
    Settings,
    last,
    of_last_rows,
    worst,
)
from experiments.runner.known_optimum import of_known_optimum
from experiments.runner.logs import Row
from experiments.runner.measure import dtype_of, roundtrip
from experiments.runner.side_by_side import SideBySide
from experiments.runner.trial import Optimization, Trial

LARGEST_GAP = 1e-3  # of the value below the bound, and of the certificate
PENALTY = 10.0  # λ: the degree is 4 and its gradient at most 2 per unit of length
GRID = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
MOST_ITERATIONS = 1000  # of pymanopt's solvers, which run whole; those beyond `steps` are not shown


@dataclass(frozen=True)
class MaxCut(Settings):
    """Names of the graphs, the number of columns of V, and how many nodes X itself may have."""

    steps: int = 150
    seeds: tuple[int, ...] = (0, 1, 2)
    graphs: tuple[str, ...] = ("5", "9x10", "25x120")
    rank: int = 10
    dense: int = 300


@dataclass(frozen=True)
class Form:
    """What the iterates of a method are, and what they say."""

    entries: Callable[[Graph, Tensor], Tensor]  # of X, on the edges: -> (m,)
    rows: Callable[[Tensor], Tensor]  # V with X = V Vᵀ
    violation: Callable[[Tensor], Tensor]


def off_elliptope(x: Tensor) -> Tensor:
    """Return how far X is from correlation matrices: (n, n) -> ()."""
    return manifolds.LowRankCorrelation(len(x), rank=len(x)).violation(x)


def off_spheres(v: Tensor) -> Tensor:
    """Return how far the worst row of V is from norm 1: (n, r) -> ()."""
    return manifolds.Sphere(v.shape[-1]).violation(v).max()


ROWS = Form(Graph.of_rows, lambda v: v, off_spheres)
MATRIX = Form(Graph.of_matrix, factor, off_elliptope)


def generic_rank(n: int) -> int:
    """Return the smallest r with r (r + 1)/2 > n (Boumal, Voroninski & Bandeira 2016)."""
    return (math.isqrt(8 * n + 1) - 1) // 2 + 1


def trial(settings: MaxCut, method: Method, context: Context) -> Trial:
    """Return one row per iterate, for all graphs together."""
    graphs = {name: graph(name) for name in settings.graphs}
    if method.name in MATRICES:
        graphs = {name: g for name, g in graphs.items() if g.size <= settings.dense}
    if not graphs:
        need = f"{method.name} needs a graph of at most {settings.dense} nodes (setting `dense`)"
        raise ExperimentError(f"{need}, got {', '.join(settings.graphs)}; add one, such as 9x10")
    return SideBySide({n: _trial(settings, method, context, g) for n, g in graphs.items()})


def _trial(settings: MaxCut, method: Method, context: Context, g: Graph) -> Trial:
    generator, form = context.generator(), MATRIX if method.name in MATRICES else ROWS
    sphere = manifolds.Sphere(settings.rank)
    start = sphere.random_point(g.size, generator=generator, dtype=torch.float64)
    if form is MATRIX:
        v = normalize(start[:, : generic_rank(g.size)])
        start = v @ v.mT

    def measure(step: int, x: Tensor) -> Row:
        ended, violation = step == settings.steps, form.violation(x).item()
        value = g.value(form.entries(g, x.double())).item()
        feasible = violation <= manifolds.tolerance(x.shape[-1], x.dtype)
        v = form.rows(x.double().cpu()) if ended else None
        cut = None if v is None else rounded(g, v, generator)
        return {
            "loss": -value,
            "gap": 1 - value / g.bound,
            "violation": violation,
            "roundtrip": roundtrip(method, x) if step in (0, settings.steps) else None,
            "certificate": None if v is None else certificate(g, v) if feasible else math.inf,
            "cut": cut,
            "missing": None if cut is None else g.cut - cut,
        }

    def loss(x: Tensor) -> Tensor:
        return -g.value(form.entries(g, x))

    start = start.to(context.device, context.dtype)
    iterates = method.iterates(start, loss, context.learning_rate)
    return Optimization(iterates, measure, context.device)


def over_graphs(column: str, names: Sequence[str] = ()) -> PerSeed:
    """Return the worst of a column over graphs, a method's own if none, in each seed's last row."""

    def ends(rows: pandas.DataFrame) -> Mapping[int, float]:
        final = of_last_rows(rows)[[f"{column} {name}" for name in names or of_method(rows)]]
        return final.astype(float).max(axis=1, skipna=False).to_dict()

    return ends


def of_method(rows: pandas.DataFrame) -> list[str]:
    """Return the graphs that a method had."""
    had = rows.filter(regex="^loss ").dropna(axis=1, how="all")
    return [column.removeprefix("loss ") for column in had]


def nodes(rows: pandas.DataFrame) -> Mapping[int, float]:
    """Return the number of nodes of the largest graph that a method had."""
    return {0: max(graph(name).size for name in of_method(rows))}


def claims(settings: MaxCut, frame: pandas.DataFrame) -> list[Claim]:
    """L-BFGS reaches bound, certificate and cut; all of our methods stay where X is feasible."""
    whole, dtype = frame.method.isin(MATRICES), dtype_of(frame)
    found = []
    for rows, text, size, names in (
        (frame[~whole], "unit vectors", settings.rank, settings.graphs),
        (frame[whole], "stays in the elliptope", settings.dense, small(settings)),
    ):
        feasible = at_most("violation", worst("violation"), manifolds.tolerance(size, dtype))
        optimizing, others = claimed(rows, METHODS)
        text_of_optimum = "the semidefinite bound and cut"
        found += of_ours(optimizing, text_of_optimum, *known(names), feasible)
        found += of_ours(others, text, feasible)
    return found


def small(settings: MaxCut) -> list[str]:
    """Return the graphs whose X is not too large."""
    return [name for name in settings.graphs if graph(name).size <= settings.dense]


def known(names: Sequence[str]) -> list[Limited]:
    """Return the limits of the certificate, and of gap and cut where they are known."""
    certified = at_most("certificate", over_graphs("certificate", names), LARGEST_GAP)
    return [certified] + [
        limit
        for name in names
        if not math.isnan(graph(name).bound)
        for limit in (
            at_most(f"|gap| {name}", size_of(last(f"gap {name}")), LARGEST_GAP),
            at_most(f"missing {name}", last(f"missing {name}"), 0),
        )
    ]


METHODS = {
    **named(*ours(on(manifolds.Sphere), rebase, unclaimed="lbfgs")),
    **MATRICES,
    **named(
        *geoopt("Sphere"),
        *solvers(pymanopt_rows(MOST_ITERATIONS)),
        *projected(normalize),
        *infeasible(lambda x: (x.square().sum(-1) - 1).square().sum(), PENALTY),
    ),
}


EXPERIMENT = of_known_optimum(
    name="maxcut_torus",
    summary="the semidefinite bound of MaxCut on cycles, toroidal grids and Gset files",
    source="Burer & Monteiro 2003; Goemans & Williamson 1995; Gset (Helmberg & Rendl 2000)",
    presets={
        "quick": MaxCut(),
        "paper": MaxCut(steps=1000, graphs=("9x10", "50x60", "30x100", "25x120"), rank=78),
    },
    methods=METHODS,
    trial=trial,
    claims=claims,
    columns=(
        Column("nodes", nodes, "{:.0f}", meaning="of the method's largest graph"),
        replace(GAP, format="{:.0e}"),
        Column("proof", over_graphs("certificate"), "{:.0e}", meaning="the certificate's gap"),
        Column("edges missing", over_graphs("missing"), "{:.0f}", meaning="from the largest cut"),
        VIOLATION,
        ROUND_TRIP,
    ),
    grid=GRID,
)
