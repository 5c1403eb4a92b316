"""Three problems over doubly stochastic matrices and the simplex, trained side by side.

1. Assignment: min ⟨C, P⟩ over doubly stochastic P. The optimum is a permutation's (Birkhoff 1946),
   found by the Hungarian algorithm. No feasible P is below it; P after 20 Sinkhorn steps is.
2. Manifold-constrained hyper-connections (Xie et al. 2025): the streams of a deep network mix by
   doubly stochastic H_l, and the gain of H_60 ... H_1 stays 1. With free H_l (hyper-connections,
   Zhu et al. 2024) they report gains near 3000 in a language model; here it is only measured, on
   60 layers of 4 streams that learn the bundled digits.
3. max xᵀA x over the simplex is 1 - 1/ω for a graph with clique number ω (Motzkin & Straus 1965):
   0.8 for the karate club (Zachary 1977), where ω = 5.

The three share no parameter, so one run trains all. `unconstrained` has problem 2 only: without
constraint the others have no optimum. Of 3, with many local maxima, the best of several starts
counts. Adam for all; the constrained weights' rate is tuned over `GRID` on an unreported seed.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, cast

import numpy
import pandas
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import manifolds
from experiments import data
from experiments.data.images import Labelled
from experiments.methods import Family, Method
from experiments.methods.method import Matrix, weight_of
from experiments.methods.probability import METHODS, constrained, penalty, violation
from experiments.networks.hyper_connections import HyperConnected, gains
from experiments.networks.training import TrainingSettings, drawn
from experiments.runner.claims import at_most
from experiments.runner.columns import STEP_MS, VIOLATION
from experiments.runner.experiment import (
    Claim,
    Column,
    Context,
    Experiment,
    Limit,
    last,
    limits,
    worst,
)
from experiments.runner.extremes import lowest
from experiments.runner.logs import Row
from experiments.runner.measure import dtype_of
from experiments.runner.trial import Training, Trial

CLIQUE_NUMBER = 5  # of the karate club; a test counts it
MOTZKIN_STRAUS = 1 - 1 / CLIQUE_NUMBER
LARGEST_GAP = 1e-2  # to the Hungarian optimum, relative; ours
LARGEST_SHORTFALL = 1e-3  # of 0.8; ours
LARGEST_GAIN = 1e-6  # off 1
GRID = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
NETWORK_RATE = 0.003  # of the weights that nothing constrains, for all methods
NEAR_IDENTITY = 0.9  # H_l starts as 0.9 I + 0.1 (a random one); I itself is on the boundary
PIXELS, DIGITS, NODES = 64, 10, 34


@dataclass(frozen=True)
class BirkhoffMHC(TrainingSettings):
    """Cost matrices and their size; layers, streams and width; starts in the simplex."""

    steps: int = 150
    seeds: tuple[int, ...] = (0, 1, 2)
    problems: int = 8
    size: int = 10
    layers: int = 60
    streams: int = 4
    width: int = 16
    starts: int = 8
    every: int = 5


class Task(nn.Module):
    """The unknowns of all three problems and the network's other weights."""

    def __init__(self, settings: BirkhoffMHC, generator: torch.Generator) -> None:
        super().__init__()
        size, n, layers = settings.size, settings.streams, settings.layers
        mixing = manifolds.DoublyStochastic(n).random_point(layers, generator=generator)
        mixing = NEAR_IDENTITY * torch.eye(n) + (1 - NEAR_IDENTITY) * mixing
        starts = 0.1 * torch.randn(settings.starts, NODES, generator=generator)
        self.assignment = Matrix(torch.full((settings.problems, size, size), 1 / size))
        self.mixing = Matrix(mixing)
        self.clique = Matrix(starts.softmax(-1))
        self.network = HyperConnected(PIXELS, settings.width, layers, n, DIGITS)
        self.squares: tuple[nn.Module, ...] = (self.assignment, self.mixing)
        self.vectors: tuple[nn.Module, ...] = (self.clique,)

    def classify(self, pixels: Tensor) -> Tensor:
        """Return the logits."""
        return self.network(pixels, weight_of(self.mixing))


