"""Networks some of whose layers a method constrains: their start and their training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from experiments.methods.layers import Constrained
from experiments.runner.experiment import Context, Settings
from experiments.runner.logs import Row
from experiments.runner.trial import BatchLoss, Training

AnyModule = TypeVar("AnyModule", bound=nn.Module)


@dataclass(frozen=True)
class TrainingSettings(Settings):
    """Examples per step, and how often a row is logged."""

    batch: int = 32
    every: int = 10


def drawn(context: Context, make: Callable[[], AnyModule]) -> AnyModule:
    """Make a network with torch's default start, drawn with the run's seed."""
    with torch.random.fork_rng():  # nn.Linear draws from the global generator and takes no other
        torch.manual_seed(context.seed)
        return make()


def training(
    settings: TrainingSettings,
    context: Context,
    network: nn.Module,
    constrained: Constrained,
    *,
    optimizer: torch.optim.Optimizer,
    loss: BatchLoss,
    measure: Callable[[nn.Module], Row],
) -> Training:
    """Train with the method's penalty and what it does after a step."""

    def penalized(network: nn.Module, generator: torch.Generator) -> Tensor:
        return loss(network, generator) + constrained.penalty()

    return Training(
        network,
        optimizer,
        loss=penalized,
        measure=measure,
        generator=context.generator(),
        steps=settings.steps,
        every=settings.every,
        after_step=constrained.after_step,
    )
