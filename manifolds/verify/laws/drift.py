"""A law of long runs: base points that move ten thousand times stay on the set."""

from collections.abc import Iterator

import torch

from manifolds.verify.fleet import Fleet, Optimizers
from manifolds.verify.law import Finding, Law, Reach, Skipped
from manifolds.verify.subject import Subject, worst

STEPS = 10_000
SHORT_STEPS = 500
"""Fifty moves of the base: one eps a move is seen, what adds up at random is not."""
EVERY = 10
"""Steps from one rebasing to the next."""
LOOK = 50
"""Steps from one measured violation to the next."""
LEG = 5
"""Looks on the way to one target, enough to reach it. Where the target changes before, the least
singular value of a general linear matrix, which moves least, is left further behind in each round:
after 2,000 steps in legs of 50 the condition was 78 by SGD and 2e6 by Adam (complex 4×4), in legs
of 200 it was below 15 after 10,000."""
TARGETS = 2
"""In turn; near each other, so that both lie in the component of the start."""
LEARNING_RATE = 0.02
"""Of optimizers whose steps have a given size; tests of `Rebase` train with it too."""

OPTIMIZERS: Optimizers = {
    "SGD": lambda p: torch.optim.SGD(p, lr=LEARNING_RATE, momentum=0.9),
    "Adam": lambda p: torch.optim.Adam(p, lr=LEARNING_RATE),
    "AdamW": lambda p: torch.optim.AdamW(p, lr=LEARNING_RATE),
}
MUON: Optimizers = {"Muon": lambda p: torch.optim.Muon(p, lr=LEARNING_RATE)}


def muon_is_missing(fleet: Fleet) -> str | None:
    """Why Muon, which orthogonalizes real matrices, has no step to take; None where it has."""
    if not hasattr(torch.optim, "Muon"):
        return "Muon comes with torch 2.9"
    if any(p.ndim != 2 or p.is_complex() for p in fleet.leaves[0]):
        return "Muon steps real matrices, and a parameter here is none"
    return None


def measure_drift(subject: Subject) -> Iterator[Finding | Skipped]:
    """The worst violation at any look; the base moves where the manifold has one.

    A base point that is off by its tolerance fails the law where it is assigned: that warns.
    """
    path = subject.path(TARGETS)
    fleet = Fleet(subject.make(), path[0], OPTIMIZERS)
    reason = muon_is_missing(fleet)
    if reason is None:
        fleet = Fleet(subject.make(), path[0], OPTIMIZERS | MUON)
    else:
        yield Skipped(reason)
    steps, limit = STEPS if subject.thorough else SHORT_STEPS, subject.limit(fleet.manifold)
    found: dict[str, list[float]] = {name: [] for name in fleet.names}
    for look in range(steps // LOOK):
        run(fleet, path[(look // LEG + 1) % TARGETS])
        for name, violation in fleet.violations().items():
            found[name].append(violation)
    for name, violations in found.items():
        error = worst(torch.tensor(violations)) / subject.eps
        yield Finding(f"{name}, {steps} steps", error, limit)


def run(fleet: Fleet, target: torch.Tensor) -> None:
    """From one look to the next."""
    for done in range(1, LOOK + 1):
        fleet.step(target)
        if fleet.manifold.has_base and done % EVERY == 0:
            fleet.rebase()


LAWS = (
    Law(
        "drift",
        "10,000 steps of SGD, Adam, AdamW and Muon, rebased every 10, stay on the manifold",
        measure_drift,
        single_only=True,
        reach=Reach.ENTRY,
        costly=True,
        takes_batch=False,
        shortened=f"takes {SHORT_STEPS} of {STEPS:,} steps except at the first options with --all",
    ),
)