Images = tuple[Tensor, Tensor]  # (count, 64) pixels, (count,) labels


def hungarian(costs: Tensor) -> Tensor:
    """The least cost of an assignment: (*batch, n, n) -> (*batch,), in float64."""
    c = costs.double().cpu().numpy()
    found = [each[linear_sum_assignment(each)].sum() for each in c.reshape(-1, *c.shape[-2:])]
    return torch.tensor(numpy.array(found)).reshape(costs.shape[:-2]).to(costs.device)


def motzkin_straus(x: Tensor) -> Tensor:
    """xᵀA x of the karate club: (*batch, 34) -> (*batch,)."""
    return ((x @ torch.from_numpy(data.load("karate_club")).to(x)) * x).sum(-1)


def trial(settings: BirkhoffMHC, method: Method, context: Context) -> Trial:
    """Return a row every few steps."""
    generator, n = context.generator(), settings.size
    costs = torch.rand(settings.problems, n, n, generator=generator).to(context.device)
    task = drawn(context, lambda: Task(settings, generator))
    if method.attach is not None:
        method.attach(task)
    task, costs = task.to(context.device, context.dtype), costs.to(context.dtype)
    images = data.load("digits")
    train, test = (_tensors(part, context) for part in (images.train, images.test))

    def loss(module: nn.Module, generator: torch.Generator) -> Tensor:
        chosen = torch.randint(len(train[1]), (settings.batch,), generator=generator)
        x, y = (part[chosen.to(context.device)] for part in train)
        return objective(cast(Task, module), method, costs, (x, y))

    return Training(
        task,
        (method.optimizer or torch.optim.Adam)(_groups(task), context.learning_rate),
        loss=loss,
        measure=lambda task: measured(cast(Task, task), method, costs, hungarian(costs), test),
        generator=generator,
        steps=settings.steps,
        every=settings.every,
        after_step=method.after_step,
    )


def objective(task: Task, method: Method, costs: Tensor, batch: Images) -> Tensor:
    """Return the loss of the network, and of the other problems where the method has part in it."""
    x, y = batch
    learned = cross_entropy(task.classify(x), y)
    if not method.constrained:
        return learned
    p, q = weight_of(task.assignment), weight_of(task.clique)
    return learned + (costs * p).sum() - motzkin_straus(q).sum() + penalty(task, method)


def _tensors(part: Labelled, context: Context) -> tuple[Tensor, Tensor]:
    pixels, labels = torch.from_numpy(part.pixels).flatten(1), torch.from_numpy(part.labels)
    return pixels.to(context.device, context.dtype), labels.to(context.device)


def _groups(task: Task) -> list[dict[str, Any]]:
    held = [p for module in constrained(task) for p in module.parameters()]
    return [{"params": held}, {"params": list(task.network.parameters()), "lr": NETWORK_RATE}]


def measured(task: Task, method: Method, costs: Tensor, least: Tensor, test: Images) -> Row:
    """Return everything a row says; NaN where a method has no part in a problem."""
    h, p, q = (weight_of(each) for each in (task.mixing, task.assignment, task.clique))
    off = [violation(h, (-1, -2))]
    gap = value = torch.full((1,), torch.nan, dtype=torch.float64)
    if method.constrained:
        gap = (costs.double() * p.double()).sum((-2, -1)) / least - 1
        value = motzkin_straus(q.double())
        off += [violation(p, (-1, -2)), violation(q, (-1,))]
    gain, logits = gains(h), task.classify(test[0])
    return {
        "loss": cross_entropy(logits, test[1]).item(),
        "gap": gap.abs().max().item(),
        "below": -gap.min().item(),
        "clique": value.max().item(),
        "accuracy": (logits.argmax(-1) == test[1]).double().mean().item(),
        "off_one": (gain - 1).abs().max().item(),
        "gains": gain.amax(-1).tolist(),
        "violation": torch.stack(off).max().item(),
        "roundtrip": None,
    }


