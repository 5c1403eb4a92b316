"""A law of precision: what a process allows its products does not touch the constraint."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from manifolds.operators.exact import SETTINGS
from manifolds.verify.law import Finding, Law
from manifolds.verify.operators import ReducedUnits
from manifolds.verify.subject import Subject, parameters_of, relative_error, worst

LEAST = {"cuda": "tf32", "cpu": "bf16"}
"""The least precision that torch can allow float32 products on a backend."""


@contextmanager
def reduced_products(device: torch.device) -> Iterator[None]:
    """Within, the process allows float32 products of the least precision on this device."""
    setting = SETTINGS[device.type]
    before = setting.read()
    setting.write(LEAST[device.type])
    try:
        yield
    finally:
        setting.write(before)


def units(device: torch.device) -> AbstractContextManager[object]:
    """What makes use of the permission: a GPU does, a CPU is made to."""
    return nullcontext() if device.type == "cuda" else ReducedUnits()


def measure_exact_products(subject: Subject) -> Iterator[Finding]:
    """Round trip and membership with reduced products allowed, judged with exact ones."""
    manifold, x = subject.make(), subject.random("reduced products")
    limit = subject.limit(manifold)
    with reduced_products(subject.device), units(subject.device):
        p = parameters_of(manifold, x)
        again, moved = manifold(*p), manifold(*subject.noisy(p))
    error = worst(relative_error(again, x, len(subject.size)))
    yield Finding("round trip", error / subject.eps, limit)
    yield Finding("random parameters", worst(manifold.violation(moved)) / subject.eps, limit)


LAWS = (
    Law(
        "exact_products",
        "TF32 allowed to the process changes neither f(r(x)) = x nor membership",
        measure_exact_products,
        single_only=True,
    ),
)
