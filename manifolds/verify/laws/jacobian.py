"""Laws of the derivative's image: it has the dimension of the set, and is tangent to it."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from manifolds.interface import Manifold
from manifolds.verify.flat import from_real_vector, jacobian, real_vector
from manifolds.verify.law import ORDERS, RANKS, Finding, Law, Skipped
from manifolds.verify.limits import SLOPE_SLACK, STEPS, missing_orders
from manifolds.verify.subject import Parameters, Subject, parameters_of, stacked, worst

TANGENT_ORDER = 2
"""x + tv with v tangent leaves the set as t²."""


REGULAR = 1 / 2
"""Half-way between rounding, eps, and one."""
BOUNDARY = 1 / 4
"""A zero that a square root took rounds to eps^(1/2): half-way between that and one."""


def rank(values: Tensor, power: float = REGULAR, largest: Tensor | None = None) -> int:
    """How many exceed eps^power times the largest, of these or, where they may be 0, of others."""
    largest = values[:1] if largest is None else largest
    return int((values > torch.finfo(values.dtype).eps ** power * largest).sum())


def dimension(manifold: Manifold, dtype: torch.dtype) -> int:
    """The real dimension of the set of real or of complex points."""
    return manifold.complex_dim if dtype.is_complex else manifold.dim


@dataclass(frozen=True)
class Places:
    """Parameters to look at, as one batch: whence they came, and the manifold assigned there."""

    names: list[str]
    manifold: Manifold
    parameters: Parameters

    def __iter__(self) -> Iterator[tuple[str, Tensor]]:
        """Each name with J at its parameters."""
        return zip(self.names, jacobian(self.manifold, self.parameters, 1), strict=True)


def places(subject: Subject) -> Places:
    """Freshly assigned points, ties, and a random parameter."""
    random = subject.random("jacobian", batch=())
    named = {"r(random)": random, **subject.ties(), "random parameters": random}
    manifold = subject.make()
    parameters = parameters_of(manifold, stacked(named))
    last = torch.arange(len(named), device=subject.device) == len(named) - 1
    noise = tuple(subject.noise(p, str(i)) for i, p in enumerate(parameters))
    moved = (
        p + g * last.view(-1, *[1] * (p.ndim - 1)) for p, g in zip(parameters, noise, strict=True)
    )
    return Places(list(named), manifold, tuple(moved))


def some_places(subject: Subject) -> list[tuple[str, Manifold, Parameters]]:
    """One at a time: an assigned point, one tie drawn by the label, a random parameter."""
    random, ties = subject.random("jacobian", batch=()), list(subject.ties().items())
    drawn = subject.rng("tie").permutation(len(ties))[:1]
    points = [("r(random)", random), *(ties[i] for i in drawn), ("random parameters", random)]
    found = []
    for name, x in points:
        manifold = subject.make()
        found.append((name, manifold, parameters_of(manifold, x)))
    name, manifold, p = found.pop()
    return [*found, (name, manifold, subject.noisy(p))]


def measure_rank(subject: Subject) -> Iterator[Finding]:
    """Ranks missed or too many; the note has σ_dim / σ_1, how far from singular."""
    wanted = dimension(subject.make(), subject.dtype)
    for name, j in places(subject):
        values = torch.linalg.svdvals(j)
        got = rank(values)
        last = (values[wanted - 1] / values[0]).item() if 0 < wanted <= len(values) else 1.0
        note = f"rank {got} of {wanted}, sigma_dim/sigma_1 {last:.1e}"
        yield Finding(name, abs(got - wanted), 0, note)


def measure_boundary_rank(subject: Subject) -> Iterator[Finding | Skipped]:
    """The stated rank at a boundary; σ_1 is that of a random point, since J may be zero there."""
    boundary = subject.boundary()
    if not boundary:
        yield Skipped("no boundary point has a rank of its own")
        return
    manifold = subject.make()
    points = {name: x for name, (x, _) in boundary.items()}
    p = parameters_of(manifold, stacked({"random": subject.random("boundary", batch=()), **points}))
    regular, *values = torch.linalg.svdvals(jacobian(manifold, p, 1)).unbind()
    for (name, (_, wanted)), found in zip(boundary.items(), values, strict=True):
        got = rank(found, BOUNDARY, regular[:1])
        yield Finding(name, abs(got - wanted), 0, f"rank {got} of {wanted}")


def measure_tangency(subject: Subject) -> Iterator[Finding | Skipped]:
    """The slope of violation(x + t J v) in t is 2, or the violation is rounding throughout."""
    found = places(subject)
    x = found.manifold(*found.parameters).detach()
    v = subject.noise(real_vector(tuple(p[0] for p in found.parameters)), "tangent")
    if dimension(found.manifold, subject.dtype) == real_vector((x[0],)).numel():
        yield Skipped("in an open subset of the whole space every direction is tangent")
        return
    for i, (name, j) in enumerate(found):
        u = from_real_vector(j @ v, (x[i],))[0]
        size = (worst(u.abs()) / worst(x[i].abs())) if worst(x[i].abs()) > 0 else 1.0
        u = u / size if size > 0 else u
        errors = torch.stack([found.manifold.violation(x[i] + t * u) for t in STEPS])
        steps = torch.tensor(STEPS, dtype=errors.dtype, device=errors.device)
        missing, slope = missing_orders(steps, errors, 1.0, TANGENT_ORDER)
        yield Finding(name, missing, SLOPE_SLACK, f"slope {slope:.2f}")


LAWS = (
    Law(
        "jacobian_rank",
        "the Jacobian has rank dim, at ties too",
        measure_rank,
        unit=RANKS,
        double_only=True,
        takes_batch=False,
    ),
    Law(
        "boundary_rank",
        "on the boundary of a closed set the rank is the stated one",
        measure_boundary_rank,
        unit=RANKS,
        double_only=True,
        takes_batch=False,
        needs_source=True,
    ),
    Law(
        "tangency",
        "the range of the Jacobian is tangent to the manifold",
        measure_tangency,
        unit=ORDERS,
        double_only=True,
        takes_batch=False,
    ),
)
