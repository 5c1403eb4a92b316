"""Laws of derivatives: they are those of the map, in every mode, to the second order."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from torch.func import jacfwd, jacrev, jvp, vmap

from manifolds.interface import Manifold
from manifolds.verify.flat import flat_map, real_vector
from manifolds.verify.law import FAILURES, ORDERS, Finding, Law, Skipped, failure
from manifolds.verify.laws.jacobian import places, some_places
from manifolds.verify.limits import SLOPE_SLACK, STEPS, missing_orders
from manifolds.verify.subject import (
    Parameters,
    Subject,
    parameters_of,
    relative_error,
    worst,
    zeros,
)

SAMPLES = 3
"""Parameters mapped at once by vmap."""


def check_gradients(manifold: Manifold, parameters: Parameters) -> str | None:
    """What torch's comparison with finite differences says against first and second order."""
    inputs = tuple(p.detach().clone().requires_grad_() for p in parameters)
    try:
        gradcheck(manifold, inputs, check_forward_ad=True, fast_mode=True)
        gradgradcheck(manifold, inputs, fast_mode=True)
    except GradcheckError as error:
        return " ".join(str(error).split())
    return None


def finite_gradients(manifold: Manifold, parameters: Parameters) -> Tensor:
    """Whether first and second derivatives of ‖f(p)‖² along itself are finite; -> (batch,)."""
    inputs = tuple(p.detach().clone().requires_grad_() for p in parameters)
    value = manifold(*inputs).abs().square().sum()
    first = torch.autograd.grad(value, inputs, create_graph=True)
    total = torch.stack([(g * torch.ones_like(g).conj()).real.sum() for g in first]).sum()
    second = torch.autograd.grad(total, inputs, materialize_grads=True)
    found = real_vector((*first, *second), 1).detach()
    return found.isfinite().all(-1)


def forward_against_reverse(function: Callable[[Tensor], Tensor], p: Tensor) -> Tensor:
    """The Jacobian by forward and by reverse mode, relative to its largest entry; -> ()."""
    return relative_error(jacfwd(function)(p), jacrev(function)(p), 2)


def mapped_against_batched(manifold: Manifold, parameters: Parameters) -> Tensor:
    """vmap(f) and f on a batch of parameters; -> (samples,)."""
    x = manifold(*parameters)
    return relative_error(vmap(manifold)(*parameters), x, len(manifold.size))


def measure_gradients(subject: Subject) -> Iterator[Finding]:
    """Finite differences, and NaN nowhere, at all places at once; at zero, where charts end."""
    found = places(subject)
    finite = finite_gradients(found.manifold, found.parameters)
    at_zero = finite_gradients(found.manifold, zeros(found.parameters))
    for name, *good in zip(found.names, finite.tolist(), at_zero.tolist(), strict=True):
        for where, ok in zip((name, f"zero after {name}"), good, strict=True):
            yield failure(f"finite at {where}", None if ok else "a derivative is not finite")
    yield failure("finite differences", check_gradients(found.manifold, found.parameters))


def measure_modes(subject: Subject) -> Iterator[Finding]:
    """Forward mode, reverse mode and vmap are one function."""
    for name, manifold, p in some_places(subject):
        limit, flat = subject.limit(manifold), real_vector(p)
        if flat.numel():  # jacfwd fails on a map without parameters (torch 2.13)
            error = forward_against_reverse(flat_map(manifold, p), flat)
            yield Finding(f"forward and reverse at {name}", worst(error) / subject.eps, limit)
    several = tuple(q.expand(SAMPLES, *q.shape) for q in p)
    error = mapped_against_batched(manifold, subject.noisy(several))
    yield Finding("vmap and batch", worst(error) / subject.eps, limit)


def taylor_terms(
    function: Callable[[Tensor], Tensor], p: Tensor, v: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """f(p) and the first and second derivative of f(p + tv) at t = 0.

    The second derivative is reverse over forward: torch 2.13 returns 0 for forward over forward
    through a custom Function (pytorch#197867) that does not see to it, as `differentiable` does.
    """

    def velocity(t: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        x, first = jvp(function, (p + t * v,), (v,))[:2]
        return first, (x, first)

    second, (x, first) = jacrev(velocity, has_aux=True)(p.new_zeros(()))
    return x, first, second


def measure_taylor(subject: Subject) -> Iterator[Finding]:
    """Slope 2 with the first derivative, slope 3 with the second."""
    for name, manifold, p in some_places(subject):
        flat = real_vector(p)
        v = subject.noise(flat, "direction")
        v = v / torch.linalg.vector_norm(v).clamp_min(1)
        x, first, second = taylor_terms(flat_map(manifold, p), flat, v)
        steps = torch.tensor(STEPS, dtype=x.dtype, device=x.device)
        t = steps.unsqueeze(-1)
        several = tuple(q.expand(len(t), *q.shape) for q in p)
        left = flat_map(manifold, several, 1)(flat + t * v) - x - t * first
        scale = max(1.0, torch.linalg.vector_norm(x).item())
        for order, remainder in ((1, left), (2, left - t * t / 2 * second)):
            errors = torch.linalg.vector_norm(remainder, dim=-1)
            missing, slope = missing_orders(steps, errors, scale, order + 1)
            yield Finding(f"order {order} at {name}", missing, SLOPE_SLACK, f"slope {slope:.2f}")


def measure_retraction(subject: Subject) -> Iterator[Finding | Skipped]:
    """‖f(p + tv) - γ(t)‖ falls with the claimed order plus one."""
    if subject.claim is None:
        yield Skipped("the map claims to follow no geodesic")
        return
    manifold = subject.make()
    p = parameters_of(manifold, subject.random("retraction", batch=()))
    v = tuple(subject.noise(q, "direction") for q in p)
    x, u = jvp(manifold, p, v)[:2]
    errors = []
    for t in STEPS:
        y = manifold(*(q + t * w for q, w in zip(p, v, strict=True)))
        errors.append((y - subject.claim.geodesic(manifold, x, t * u)).abs().max())
    steps = torch.tensor(STEPS, dtype=torch.float64, device=x.device)
    wanted = subject.claim.order + 1
    missing, slope = missing_orders(steps, torch.stack(errors), 1.0, wanted)
    yield Finding(
        f"claimed order {subject.claim.order}", missing, SLOPE_SLACK, f"slope {slope:.2f}"
    )


LAWS = (
    Law(
        "gradients",
        "derivatives agree with finite differences, and are finite at ties and at zero",
        measure_gradients,
        unit=FAILURES,
        double_only=True,
        takes_batch=False,
    ),
    Law(
        "modes",
        "forward mode, reverse mode and vmap agree",
        measure_modes,
        double_only=True,
        takes_batch=False,
    ),
    Law(
        "taylor",
        "Taylor remainders fall with slopes 2 and 3",
        measure_taylor,
        unit=ORDERS,
        double_only=True,
        takes_batch=False,
    ),
    Law(
        "retraction",
        "straight lines of parameters follow geodesics to the claimed order",
        measure_retraction,
        unit=ORDERS,
        double_only=True,
        takes_batch=False,
        needs_source=True,
    ),
)
