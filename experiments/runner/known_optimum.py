"""Minimization of one f over one manifold, the optimum being known: what such problems share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from torch import Tensor

import manifolds
from experiments.methods.method import Loss, Method
from experiments.runner.columns import OF_OPTIMUM
from experiments.runner.experiment import Context, Experiment, Settings
from experiments.runner.logs import Row
from experiments.runner.measure import gap_and_violation, roundtrip
from experiments.runner.trial import Optimization


@dataclass(frozen=True)
class Problem:
    """f, what its gap is, where everyone begins, and the set."""

    loss: Loss
    gap: Loss
    start: Tensor
    manifold: manifolds.Manifold


def optimization(
    task: Problem, settings: Settings, method: Method, context: Context
) -> Optimization:
    """Return one row per iterate of the method, with a round trip of the first and the last."""

    def measure(step: int, x: Tensor) -> Row:
        return {
            "loss": task.loss(x).item(),
            "gap": task.gap(x).item(),
            "violation": task.manifold.violation(x).item(),
            "roundtrip": roundtrip(method, x) if step in (0, settings.steps) else None,
        }

    iterates = method.iterates(task.start, task.loss, context.learning_rate)
    return Optimization(iterates, measure, context.device)


# The table, what `tune` keeps, and the precision of such an experiment, where it names none.
of_known_optimum = partial(Experiment, columns=OF_OPTIMUM, merit=gap_and_violation, dtype="float64")