def claims(settings: BirkhoffMHC, frame: pandas.DataFrame) -> list[Claim]:
    """Check ours in all three problems over all seeds and steps; then Sinkhorn's assignment."""
    ours = frame[frame.family == Family.OURS]
    found = [_claims(settings, str(name), rows) for name, rows in ours.groupby("method")]
    sinkhorn = frame[frame.method == "sinkhorn-20"].groupby("method")
    return [*itertools.chain(*found), *(_sinkhorn_claim(settings, rows) for _, rows in sinkhorn)]


def of_cost(settings: BirkhoffMHC, dtype: torch.dtype) -> float:
    """What rounding may do to a cost: 2 n δ, δ that of the sums, 2 n >= Σ |dual variables|."""
    return 2 * settings.size * manifolds.tolerance(settings.size, dtype)


def _claims(settings: BirkhoffMHC, name: str, rows: pandas.DataFrame) -> list[Claim]:
    rounding = manifolds.tolerance(max(settings.size, settings.streams, NODES), dtype_of(rows))
    feasible = at_most("violation", worst("violation"), rounding)(rows)
    below = at_most("below", worst("below"), of_cost(settings, dtype_of(rows)))(rows)
    gap = at_most("gap", last("gap"), LARGEST_GAP)(rows)
    gain = at_most("|gain - 1|", worst("off_one"), LARGEST_GAIN)(rows)
    shortfall = MOTZKIN_STRAUS - lowest(last("clique")(rows).values())
    clique = Limit("0.8 - value", shortfall, LARGEST_SHORTFALL)
    return [
        Claim(f"{name}: Hungarian optimum from above", *limits(below, gap, feasible)),
        Claim(f"{name}: gain 1 through {settings.layers} layers", *limits(gain, feasible)),
        Claim(f"{name}: Motzkin-Straus value 0.8", *limits(clique, feasible)),
    ]


def _sinkhorn_claim(settings: BirkhoffMHC, rows: pandas.DataFrame) -> Claim:
    greatest, rounding = -lowest(worst("below")(rows).values()), of_cost(settings, dtype_of(rows))
    below = Limit("lowest gap", greatest, -rounding)
    return Claim("sinkhorn-20: goes below the optimum", *limits(below))


def merit(method: Method, row: Row) -> float:
    """The network's loss, and where there are the other problems their distances to the optimum."""
    others = abs(row["gap"]) + abs(MOTZKIN_STRAUS - row["clique"]) + row["violation"]
    return row["loss"] + (others if method.constrained else 0.0)


EXPERIMENT = Experiment(
    name="birkhoff_mhc",
    summary="assignment, hyper-connections and cliques over doubly stochastic matrices",
    source="Xie et al. 2025 (mHC); Birkhoff 1946; Motzkin & Straus 1965; thresholds ours",
    presets={
        "quick": BirkhoffMHC(),
        "paper": BirkhoffMHC(3000, (0, 1, 2, 3, 4), 128, 30, size=50, width=64),
    },
    methods={method.name: method for method in METHODS},
    trial=trial,
    claims=claims,
    columns=(
        Column("gap", last("gap"), "{:.0e}", spread=True, meaning="to the Hungarian optimum"),
        Column("below", worst("below"), "{:.0e}", meaning="how far below it at the lowest"),
        Column("gain off 1", worst("off_one"), "{:.0e}", meaning="through all layers"),
        Column("clique", last("clique"), "{:.4f}", meaning="Motzkin-Straus value, 0.8 at best"),
        Column("accuracy", last("accuracy"), "{:.3f}", meaning="of the network on digits"),
        VIOLATION,
        STEP_MS,
    ),
    grid=GRID,
    merit=merit,
)
