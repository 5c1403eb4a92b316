"""Laws of the derivative's image: it has the dimension of the set, and is tangent to it."""

from collections.abc import Iterator

import torch
from torch import Tensor

from manifolds.interface import Manifold
from manifolds.verify.flat import from_real_vector, jacobian, real_vector
from manifolds.verify.law import ORDERS, RANKS, Finding, Law
from manifolds.verify.limits import SLOPE_SLACK, STEPS, missing_orders
from manifolds.verify.subject import Parameters, Subject, parameters_of, worst

TANGENT_ORDER = 2
"""x + tv with v tangent leaves the set as t²."""


def singular_values(manifold: Manifold, parameters: Parameters) -> Tensor:
    """Those of the Jacobian at unbatched parameters, descending, largest first."""
    return torch.linalg.svdvals(jacobian(manifold, parameters))


REGULAR = 1 / 2
"""Half-way between rounding, eps, and one."""
BOUNDARY = 1 / 4
"""A zero that a square root took rounds to eps^(1/2): half-way between that and one."""


def rank(values: Tensor, power: float = REGULAR) -> int:
    """How many exceed eps^power times the largest."""
    if not values.numel():
        return 0
    return int((values > torch.finfo(values.dtype).eps ** power * values[0]).sum())


def dimension(manifold: Manifold, dtype: torch.dtype) -> int:
    """The real dimension of the set of real or of complex points."""
    return manifold.complex_dim if dtype.is_complex else manifold.dim


def places(subject: Subject) -> Iterator[tuple[str, Manifold, Parameters]]:
    """Freshly assigned points, ties, and a random parameter, unbatched."""
    random = subject.random("jacobian", batch=())
    for name, x in {"r(random)": random, **subject.ties()}.items():
        manifold = subject.make()
        yield name, manifold, parameters_of(manifold, x)
    manifold = subject.make()
    yield "random parameters", manifold, subject.noisy(parameters_of(manifold, random))


def some_places(subject: Subject) -> list[tuple[str, Manifold, Parameters]]:
    """A freshly assigned point, one tie drawn by the subject's label, the random parameter."""
    first, *ties, last = places(subject)
    drawn = subject.rng("tie").permutation(len(ties))[:1]
    return [first, *(ties[i] for i in drawn), last]


def measure_rank(subject: Subject) -> Iterator[Finding]:
    """Ranks missed or too many; the note has σ_dim / σ_1, how far from singular."""
    for name, manifold, p in places(subject):
        values = singular_values(manifold, p)
        wanted = dimension(manifold, subject.dtype)
        got = rank(values)
        last = (values[wanted - 1] / values[0]).item() if 0 < wanted <= len(values) else 1.0
        note = f"rank {got} of {wanted}, sigma_dim/sigma_1 {last:.1e}"
        yield Finding(name, abs(got - wanted), 0, note)


def measure_boundary_rank(subject: Subject) -> Iterator[Finding]:
    """The stated rank where a closed set has a boundary."""
    for name, (x, wanted) in subject.boundary().items():
        manifold = subject.make()
        got = rank(singular_values(manifold, parameters_of(manifold, x)), BOUNDARY)
        yield Finding(name, abs(got - wanted), 0, f"rank {got} of {wanted}")


def measure_tangency(subject: Subject) -> Iterator[Finding]:
    """The slope of violation(x + t J v) in t is 2, or the violation is rounding throughout.

    In an open subset of the whole space every direction is tangent: nothing to measure.
    """
    for name, manifold, p in some_places(subject):
        x = manifold(*p)
        if dimension(manifold, subject.dtype) == len(real_vector((x,))):
            return
        v = subject.noise(real_vector(p), "tangent")
        u = from_real_vector(jacobian(manifold, p) @ v, (x,))[0]
        size = (worst(u.abs()) / worst(x.abs())) if worst(x.abs()) > 0 else 1.0
        u = u / size if size > 0 else u
        errors = torch.stack([manifold.violation(x + t * u) for t in STEPS])
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
